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
#include "base/slice.h"

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

/* What the samples of a selection are in the order of. */
enum selection_ordering {
    ORDERED_BY_METRIC,
    ORDERED_BY_FACT,
    ORDERED_BY_FORMULA,
    ORDERED_BY_TARGET, /* how much they are like a target */
    ORDERED_AT_RANDOM,
    NOT_ORDERED, /* by their content hashes; they have no score */
};

/* A selection as it is stored. Everything is borrowed. */
struct selection_row {
    const char *name;
    enum selection_ordering ordering;
    int64_t score_set_id;  /* of a metric */
    const char *fact;      /* of a fact */
    bool descending;       /* of a fact */
    const char *formula;   /* of a formula */
    const char *condition; /* NULL: all samples */
    const char *top;       /* as the user wrote it */
    struct slice rule;     /* JSON of the other options that decide what is chosen */
    uint64_t n_candidates;
    uint64_t n_unscored;
    const struct policy *policy;             /* NULL: none */
    const struct exclusion_list *exclusions; /* NULL: none */
    bool may_empty; /* an empty selection may replace one that holds samples */
    size_t n;
    const int64_t *ids;   /* best first */
    const double *scores; /* NAN: none */
    const uint8_t *tiers; /* the smallest tier that has the sample, from 1; NULL: no tiers */
    const struct selection_description *description; /* NULL: none */
};
struct selection_outcome {
    bool replaced;  /* a different selection of this name existed */
    bool unchanged; /* the same selection existed; only its description can be written anew */
};
/* Store a selection instead of the one of the same name, if it differs. ERR_INPUT if it is
 * empty, the existing one holds samples, and may_empty is false. dry_run only compares; else
 * call inside a transaction. */
int selection_put(struct store *store, const struct selection_row *row, int64_t run_id,
                  bool dry_run, struct selection_outcome *out, struct error *err);

/* Find a selection. ERR_NOT_FOUND with the names that exist. */
int selection_find(struct store *store, const char *name, int64_t *selection_id,
                   struct error *err);
/* Delete a selection, of n_samples. ERR_NOT_FOUND as above. Runs in its own transaction;
 * dry_run deletes nothing. */
int selection_drop(struct store *store, const char *name, bool dry_run, int64_t *n_samples,
                   struct error *err);

/* Compute how many of n candidates are selected: at most top_n, or, if top_n is 0, a share of
 * top_per_10000 / 10,000, rounded up. */
uint64_t selection_count(uint64_t top_n, uint64_t top_per_10000, uint64_t n);

/* Load the sample ids of a selection in rank order, and their scores, NAN where there is none.
 * The caller frees *scores with free(); scores may be NULL. ERR_NOT_FOUND with the names that
 * exist. */
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
    const char *split; /* for the manifest: export --split; NULL: none */
    bool is_redacted;  /* for the manifest: export --redact */
    uint64_t n_redacted;
};
/* Log an export, unless the last export to this path had the same content. Call inside a
 * transaction. */
int export_add(struct store *store, const struct export_row *row, int64_t run_id,
               struct error *err);

#endif
