/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recipe_fault.h - turn what libcyaml reports about a recipe into an error about its keys.
 *
 * libcyaml logs the reason first, then the place, from the inside out: a mapping field, a
 * sequence entry, and so on, each with its line.
 */
#ifndef CURATE_RECIPE_FAULT_H
#define CURATE_RECIPE_FAULT_H

#include <stdbool.h>

#include "base/slice.h"

struct error;

enum { FAULT_KEY_BYTES = 64 };

/* Begin with zero bytes. */
struct recipe_fault {
    char reason[200];
    unsigned line;               /* 0: not known */
    unsigned n_fields;           /* mapping fields named so far */
    char key[FAULT_KEY_BYTES];   /* the innermost field */
    char outer[FAULT_KEY_BYTES]; /* the one around it */
    unsigned step;               /* the outermost sequence entry, from 1; 0: outside of steps */
};

/* Add a line of libcyaml's log. */
void recipe_fault_note(struct recipe_fault *fault, const char *logged);
/* ERR_CONFIG with line, step, stage and key, as far as they are known. text is the recipe.
 * Returns -1. */
int recipe_fault_raise(const struct recipe_fault *fault, struct slice text, struct error *err);

/* Is a list given for a single value? */
bool recipe_fault_is_list(const struct recipe_fault *fault);

#endif
