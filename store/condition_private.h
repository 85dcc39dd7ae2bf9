/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition_private.h - statements over the samples that meet a user's condition.
 */
#ifndef CURATE_CONDITION_PRIVATE_H
#define CURATE_CONDITION_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct id_list;
struct stmt;
struct store;

/*
 * Prepare BEFORE (SELECT sample_id FROM v_sample WHERE (condition)) AFTER for reading only. The
 * condition, NULL for all samples, is one expression: it cannot end the parentheses around it.
 */
int condition_open(struct store *store, const char *before, const char *condition,
                   const char *after, struct stmt **out, struct error *err);

/* *cap is how many ids there is room for; 0 with an empty list. */
int id_list_add(struct id_list *list, size_t *cap, int64_t id, struct error *err);

#endif
