/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort.h - make a version of a cohort from stored scores, without a model.
 *
 * `score gateau` and `cohort make` share these functions. A version is computed from three
 * columns of stored scores: the NLLs under the two models, and cas. When a version with the
 * same inputs and results exists, it becomes the current one and no new one is made.
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

/* Their defaults, and their values when they are not given, so that a stored version decides.
 */
#define COHORT_DEFAULTS                                                                        \
    {                                                                                          \
        .alpha = 0.8, .normaliser = NORMALISE_RANK, .ppl = COHORT_PPL,                         \
        .cas_sign = COHORT_HIGH_CAS, .nulls = COHORT_EXCLUDE                                   \
    }
#define COHORT_NOT_GIVEN                                                                       \
    {                                                                                          \
        .alpha = NAN, .normaliser = OPTION_NO_CHOICE, .ppl = OPTION_NO_CHOICE,                 \
        .cas_sign = OPTION_NO_CHOICE, .nulls = OPTION_NO_CHOICE                                \
    }

/* Their entries in an option table, for the member args of a struct type. */
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
    const char *condition;         /* stored only: the samples are given */
    const struct id_list *samples; /* ascending */
    int64_t short_set_id;
    int64_t long_set_id;
    int64_t cas_set_id; /* 0: hmp only */
    struct scorer_options options;
    uint64_t top_n;         /* compute only the top: so many samples, or */
    uint64_t top_per_10000; /* a share in parts of 10,000; both 0: all */
    bool impute; /* use the median for a missing value; false: leave the sample out */
};

/* Set the options that are given in the spec. */
void cohort_set_options(const struct cohort_args *args, struct cohort_spec *spec);
/* Set the condition, the score sets and the options from a stored version. ERR_INPUT for names
 * that this program does not know. */
int cohort_set_from_row(const struct cohort_row *row, struct cohort_spec *spec,
                        struct error *err);
/* Check that the name is not empty and has no "@", which begins a version. ERR_USAGE. */
int cohort_check_name(const char *name, struct error *err);

struct cohort_made {
    int64_t version;
    bool is_new;
    uint64_t n;         /* samples in the cohort; 0 with an obstacle */
    uint64_t n_samples; /* samples that meet the condition */
    uint64_t n_imputed;
    uint64_t n_skipped;    /* samples whose cas an earlier --top did not need */
    uint64_t n_not_scored; /* samples without a row in one of the score sets */
    const char *obstacle; /* why the members have no values; NULL if they have, or none exist */
};

/* Add the fact cohort=NAME@VERSION to the closing line. */
void cohort_fact(struct stage_result *result, const char *name, int64_t version);

/* Make a version and store it. A dry run does not store it. ERR_USAGE when the version needs
 * cas of samples that an earlier --top skipped. */
int cohort_make(const struct stage_context *context, const struct cohort_spec *spec,
                struct cohort_made *out, struct error *err);

/* The values of a version. NAN: missing. */
struct cohort_numbers {
    size_t n; /* samples, in the order of spec->samples */
    double *hmp;
    double *cas;
    double *gateau;
    const char **status; /* static or owned by the columns */
    uint64_t n_not_scored;
    const char *obstacle;  /* of normalise_obstacle() */
    bool certain;          /* the top is known although row.n_skipped cas are not */
    struct id_list wanted; /* if it is not: samples whose cas is needed, the likeliest first */
    struct cohort_row row;
    struct score_column *columns; /* nll_short, nll_long, cas */
};
/* values.c: compute the values of a version. */
int cohort_numbers_make(const struct stage_context *context, const struct cohort_spec *spec,
                        struct cohort_numbers *out, struct error *err);
void cohort_numbers_release(struct cohort_numbers *numbers);

#endif
