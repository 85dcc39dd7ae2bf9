/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups.h - the groups of samples that a split must not separate.
 */
#ifndef CURATE_SPLIT_GROUPS_H
#define CURATE_SPLIT_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "scoring/selection/split.h"
#include "store/dedup.h"

struct error;
struct regex;
struct stage_context;

/* What makes two samples belong together, beside a common context. */
struct grouping_rule {
    const char *condition;            /* samples of the split; NULL: all */
    const struct text_list *groups;   /* "file", or SQL expressions */
    const char *ext_id_pattern;       /* NULL: none */
    const struct regex *ext_id_regex; /* compiled from it */
    const struct text_list *dedup;    /* sets of duplicates */
    const char *seed;
};

struct grouping {
    struct dedup_samples samples;
    uint32_t *group_of; /* by number: index of the group; SPLIT_NONE: not in the split */
    struct split_group *groups; /* in the order of their first samples; weight: n */
    size_t n_groups;
    size_t n_members; /* samples of the split */
};

/*
 * Make the groups: the connected components of the samples that meet the condition, where two
 * samples are connected by an equal key. Counts of samples without a key are reported. Takes
 * about 100 bytes a sample, 8 for each key of it, and a copy of the matches of ext_ids. Returns
 * 0, or -1 with err set: ERR_USAGE for a mistake in an expression, ERR_NOT_FOUND for a set that
 * does not exist, ERR_INPUT if no sample meets the condition, ERR_CANCELLED.
 */
int grouping_make(const struct stage_context *context, const struct grouping_rule *rule,
                  struct grouping *out, struct error *err);
void grouping_release(struct grouping *grouping);

/* Set the weight of each group to the sum of a fact over its samples. Samples without the fact
 * count 0, and are reported. ERR_NOT_FOUND if the fact was not measured. */
int grouping_weigh(const struct stage_context *context, const char *fact,
                   struct grouping *grouping, struct error *err);
/* Set the stratum of each group to the value of an expression for its first sample. */
int grouping_stratify(const struct stage_context *context, const char *expression,
                      struct grouping *grouping, struct error *err);

/* ERR_CANCELLED if the user asks to stop. */
int grouping_check_stop(const struct stage_context *context, struct error *err);

#endif
