/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ordering.h - the options that say what samples are put in the order of.
 */
#ifndef CURATE_ORDERING_H
#define CURATE_ORDERING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

struct arena;
struct cohort_row;
struct error;
struct selection_spec;
struct stage_context;

enum ordering_direction { ORDERING_ASCENDING, ORDERING_DESCENDING };
extern const char *const ordering_direction_names[];

struct ordering_args {
    const char *by;
    int order; /* enum ordering_direction, or OPTION_NO_CHOICE */
    const char *model;
    const char *cohort;
    bool random;
    int64_t seed;
    bool all;
    struct text_list targets;
    int target_method; /* enum target_method */
};

/* Check the arguments without a database. Returns 0, or -1 with ERR_USAGE. */
int ordering_check(const struct ordering_args *args, struct error *err);
/* Find the scores or the fact, and fill the part of the specification that says so. Returns 1
 * and the cohort of the scores, with texts in the arena; 0 if they have none; -1 with err set.
 */
int ordering_find(const struct stage_context *context, const struct ordering_args *args,
                  struct arena *arena, struct cohort_row *cohort, struct selection_spec *spec,
                  struct error *err);

#endif
