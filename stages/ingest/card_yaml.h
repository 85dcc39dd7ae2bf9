/* SPDX-License-Identifier: Apache-2.0 */
/*
 * card_yaml.h - the value of one key at the top of a YAML text that is not trusted.
 *
 * All other keys are parsed and forgotten, so that memory depends on the value alone. An alias
 * is a second reference to its node, never a copy; a node never contains itself.
 */
#ifndef CURATE_CARD_YAML_H
#define CURATE_CARD_YAML_H

#include <stddef.h>

#include "base/slice.h"

struct arena;
struct error;

enum card_kind { CARD_TEXT, CARD_LIST, CARD_MAPPING };

struct card_link {
    const struct card_node *node;
    const struct card_link *next;
};

struct card_node {
    enum card_kind kind;
    size_t line;                   /* in the file, from 1 */
    const char *text;              /* of CARD_TEXT; has no NUL inside */
    const struct card_link *items; /* of a list; of a mapping key, value, key, value ... */
};

/* Find the value of a key in a text that has n_before lines of its file before it. *out is NULL
 * if the text has no such key; the nodes are in the arena. Returns 0, or -1 with err set:
 * ERR_INPUT with the line, ERR_NOMEM. */
int card_yaml_find(struct slice yaml, size_t n_before, const char *key, struct arena *arena,
                   const struct card_node **out, struct error *err);
/* The value of a key of a mapping, the first if there are several; NULL if it has none. */
const struct card_node *card_node_member(const struct card_node *mapping, const char *key);
/* Set err to ERR_INPUT at the line of the node. Returns -1. */
int card_node_error(const struct card_node *node, const char *what, struct error *err);

#endif
