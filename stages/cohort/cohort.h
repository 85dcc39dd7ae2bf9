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

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "scoring/normalise.h"
#include "scoring/scorer.h"
#include "store/cohort.h"
#include "store/selection.h"

struct error;
struct id_list;
struct stage_context;
struct stage_result;

enum cohort_ppl { COHORT_PPL, COHORT_LOG_PPL };
enum cohort_sign { COHORT_HIGH_CAS, COHORT_LOW_CAS };
enum cohort_nulls { COHORT_EXCLUDE, COHORT_MEDIAN };
extern const char *const cohort_ppl_names[];
extern const char *const cohort_sign_names[];
extern const char *const cohort_nulls_names[];

/* The options of a cohort. NAN and OPTION_NO_CHOICE: not given. */
struct cohort_args {
    double alpha;
    int normaliser; /* enum normaliser */
    int ppl;        /* enum cohort_ppl */
    int cas_sign;   /* enum cohort_sign */
    int nulls;      /* enum cohort_nulls */
};

/* Their defaults where no version of the cohort gives others, and their values not given. */
#define COHORT_DEFAULTS                                                                        \
    {                                                                                          \
        .alpha = 0.8, .normaliser = NORMALISE_SOFTMAX, .ppl = COHORT_PPL,                      \
        .cas_sign = COHORT_HIGH_CAS, .nulls = COHORT_EXCLUDE                                   \
    }
#define COHORT_NOT_GIVEN                                                                       \
    {                                                                                          \
        .alpha = NAN, .normaliser = OPTION_NO_CHOICE, .ppl = OPTION_NO_CHOICE,                 \
        .cas_sign = OPTION_NO_CHOICE, .nulls = OPTION_NO_CHOICE                                \
    }

/* Their entries in an option table; they are the members args of a struct type. */
#define COHORT_OPTIONS(type, args)                                                             \
    { OPTION_REAL, 0,                                                                          \
      "alpha",     offsetof(type, args.alpha),                                                 \
      "X",         .help = "weight of hmp in gateau",                                          \
      .max = 1 },                                                                              \
        { OPTION_CHOICE,                                                                       \
          0,                                                                                   \
          "norm",                                                                              \
          offsetof(type, args.normaliser),                                                     \
          "NAME",                                                                              \
          .help = "scale of hmp and cas in gateau",                                            \
          .choices = normaliser_names },                                                       \
        { OPTION_CHOICE,                                                                       \
          0,                                                                                   \
          "ppl",                                                                               \
          offsetof(type, args.ppl),                                                            \
          "HOW",                                                                               \
          .help = "what hmp compares, perplexities or their logarithms",                       \
          .choices = cohort_ppl_names },                                                       \
        { OPTION_CHOICE,                                                                       \
          0,                                                                                   \
          "cas-sign",                                                                          \
          offsetof(type, args.cas_sign),                                                       \
          "SIGN",                                                                              \
          .help = "whether gateau prefers high cas (+1) or low cas (-1)",                      \
          .choices = cohort_sign_names },                                                      \
    {                                                                                          \
        OPTION_CHOICE, 0, "nulls", offsetof(type, args.nulls), "HOW",                          \
            .help = "leave out a sample that lacks hmp or cas, or use the median",             \
            .choices = cohort_nulls_names                                                      \
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

/* Set the options that are given in the spec. */
void cohort_set_options(const struct cohort_args *args, struct cohort_spec *spec);
/* Set the condition, the score sets and the options from a stored version. ERR_INPUT for names
 * that this program does not know. */
int cohort_set_from_row(const struct cohort_row *row, struct cohort_spec *spec,
                        struct error *err);
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
