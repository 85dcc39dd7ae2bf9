/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selection.h - selections: ranked lists of samples under a name; and the log of exports.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_SELECTION_H
#define CURATE_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct arena;
struct error;
struct exclusion_list;
struct policy;
struct store;
struct text_list;

/* Ids of samples, ascending unless a comment says otherwise. Free with id_list_release(). */
struct id_list {
    int64_t *ids;
    size_t n;
};
void id_list_release(struct id_list *list);
/* Is the id in the ascending list? */
bool id_list_holds(const struct id_list *list, int64_t id);

/*
 * List the samples that meet a user's condition over the columns of v_sample (NULL: all
 * samples). The condition may only read. A mistake in it is ERR_USAGE with SQLite's message.
 */
int condition_select(struct store *store, const char *condition, struct id_list *out,
                     struct error *err);

/*
 * Make one condition that holds where all of the list hold: "(A) AND (B)"; a single one stays
 * as it is. Each must be one expression by itself, with its own parentheses matched, or it
 * could end those of another and select more: ERR_USAGE. *out is NULL for an empty list; free()
 * it.
 */
int condition_join(const struct text_list *conditions, char **out, struct error *err);

struct selection_spec {
    const char *name;
    const char *fact;          /* rank by this numeric fact; NULL: by scores */
    int64_t score_set_id;      /* without a fact */
    bool higher_is_better;     /* of a fact: descending */
    int64_t cohort_id;         /* rank by this cohort's values; 0: by the scores of the set */
    const char *cohort_column; /* "hmp", "cas" or "gateau" */
    const char *condition;     /* NULL: all samples */
    struct policy *policy;     /* prepared; selection_make() counts its funnel. NULL: none */
    const char *policy_sql;    /* what policy_join() made of condition and policy */
    struct exclusion_list *exclusions; /* NULL: none */
    /* Fill counts and samples of the exclusions, given the ascending ids of the samples that
     * meet the conditions and have a value. Returns 0, or -1 with err set. */
    int (*exclude)(struct store *store, struct exclusion_list *exclusions,
                   const struct id_list *candidates, struct error *err);
    const char *top;        /* the option as the user wrote it; stored with the selection */
    uint64_t top_n;         /* select at most this many samples; 0: use top_per_10000 */
    uint64_t top_per_10000; /* select this share of the candidates, rounded up */
    bool may_empty;         /* an empty selection may replace one that holds samples */
};
struct selection_result {
    uint64_t n_selected;
    uint64_t n_candidates; /* samples that meet the condition and have a value or are outside */
    uint64_t n_unscored;
    uint64_t n_outside; /* of n_candidates: no value, but known to be outside the top */
    bool replaced;      /* a different selection of this name existed */
    bool unchanged;     /* the same selection existed, so nothing was written */
};
/*
 * Rank the samples that meet the condition by score or fact, best first, ties by sample_id, and
 * store the top under a name. Replaces a selection of the same name. ERR_USAGE if the cohort
 * was ranked for fewer samples than requested. ERR_INPUT if nothing was selected, the existing
 * selection holds samples, and may_empty is false. Runs in its own transaction; dry_run writes
 * nothing.
 */
int selection_make(struct store *store, const struct selection_spec *spec, int64_t run_id,
                   bool dry_run, struct selection_result *out, struct error *err);

/* Compute how many of n candidates are selected: at most top_n, or, if top_n is 0, a share of
 * top_per_10000 / 10,000, rounded up. */
uint64_t selection_count(uint64_t top_n, uint64_t top_per_10000, uint64_t n);

/* Load the sample ids of a selection in rank order, and their scores. The caller frees *scores
 * with free(); scores may be NULL. ERR_NOT_FOUND with the names that exist. */
int selection_load(struct store *store, const char *name, struct id_list *out, double **scores,
                   struct error *err);

/* Find the fact that a selection was ordered by. Returns 1, and sets the name of the fact and
 * its order ("ascending", "descending"), both in the arena; 0 if there is no such selection or
 * it was ranked by scores; -1. */
int selection_fact(struct store *store, const char *name, struct arena *arena,
                   const char **fact, const char **order, struct error *err);

struct export_row {
    const char *selection;
    const char *format;
    const char *path;
    uint64_t n_samples;
    uint64_t n_bytes;
    uint8_t sha256[DIGEST_BYTES];
    const char *fact;  /* for the manifest: of selection_fact(); NULL: ranked by scores */
    const char *order; /* likewise */
    bool is_redacted;  /* for the manifest: export --redact */
    uint64_t n_redacted;
};
/* Log an export, unless the last export to this path had the same content. Call inside a
 * transaction. */
int export_add(struct store *store, const struct export_row *row, int64_t run_id,
               struct error *err);

#endif
