/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort.h - cohorts: named, versioned lists of samples whose scores share one scale.
 *
 * A version is written once and never changed. It stores its inputs (the score sets, and with
 * them models, template and limits; the condition; the settings) and its results, one row per
 * sample. hmp and gateau of a version have score sets of their own, so that a selection can
 * name the set it was ranked by. Their values are in the cohort's rows, not in table score.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_COHORT_H
#define CURATE_COHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct arena;
struct error;
struct id_list;
struct store;

struct cohort_range {
    double min;
    double max; /* less than min: no sample has a value */
};

struct cohort_row {
    int64_t cohort_id;
    const char *name;
    int64_t version;       /* from 1 */
    const char *condition; /* NULL: all samples */
    int64_t short_set_id;
    int64_t long_set_id;
    int64_t cas_set_id; /* 0: the cohort has hmp only */
    int64_t hmp_set_id;
    int64_t gateau_set_id; /* 0: the cohort has hmp only */
    const char *ppl;       /* "ppl" or "log" */
    const char *normaliser;
    double alpha;
    int64_t cas_sign;   /* 1 or -1 */
    const char *nulls;  /* "exclude" or "median" */
    uint64_t n_samples; /* samples that meet the condition */
    uint64_t n;         /* samples in the cohort */
    uint64_t n_imputed; /* of n: samples whose missing input was replaced by the median */
    uint64_t n_skipped; /* of n: samples whose cas was not needed */
    struct cohort_range nll_short, nll_long, hmp, cas;
    struct hash hash;
};

/* The results of a version: element i belongs to sample i. NAN: the value is missing. */
struct cohort_values {
    const struct id_list *samples;
    const double *hmp;
    const double *cas;
    const double *gateau;
    const char *const *status;
};

/* Find the version of a cohort whose inputs have this hash. Returns 1, 0 if there is none, or
 * -1. */
int cohort_find_same(struct store *store, const char *name, const struct hash *hash,
                     int64_t *cohort_id, int64_t *version, struct error *err);
/* Get the number of the next version. */
int cohort_next_version(struct store *store, const char *name, int64_t *version,
                        struct error *err);
/* Add a version with its rows. row->cohort_id is ignored. ERR_INVARIANT if a value is infinite.
 * Call inside a transaction. */
int cohort_add(struct store *store, const struct cohort_row *row,
               const struct cohort_values *values, int64_t run_id, struct error *err);
/* Record that this run requested the version, which makes it the current version of its cohort.
 * Call inside a transaction. */
int cohort_request(struct store *store, int64_t cohort_id, int64_t run_id, struct error *err);

/* Load the version that `which` names: "NAME@VERSION", or "NAME" for the current version. Texts
 * are in the arena. ERR_NOT_FOUND with the names that exist. */
int cohort_load(struct store *store, const char *which, struct arena *arena,
                struct cohort_row *out, struct error *err);
/* Load the cohort version whose hmp or gateau this score set is. Returns 1, 0 if it is of no
 * cohort, or -1. Texts are in the arena. */
int cohort_of_set(struct store *store, int64_t score_set_id, struct arena *arena,
                  struct cohort_row *out, struct error *err);

/* Delete the version "NAME@VERSION", or all versions of the cohort "NAME". *n_dropped counts
 * versions. ERR_NOT_FOUND with the names that exist. ERR_USAGE if a selection was ranked by the
 * version. Runs in its own transaction; dry_run changes nothing. */
int cohort_drop(struct store *store, const char *which, bool dry_run, uint64_t *n_dropped,
                struct error *err);

#endif
