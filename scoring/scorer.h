/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scorer.h - what a metric is.
 *
 * A scorer is a const struct with exactly one of five functions:
 *   observe  reads what a model run reported about one sample (observe.h): nll, ...; a scorer
 *            with the input "segments" reads the sample's stored segments instead: cas, ...
 *   measure  reads the sample's text, without a model: mtld
 *   derive   combines other scores of the same sample: ifd from nll and nll_alone
 *   pool     combines the stored scores or vectors of all samples of a run: knn
 *   rank     combines the scores of a cohort: hmp, gateau
 * Inputs are named by metric and by the model of a pair that they come from. The score stage
 * computes inputs first, stores each as a metric of its own, and computes none twice.
 *
 * A score has either a value or the reason why there is none. docs/adding.md says how to add a
 * metric.
 */
#ifndef CURATE_SCORER_H
#define CURATE_SCORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/normalise.h"

struct error;
struct kernels;
struct observation;
struct observed_text;
struct pool;

/* One metric's result for one sample. */
struct score {
    double value;       /* finite; meaningless when reason is set */
    const char *reason; /* static, lower_snake: why there is no value; NULL if there is one */
    bool truncated;     /* there is a value, computed over a shortened context */
    int64_t n_tokens;   /* response tokens the value was computed from */
};

enum scorer_model {
    SCORER_MODEL,       /* the model; of a pair, the one with the long window */
    SCORER_SHORT_MODEL, /* of a pair, the homologous model with the short window */
    SCORER_NO_MODEL,    /* text only */
    SCORER_IMPORTED,    /* scores imported with `curate score import` */
};

struct scorer_input {
    const char *metric;
    enum scorer_model model;
};

/* Quantities a scorer needs from a model (bits). */
enum scorer_needs {
    NEED_NLL = 1 << 0,              /* NLL of the response given the prompt */
    NEED_NLL_ALONE = 1 << 1,        /* NLL of the response after one start token */
    NEED_ATTENTION = 1 << 2,        /* the response's attention to each context segment */
    NEED_NLL_NEAR = 1 << 3,         /* NLL of the response given only the context's end */
    NEED_NLL_INSTRUCTION = 1 << 4,  /* NLL of the instruction after one start token */
    NEED_POOLED = 1 << 5,           /* mean of the last layer's states */
    NEED_POOLED_WEIGHTED = 1 << 14, /* the same, weighted by their places */
    NEED_USER_MASS = 1 << 6,        /* the response's attention to the user's text */
    NEED_YES_NO = 1 << 7,           /* probabilities of Yes and No to the question */
    NEED_RATING = 1 << 8,           /* probabilities of 1 to 6 to the question */
    NEED_REACH = 1 << 9,            /* document: the first layer's attention at a distance */
    NEED_PAIRS = 1 << 10,           /* document: NLL of segments alone and in pairs */
    NEED_LENGTH = 1 << 11,          /* number of response tokens; runs no model */
    NEED_SEGMENT_NLL = 1 << 12, /* NLL of the response given one segment, for each segment */
    NEED_BY_HEAD = 1 << 13,     /* with NEED_ATTENTION: for each layer and head, too */
    NEED_SEGMENTS = NEED_ATTENTION | NEED_SEGMENT_NLL,
    NEEDS_POOLED = NEED_POOLED | NEED_POOLED_WEIGHTED,
    /* The context as a document of its own; these work without a response. */
    NEEDS_OF_DOCUMENT = NEED_REACH | NEED_PAIRS,
};

/* Parameters of the metrics of a cohort. */
struct scorer_options {
    double alpha;               /* weight of hmp in gateau, 0..1 */
    enum normaliser normaliser; /* brings hmp and cas to one scale before gateau mixes them */
    bool log_ppl;               /* hmp compares NLLs instead of perplexities */
    bool low_cas;               /* gateau prefers low cas instead of high cas */
};

struct pool_options {
    size_t neighbour; /* 1 for the nearest */
    const struct kernels *kernels;
    struct pool *threads;
};

/* One input of all samples of a pool. */
struct pool_input {
    const double *values;
    float *vectors; /* n rows of width floats, which the function may overwrite; NULL unless
                       the scorer has uses_vectors */
    size_t width;
};

/* The text a metric is about. A sample without that text has a reason instead of a value. */
enum scorer_about { ABOUT_RESPONSE, ABOUT_INSTRUCTION, ABOUT_QUESTION, ABOUT_DOCUMENT };

enum scorer_better { BETTER_HIGHER, BETTER_LOWER };
enum { SCORER_INPUTS_MAX = 4 };

struct scorer {
    const char *name;
    int version;      /* raised whenever the metric's numbers change */
    const char *unit; /* "nats/token", "ratio" */
    enum scorer_better better;
    const char *summary;  /* one line */
    const char *left_out; /* NULL, or the build option without which it cannot be computed */

    unsigned needs; /* for observe: bits of enum scorer_needs */
    enum scorer_about about;
    void (*observe)(const struct observation *observation, struct score *out);

    /* Called only for samples with a response. ERR_NOMEM. */
    int (*measure)(const struct observed_text *text, struct score *out, struct error *err);

    struct scorer_input inputs[SCORER_INPUTS_MAX]; /* ends at a metric of NULL */
    void (*derive)(const struct score *inputs, struct score *out);
    bool imported;       /* the scores are imported; none of the five functions is set */
    bool uses_neighbour; /* pool_options.neighbour is a parameter of the metric */
    bool uses_vectors;   /* pool gets the vectors of input 0, which is the embedding */
    /* The pool and the cohort hold only samples that have every input; n >= 1. */

    /* inputs[j].values[i] is input j of sample i. Sets a value or a reason in each out[i].
     * ERR_NOMEM. */
    int (*pool)(const struct pool_options *options, const struct pool_input *inputs, size_t n,
                struct score *out, struct error *err);
    /* inputs[j][i] is input j of sample i. Sets all n elements of out. ERR_NOMEM. */
    int (*rank)(const struct scorer_options *options, const double *const *inputs, size_t n,
                double *out, struct error *err);
};

/* All metrics in the order of the help, NULL-terminated. */
extern const struct scorer *const scorers[];
/* The metric of that name, or NULL. */
const struct scorer *scorer_find(const char *name);
/* The imported metric of that name, or NULL if no metric has such an input. It is not in
 * scorers[]. */
const struct scorer *scorer_find_imported(const char *name);
size_t scorer_input_count(const struct scorer *scorer);
/* True if a model must run for the metric or for one of its inputs, direct or indirect. */
bool scorer_needs_model(const struct scorer *scorer);
/* The metric's section of docs/scores.md, without its heading. */
const char *scorer_page(const struct scorer *scorer);

/* A reason why a score is missing, and what it means: a row of docs/scores.md. */
struct scorer_reason {
    const char *name;
    const char *meaning;
};

/* The reasons in the order of the page. Returns NULL after the last. */
const struct scorer_reason *scorer_reason_at(size_t i);

/*
 * Call observe, derive or measure. These functions do what all scorers have in common: a sample
 * or an input with a reason passes the reason on and the scorer is not called; truncated and
 * n_tokens are set before the call; a value that is not finite becomes the reason not_finite.
 */
void scorer_observe(const struct scorer *scorer, const struct observation *observation,
                    struct score *out);
void scorer_derive(const struct scorer *scorer, const struct score *inputs, struct score *out);
/* ERR_NOMEM. */
int scorer_measure(const struct scorer *scorer, const struct observed_text *text,
                   struct score *out, struct error *err);

/* Replace a value that is not finite by the reason not_finite. Clear the value and truncated of
 * a score with a reason. */
void score_finalise(struct score *score);

/* Combine the scores of n turns into the dialogue's score: the mean of the turns that have a
 * value, weighted by n_tokens. If none has a value, the last turn's reason; no_response if n is
 * 0. */
void score_mean_over_turns(const struct score *turns, size_t n, struct score *out);

#endif
