/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort_private.h - make a version of a cohort from stored scores, without a model.
 *
 * Both `score gateau` and `cohort make` end here. The numbers of a version are made of three
 * columns of stored scores: the NLLs under the two models and cas. A version that would be
 * made of the very same is not made again: the old one becomes the current one.
 */
#ifndef CURATE_STAGES_COHORT_H
#define CURATE_STAGES_COHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "scoring/scorer.h"
#include "store/cohort.h"
#include "store/selection.h"

struct error;
struct id_list;
struct stage_context;
struct stage_result;

/* The options of a cohort, as the command line and recipes give them; NULL is not given. */
struct cohort_args {
    const char *alpha;
    const char *normaliser;
    const char *ppl;
    const char *cas_sign;
    const char *nulls;
};

/* Their entries in an option table; they are the members args of a struct type. */
#define COHORT_OPTIONS(type, args)                                                             \
    { OPTION_TEXT, 0,                                                                          \
      "alpha",     offsetof(type, args.alpha),                                                 \
      "X",         "weight of hmp in gateau, 0 to 1 (default 0.8)" },                          \
        { OPTION_TEXT, 0,                                                                      \
          "norm",      offsetof(type, args.normaliser),                                        \
          "NAME",      "scale of both: softmax (default), minmax, rank, zscore or robust" },   \
        { OPTION_TEXT, 0,                                                                      \
          "ppl",       offsetof(type, args.ppl),                                               \
          "ppl|log",   "whether hmp compares perplexities (default) or their logarithms" },    \
        { OPTION_TEXT, 0,                                                                      \
          "cas-sign",  offsetof(type, args.cas_sign),                                          \
          "+1|-1",     "whether gateau looks for high cas (default) or for low" },             \
    {                                                                                          \
        OPTION_TEXT, 0, "nulls", offsetof(type, args.nulls), "exclude|median",                 \
            "a sample that lacks hmp or cas: out (default), or the median"                     \
    }

struct cohort_spec {
    const char *name;
    const char *condition;         /* for the record; the samples are given */
    const struct id_list *samples; /* ascending */
    int64_t short_set_id;
    int64_t long_set_id;
    int64_t cas_set_id; /* 0: hmp only */
    struct scorer_options options;
    uint64_t top_n;         /* only the first are wanted: so many, or */
    uint64_t top_per_10000; /* a share, in parts of 10,000; both 0: all */
    bool impute; /* a median for a number that is lacking, or else the sample is left out */
};

/* The defaults; then what is given. ERR_USAGE. */
void cohort_defaults(struct cohort_spec *spec);
int cohort_take_args(const struct cohort_args *args, struct cohort_spec *spec,
                     struct error *err);
/* What a version in the store was made with. */
int cohort_take_row(const struct cohort_row *row, struct cohort_spec *spec, struct error *err);
/* A name that can be told from "NAME@VERSION": ERR_USAGE. */
int cohort_check_name(const char *name, struct error *err);

struct cohort_made {
    int64_t version;
    bool is_new;
    uint64_t n;         /* samples in the cohort */
    uint64_t n_samples; /* samples that were asked for */
    uint64_t n_imputed;
    uint64_t n_skipped;
    uint64_t n_not_scored; /* samples of n_samples that lack a row in one of the sets */
};

/* "NAME@VERSION" of a version that was made, for the closing line. */
void cohort_fact(struct stage_result *result, const char *name, int64_t version);

/* In a dry run everything but writing. ERR_USAGE when a cas is not there because nobody needed
 * it yet, and it is needed. */
int cohort_make(const struct stage_context *context, const struct cohort_spec *spec,
                struct cohort_made *out, struct error *err);

/* cohort_values.c: the numbers of a version. */
struct cohort_numbers {
    size_t n; /* samples, in the order of spec->samples */
    double *hmp;
    double *cas;
    double *gateau;      /* NAN where there is none */
    const char **status; /* static, or the columns' */
    uint64_t n_not_scored;
    bool certain;          /* gateau of the first that are wanted; with row.n_skipped */
    struct id_list wanted; /* if not: whose cas to find out, the likeliest first */
    struct cohort_row row;
    struct score_column *columns; /* nll_short, nll_long, cas */
};
int cohort_numbers_make(const struct stage_context *context, const struct cohort_spec *spec,
                        struct cohort_numbers *out, struct error *err);
void cohort_numbers_release(struct cohort_numbers *numbers);

#endif
