/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exclusions.h - the options --dedup and --clean: which samples a selection leaves out.
 */
#ifndef CURATE_EXCLUSIONS_H
#define CURATE_EXCLUSIONS_H

#include <stdbool.h>

#include "base/option.h"

struct arena;
struct error;
struct exclusion_list;
struct id_list;
struct report;
struct store;

struct exclusion_args {
    struct text_list dedup; /* SET[@leader|@component] */
    bool clean;
    struct text_list evaluations; /* of clean; none: all */
};

/* Check the arguments without a database. Returns 0, or -1 with ERR_USAGE. */
int exclusions_check(const struct exclusion_args *args, struct error *err);
/* Find sets and evaluations. *out is in the arena; NULL if the arguments exclude nothing.
 * Returns 0, or -1 with err set. */
int exclusions_find(const struct exclusion_args *args, struct store *store, struct arena *arena,
                    struct exclusion_list **out, struct error *err);
/* As selection_spec.exclude: evaluations first, then sets of duplicates in their order. */
int exclusions_apply(struct store *store, struct exclusion_list *list,
                     const struct id_list *candidates, struct error *err);
/* Report what each exclusion left out, and what it does not know. */
void exclusions_note(const struct exclusion_list *list, struct report *report);

#endif
