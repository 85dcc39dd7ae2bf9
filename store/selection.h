/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selection.h - which samples, in which order; and what was exported.
 */
#ifndef CURATE_SELECTION_H
#define CURATE_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct error;
struct store;

/* Ids of samples, ascending unless said otherwise; free with id_list_release(). */
struct id_list {
    int64_t *ids;
    size_t n;
};
void id_list_release(struct id_list *list);

/*
 * Samples that meet a condition over the columns of v_sample (NULL: all). The condition comes
 * from a user: it runs under an authorizer that allows reading and nothing else. A mistake in
 * it is ERR_USAGE with SQLite's words.
 */
int condition_select(struct store *store, const char *condition, struct id_list *out,
                     struct error *err);

struct selection_spec {
    const char *name;
    int64_t score_set_id;
    bool higher_is_better;
    int64_t cohort_id;         /* whose numbers they are; 0: they are in score itself */
    const char *cohort_column; /* "hmp", "cas" or "gateau" */
    const char *condition;     /* NULL: all */
    const char *top;           /* as the user wrote it, kept for the record */
    uint64_t top_n;            /* this many at most, or */
    uint64_t top_permyriad;    /* when top_n is 0: of 10,000 parts, rounded up */
};
struct selection_result {
    uint64_t n_selected;
    uint64_t n_candidates;
    uint64_t n_unscored;
    uint64_t n_outside; /* of the candidates, known only not to be among the best */
    bool replaced;      /* a selection of that name was there and differed */
    bool unchanged;     /* it was there and is the same: nothing was written */
};
/*
 * Rank by score, best first, ties by sample_id, keep the top, under a name. A selection of the
 * same name is replaced. ERR_USAGE when a cohort was ranked for fewer than are asked for. Its
 * own transaction; with dry_run nothing is written.
 */
int selection_make(struct store *store, const struct selection_spec *spec, int64_t run_id,
                   bool dry_run, struct selection_result *out, struct error *err);

/* How many of n that is: top_n at most, or (top_n 0) so many parts of 10,000, rounded up. */
uint64_t selection_count(uint64_t top_n, uint64_t top_permyriad, uint64_t n);

/* Sample ids of a selection in rank order, and their scores (n of them, free()); ERR_NOT_FOUND
 * with the names there are. scores may be NULL. */
int selection_load(struct store *store, const char *name, struct id_list *out, double **scores,
                   struct error *err);

struct export_row {
    const char *selection;
    const char *format;
    const char *path;
    uint64_t n_samples;
    uint64_t n_bytes;
    uint8_t sha256[DIGEST_BYTES];
};
/* Add a row, unless the last one of this path says the same. Inside a transaction. */
int export_add(struct store *store, const struct export_row *row, int64_t run_id,
               struct error *err);

#endif
