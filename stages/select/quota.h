/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.h - the options --quota and --mix: shares of groups of samples.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_SELECT_QUOTA_H
#define CURATE_SELECT_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "scoring/selection/quota.h"

struct arena;
struct error;
struct making;

enum { QUOTA_LEVELS = 2, QUOTA_BUCKETS_MAX = 64 };

struct quota_args {
    struct text_list quotas; /* [NAME[/NAME]:] GROUP=AMOUNT, ... */
    const char *by;          /* SQL */
    const char *buckets;     /* N[K|M|G],... of the length */
    const char *mix;         /* FILE or the name of a preset */
    bool fill;
};

enum quota_kind {
    QUOTA_BY_SHARE, /* a=30% */
    QUOTA_BY_COUNT, /* a=100 */
    QUOTA_OPEN,     /* a=10..20, a=10.., a=..20 */
};

/* What one group is to have. */
struct quota_entry {
    const char *name; /* NULL: the samples of no other group */
    enum quota_kind kind;
    double share; /* of 1 */
    uint64_t min;
    uint64_t max;
    uint32_t parent; /* an earlier entry, or QUOTA_NO_PARENT */
};

struct quota_spec {
    const char *option; /* "quota" or "mix" */
    const char *by[QUOTA_LEVELS];
    size_t n_levels; /* 0: no quota */
    const struct quota_entry *entries;
    size_t n;
    uint64_t buckets[QUOTA_BUCKETS_MAX]; /* ascending, of length */
    size_t n_buckets;
    bool fill;              /* accept groups that have too little */
    uint64_t sum_of_counts; /* of the first level, if all are counts; 0 otherwise */
};

/* Check and parse the arguments without a database. Texts are in the arena. Returns 0, or -1:
 * ERR_USAGE, and errors of the file of --mix. */
int quota_check(const struct quota_args *args, struct arena *arena, struct quota_spec *spec,
                struct error *err);
/* Parse one quota. The arena holds the entries. */
int quota_parse(const char *text, bool has_name, struct arena *arena, struct quota_spec *spec,
                struct error *err);
/* Read the entries of --mix. */
int quota_read_mix(const char *mix, struct arena *arena, struct quota_spec *spec,
                   struct error *err);

/* The groups of a selection: a group for each entry. */
struct quota_values {
    struct quota_group *groups;
    size_t n;
    uint32_t *group; /* of each candidate: its group that has no children, or n */
    uint64_t *totals;
    uint64_t *n_pool; /* samples of each group */
    uint64_t *n_picked;
};
/* Find the group of each candidate, count the samples of `order`, and allocate `total` units.
 * Samples of no group leave the order. ERR_INPUT, after the table was reported, if the pool has
 * too little. */
int quota_apply(struct making *making, uint64_t total, uint32_t *order, size_t *n,
                struct error *err);
/* Count what the picks have of each group, report the table, and add it to the description. */
int quota_count(struct making *making, struct error *err);
void quota_values_release(struct quota_values *values);

#endif
