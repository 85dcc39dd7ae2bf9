/* SPDX-License-Identifier: Apache-2.0 */
/*
 * making.h - make a selection: read the candidates, put them into an order, leave some out,
 * choose, describe, store.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_MAKING_H
#define CURATE_MAKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/select/budget.h"
#include "stages/select/by_formula.h"
#include "stages/select/diversity.h"
#include "stages/select/quota.h"
#include "stages/select/target.h"
#include "stages/select/vectors.h"
#include "store/candidates.h"
#include "store/selection.h"

struct cohort_row;
struct described;
struct dsir;
struct error;
struct exclusion_list;
struct policy;
struct ranked_part;
struct stage_context;
struct store;
struct whitening;

struct selection_spec {
    const struct stage_context *context; /* only diverse and target need one */
    const char *name;
    enum selection_ordering ordering;
    /* Of a metric. */
    int64_t score_set_id;
    bool higher_is_better;     /* of a fact: descending */
    int64_t cohort_id;         /* rank by this cohort's values; 0: by the scores of the set */
    const char *cohort_column; /* "hmp", "cas" or "gateau" */
    const struct cohort_row *cohort;  /* likewise; NULL: none */
    const char *fact;                 /* of ORDERED_BY_FACT */
    const struct by_formula *formula; /* of ORDERED_BY_FORMULA */
    const char *by; /* what the values are called in the description; NULL: there are none */
    uint64_t seed;  /* of ORDERED_AT_RANDOM, of clusters and of DSIR */
    const struct target_spec *target; /* of ORDERED_BY_TARGET; its samples are not chosen */

    const char *condition;     /* NULL: all samples */
    const char *from;          /* only samples of this selection; NULL: all */
    const char *const *not_in; /* no samples of these selections */
    size_t n_not_in;
    struct policy *policy;  /* prepared; selection_make() counts its funnel. NULL: none */
    const char *policy_sql; /* what policy_join() made of condition and policy */
    struct exclusion_list *exclusions; /* NULL: none */
    /* Fill counts and samples of the exclusions, given the ascending ids of the samples that
     * meet the conditions and have a value. Returns 0, or -1 with err set. */
    int (*exclude)(struct store *store, struct exclusion_list *exclusions,
                   const struct id_list *candidates, struct error *err);

    const struct diversity_spec *diverse; /* choose by this method; NULL: choose the best */
    struct vector_set vectors;            /* of diverse and target */

    struct described
        *described; /* filled, and stored with the selection; NULL: no description */

    const struct budget_spec *budget; /* also of a quota alone; NULL: none */
    const struct quota_spec *quota;   /* NULL: none */
    bool has_top;                     /* --top was given */

    const char *top;        /* the option as the user wrote it; stored with the selection */
    uint64_t top_n;         /* select at most this many samples; 0: use top_per_10000 */
    uint64_t top_per_10000; /* select this share of the candidates, rounded up */
    struct slice rule;      /* as in selection_row */
    bool may_empty;         /* likewise */
};

struct selection_result {
    uint64_t n_selected;
    uint64_t n_candidates; /* samples that meet the condition and have a value or are outside */
    uint64_t n_unscored;
    uint64_t n_outside; /* of n_candidates: no value, but known to be outside the top */
    struct diversity_result diversity; /* with spec->diverse */
    struct target_result target;       /* with spec->target */
    struct budget_result budget;       /* with spec->budget */
    size_t n_ungrouped;                /* with spec->quota: samples of none of its groups */
    size_t n_missing;                  /* with spec->formula: as in formula_values */
    size_t n_not_finite;
    bool replaced; /* as in selection_outcome */
    bool unchanged;
};

/*
 * Choose samples, best first, equal ones in the order of their content hashes, and store them
 * under a name. ERR_USAGE if the cohort was ranked for fewer samples than requested; errors of
 * selection_put(). Runs in its own transaction; dry_run writes nothing.
 */
int selection_make(struct store *store, const struct selection_spec *spec, int64_t run_id,
                   bool dry_run, struct selection_result *out, struct error *err);

/* Append the samples of selections to a list, and sort it. ERR_NOT_FOUND. Free it with
 * id_list_release(), also after a failure. */
int selections_read(struct store *store, const char *const *names, size_t n,
                    struct id_list *list, struct error *err);

/* What the steps of selection_make() share. Arrays have an element for each candidate. */
struct making {
    struct store *store;
    const struct selection_spec *spec;
    struct candidates candidates;
    double *values;  /* what the samples are ordered by; NAN: they have none */
    double *merits;  /* the same, but larger is better */
    uint32_t *order; /* the pool: candidates that may be chosen, the best first */
    size_t n_order;
    uint32_t *picks; /* the candidates that are chosen, in the order of their ranks */
    size_t n_picks;
    uint8_t *tiers; /* of each pick: the smallest tier that has it, from 1; NULL: no tiers */
    struct diversity_result diversity;
    struct target_result target;
    struct dsir *dsir;               /* of TARGET_DSIR */
    struct whitening *whitening;     /* of the vectors that were read first; NULL: none */
    const struct ranked_part *parts; /* what a formula was made of */
    size_t n_parts;
    struct formula_values formula;
    uint64_t *costs; /* of each candidate, in the unit of the budget; NULL: 1 */
    struct budget_result budget;
    struct quota_values quota;
    size_t n_ungrouped;
    uint64_t n_unscored;
    uint64_t n_outside;
};

/* A number from 0 to 1 for each seed and sample, as good as random. */
double selection_random_value(uint64_t seed, const struct hash *sample);

#endif
