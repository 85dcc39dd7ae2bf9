/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort.h - cohorts: named, versioned sets of samples whose scores are put on a common scale.
 *
 * A version is written once and never changed. It knows all it is made of: the score sets it
 * reads (and with them models, template and limits), the condition, the settings; and what came
 * of it, one row a sample. hmp and gateau of a version are score sets of their own, so that a
 * selection can name what it was ranked by; their numbers are in the cohort's rows.
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
    double max; /* below min: nobody has a number */
};

struct cohort_row {
    int64_t cohort_id;
    const char *name;
    int64_t version;       /* from 1 */
    const char *condition; /* NULL: all samples */
    int64_t short_set_id;
    int64_t long_set_id;
    int64_t cas_set_id; /* 0: a cohort with hmp only */
    int64_t hmp_set_id;
    int64_t gateau_set_id; /* 0 without a cas */
    const char *ppl;       /* "ppl" or "log" */
    const char *normaliser;
    double alpha;
    int64_t cas_sign;  /* 1 or -1 */
    const char *nulls; /* "exclude" or "median" */
    uint64_t n_samples;
    uint64_t n;
    uint64_t n_imputed;
    uint64_t n_skipped;
    struct cohort_range nll_short, nll_long, hmp, cas;
    struct hash hash;
};

/* What came of a version, one place a sample; NAN is no number. */
struct cohort_values {
    const struct id_list *samples;
    const double *hmp;
    const double *cas;
    const double *gateau;
    const char *const *status;
};

/* The version of a cohort that was made of the same: 1 and its number, 0, -1. */
int cohort_find_same(struct store *store, const char *name, const struct hash *hash,
                     int64_t *cohort_id, int64_t *version, struct error *err);
/* The number that a version made now would have. */
int cohort_next_version(struct store *store, const char *name, int64_t *version,
                        struct error *err);
/* Add a version, row->version of it; row->cohort_id is not looked at. Inside a transaction. */
int cohort_add(struct store *store, const struct cohort_row *row,
               const struct cohort_values *values, int64_t run_id, struct error *err);
/* This run asks for the version: it is the current one from now on. Inside a transaction. */
int cohort_ask(struct store *store, int64_t cohort_id, int64_t run_id, struct error *err);

/* "NAME", the current version of a cohort, or "NAME@VERSION"; texts into the arena.
 * ERR_NOT_FOUND with those there are. */
int cohort_load(struct store *store, const char *which, struct arena *arena,
                struct cohort_row *out, struct error *err);
/* The cohort that a score set is the hmp or gateau of: 1, 0 for none, -1. */
int cohort_of_set(struct store *store, int64_t score_set_id, struct arena *arena,
                  struct cohort_row *out, struct error *err);

/* Delete a version, or with a name alone all versions of a cohort. ERR_NOT_FOUND;
 * ERR_USAGE when a selection was ranked by it. *n_dropped counts versions. Its own
 * transaction; with dry_run nothing changes. */
int cohort_drop(struct store *store, const char *which, bool dry_run, uint64_t *n_dropped,
                struct error *err);

#endif
