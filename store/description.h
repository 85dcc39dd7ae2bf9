/* SPDX-License-Identifier: Apache-2.0 */
/*
 * description.h - what a selection is, stored with it: shares of groups, numbers beside those
 * of the pool, the terms of a formula, warnings.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_DESCRIPTION_H
#define CURATE_DESCRIPTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct store;

#define DESCRIPTION_NOT_ASKED UINT64_MAX

/* A group of the pool, which is the samples that could be chosen. */
struct described_group {
    const char *kind; /* "source", "language", "length", "quota" */
    const char *name;
    const char *unit; /* "samples", "tokens", "words" or "bytes" */
    uint64_t n_pool;
    uint64_t n_selected;
    uint64_t units_pool;
    uint64_t units_asked; /* DESCRIPTION_NOT_ASKED: it has no quota */
    uint64_t units_selected;
};

struct described_number {
    const char *name;    /* "mean", "median", "spearman" */
    const char *subject; /* a metric, a fact, a term of a formula; "" */
    double pool;         /* NAN: none */
    double selected;     /* likewise */
};

/* What a call of rank(), z() or minmax() compared with. */
struct described_comparison {
    struct slice text;
    uint64_t n;
    double mean;
    double deviation;
    double min;
    double max;
};

struct selection_description {
    const struct described_group *groups; /* those of a kind stand together, in their order */
    size_t n_groups;
    const struct described_number *numbers; /* no two have the same name and subject */
    size_t n_numbers;
    const char *const *warnings;
    size_t n_warnings;
    const struct described_comparison *comparisons;
    size_t n_comparisons;
    const struct slice *terms; /* the text of each term of the formula, with a minus sign */
    size_t n_terms;
    const double *term_values; /* n_samples rows of n_terms, in the order of ranks */
    size_t n_samples;
};

/* Store a description with a selection, instead of the one that it has; NULL: remove that. Call
 * inside a transaction. */
int description_put(struct store *store, int64_t selection_id,
                    const struct selection_description *description, struct error *err);

/* Are its groups, numbers and warnings stored with the selection, and no others? Its terms and
 * comparisons depend on the scores of the samples. Returns 1, 0 or -1. */
int description_is_stored(struct store *store, int64_t selection_id,
                          const struct selection_description *description, struct error *err);

#endif
