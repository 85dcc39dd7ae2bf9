/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - policies: conditions over facts and metrics that a person wrote down and approved,
 * and the funnel of a selection that was made with one.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_POLICY_H
#define CURATE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct error;
struct store;

enum { POLICY_CONDITIONS_MAX = 100 };

enum policy_kind { POLICY_FACT, POLICY_METRIC, POLICY_SQL };

struct policy_texts {
    const char **items;
    size_t n;
};

struct policy_condition {
    enum policy_kind kind;
    size_t line;                /* in the policy file */
    const char *name;           /* of the fact or metric; of POLICY_SQL the condition */
    const char *model;          /* of a metric; NULL: the only one that has it */
    const char *score_set;      /* likewise: first digits of the hash of its parameters */
    double min;                 /* NAN: none */
    double max;                 /* NAN: none */
    struct policy_texts in;     /* n 0: none */
    struct policy_texts not_in; /* n 0: none */
    bool keep_missing;          /* a sample without a value meets the condition */

    /* What policy_prepare() derives. */
    const char *label; /* "words >= 50 and <= 100000" */
    const char *sql;   /* 1: met, 0: not met, NULL: no value */
};

/* How many samples a condition removes. */
struct policy_step {
    uint64_t n_removed; /* of those that the conditions before it left */
    uint64_t n_alone;   /* of all samples */
    uint64_t n_missing; /* of all samples: they have no value */
    uint64_t n_left;    /* after this condition */
};

struct policy {
    const char *name;
    const char *approved_by; /* NULL: nobody */
    const char *approved_on; /* NULL: not given */
    const char *corpus;      /* digest of the samples it was made for; NULL: not given */
    struct slice text;       /* the whole file */
    size_t n;
    struct policy_condition conditions[POLICY_CONDITIONS_MAX];
    struct policy_step steps[POLICY_CONDITIONS_MAX]; /* filled by policy_count() */
    uint64_t n_samples;                              /* likewise: samples that met --where */
};

/* Find the facts and scores that the conditions name. Texts are in the arena. ERR_NOT_FOUND or
 * ERR_USAGE with the line of the condition. */
int policy_prepare(struct store *store, struct policy *policy, struct arena *arena,
                   struct error *err);
/* Make one SQL condition of a user's condition (NULL: none) and the policy. In the arena. */
int policy_join(const struct policy *policy, const char *where, struct arena *arena,
                const char **out, struct error *err);
/* Count what each condition removes of the samples that meet `where` (NULL: all). */
int policy_count(struct store *store, struct policy *policy, const char *where,
                 struct error *err);
/* Is the funnel of the policy the one stored with a selection? Returns 1, 0 or -1. */
int policy_is_stored(struct store *store, int64_t selection_id, const struct policy *policy,
                     struct error *err);
/* Store the policy and its funnel with a selection, instead of those that it has; policy NULL:
 * remove those. Call inside a transaction. */
int policy_put(struct store *store, int64_t selection_id, const struct policy *policy,
               struct error *err);

#endif
