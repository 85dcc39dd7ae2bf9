/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - how the values of a fact or metric are distributed over the samples, for each
 * group of samples.
 *
 * SQLite sorts the values, on the disk where they are many; one pass over them gives the curve
 * of each group. Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_PROFILE_H
#define CURATE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "store/profile_curve.h"

struct arena;
struct error;
struct store;
struct text_list;

enum { PROFILE_BY_MAX = 4 };

/* A fact of samples that is a number, or a metric. */
struct profile_fact {
    const char *name;
    const char *unit;
    int64_t score_set_id;      /* of a metric; 0: a fact */
    int64_t cohort_id;         /* of a metric whose values a cohort has; 0: another */
    const char *cohort_column; /* "hmp", "cas" or "gateau" */
};

/* List the numeric facts of the database in the order of their columns. Names are in the arena;
 * free the list with option_list_free(). */
int profile_list_facts(struct store *store, struct arena *arena, struct text_list *out,
                       struct error *err);
/* Append the names of the metrics that have scores, in their order: NAME, and NAME@MODEL for
 * each model. As above. */
int profile_list_metrics(struct store *store, struct arena *arena, struct text_list *out,
                         struct error *err);
/* Find a fact, or the scores of a metric; model as in score_set_find(). Texts are in the arena.
 * ERR_NOT_FOUND, ERR_USAGE for a fact that is text. */
int profile_find(struct store *store, const char *name, const char *model, struct arena *arena,
                 struct profile_fact *out, struct error *err);
/* Find the column of a fact of samples. Returns 1 and whether it is text, 0 or -1. */
int profile_find_column(struct store *store, const char *name, bool *is_text,
                        struct error *err);
/* As profile_find(), of a metric only. */
int profile_find_metric(struct store *store, const char *name, const char *model,
                        struct arena *arena, struct profile_fact *out, struct error *err);
/* Describe the metric of a score set. Texts are in the arena. */
int profile_of_set(struct store *store, const char *name, int64_t score_set_id,
                   struct arena *arena, struct profile_fact *out, struct error *err);
/* What samples are weighed by: "tokens", or "words" if no tokens were measured, or NULL. */
int profile_weight(struct store *store, const char **out, struct error *err);

struct profile_spec {
    const char *condition; /* NULL: all samples */
    /* What makes a group: "source", "length", or a fact. */
    const char *by[PROFILE_BY_MAX];
    size_t n_by;
    const char *weight; /* of profile_weight() */
};
struct profile_group {
    struct slice
        by[PROFILE_BY_MAX]; /* as text; ptr NULL: missing. Valid until the next group */
    struct curve_count all; /* the samples of the group */
    uint64_t n_missing;     /* of them, those without a value */
};

/* The groups of one fact, in their order. The database is read as it was when it was opened. */
struct profile;
int profile_open(struct store *store, const struct profile_spec *spec,
                 const struct profile_fact *fact, struct profile **out, struct error *err);
/* Read the next group and fill the points of the curve. Returns 1, 0 at the end, or -1. */
int profile_next(struct profile *profile, struct curve *curve, struct profile_group *out,
                 struct error *err);
void profile_close(struct profile *profile);

#endif
