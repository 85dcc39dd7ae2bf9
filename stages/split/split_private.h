/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split_private.h - the state of a run of `split`: split.c makes the split, outcome.c reports
 * it.
 */
#ifndef CURATE_SPLIT_PRIVATE_H
#define CURATE_SPLIT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/option.h"
#include "scoring/selection/split.h"
#include "stages/split/groups.h"
#include "stages/split/parts.h"
#include "store/split.h"

struct regex;
struct stage_context;
struct stage_result;

struct split_args {
    const char *name;
    const char *by;
    struct text_list group;
    const char *group_ext_id;
    struct text_list dedup;
    const char *seed;
    int exact; /* index in split_exact_names, or OPTION_NO_CHOICE */
    const char *stratify;
    struct text_list where;
};

/* What --exact counts: samples, or a fact of this name. */
enum { SPLIT_EXACT_SAMPLES };
extern const char *const split_exact_names[]; /* ends with NULL */

struct split_config {
    struct arena arena; /* holds the parts */
    struct split_part *parts;
    double shares[SPLIT_PARTS_MAX];
    size_t n_parts;
    char *condition; /* NULL: all samples */
    struct regex *regex;
    bool no_dedup; /* --dedup none */
};

/* The state of a run. */
struct splitting {
    const struct stage_context *context;
    const struct split_args *args;
    const struct split_config *config;
    struct arena arena;
    struct text_list dedup; /* names of the sets that are used */
    struct buf params;
    int64_t split_id; /* 0: it does not exist */
    struct grouping grouping;
    struct split_row *old; /* rows of an earlier run */
    size_t n_old;
    struct split_old *old_of; /* by number of the sample */
    struct split_row *rows;
    size_t n_rows;
    struct split_kept kept;
    struct split_change change;
};

/* Print the parts, what moved and big groups; add the facts of the closing line. Sorts the
 * groups. */
void split_report(struct splitting *splitting, struct stage_result *result);

#endif
