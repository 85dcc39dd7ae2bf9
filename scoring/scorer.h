/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scorer.h - what a metric is.
 *
 * A scorer is a const struct with exactly one of five functions:
 *   observe  reads what a model showed about one sample (observe.h): nll, ...; with
 *            "segments" for its input, what is stored of a context's segments: cas, ...
 *   measure  reads the sample's text, without a model: mtld
 *   derive   combines other scores of the same sample: ifd from nll and nll_alone
 *   pool     combines what is stored of all samples of a run: knn
 *   rank     combines the scores of a cohort: hmp, gateau
 * Inputs are named by metric and by which model of a pair they come from; stages/score/score.c
 * computes them first, stores each as a metric of its own, and never computes one twice.
 *
 * A score that cannot be computed has a reason and no number. To add one: NAME.c with
 * `const struct scorer scorer_NAME`, NAME in the list of scoring/meson.build, and its page:
 * a section "## NAME" of docs/scores.md, which becomes part of the program.
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

/* One number about one sample. */
struct score {
    double value;       /* finite; meaningless when reason is set */
    const char *reason; /* static, lower_snake; NULL when there is a number */
    bool truncated;     /* a number, but over a shortened context */
    int64_t n_tokens;   /* response tokens behind it */
};

enum scorer_model {
    SCORER_MODEL,       /* the model; of a pair the one with the long window */
    SCORER_SHORT_MODEL, /* the homologous one with the short window */
    SCORER_NO_MODEL,    /* what the text alone tells */
    SCORER_IMPORTED,    /* scores of others (imported.h) */
};

struct scorer_input {
    const char *metric;
    enum scorer_model model;
};

/* What a model has to be asked (bits). */
enum scorer_needs {
    NEED_NLL = 1 << 0,             /* the response given the prompt */
    NEED_NLL_ALONE = 1 << 1,       /* the response after one start token */
    NEED_ATTENTION = 1 << 2,       /* per segment of the context: the attention paid to it */
    NEED_NLL_NEAR = 1 << 3,        /* the response with the end of the context only */
    NEED_NLL_INSTRUCTION = 1 << 4, /* the instruction after one start token */
    NEED_POOLED = 1 << 5,          /* the mean of the last states */
    NEED_USER_MASS = 1 << 6,       /* attention on what the user wrote */
    NEED_ANSWER = 1 << 7,          /* yes or no to the question */
    NEED_RATING = 1 << 8,          /* 1 to 6 to the question */
    NEED_REACH = 1 << 9,           /* the document: how far the first layer looks */
    NEED_PAIRS = 1 << 10,          /* the document: NLL of segments alone and in pairs */
    NEED_LENGTH = 1 << 11,         /* how many tokens the response has: no pass at all */
    NEED_SEGMENT_NLL = 1 << 12,    /* per segment: the response with it for the context */
    NEED_BY_HEAD = 1 << 13,        /* with NEED_ATTENTION: that of each layer and head */
    NEED_SEGMENTS = NEED_ATTENTION | NEED_SEGMENT_NLL,
    /* What is about the context as a document, response or not. */
    NEEDS_OF_DOCUMENT = NEED_REACH | NEED_PAIRS,
};

/* What decides about the numbers of a cohort beside its samples. */
struct scorer_options {
    double alpha;               /* weight of hmp in gateau, 0..1 */
    enum normaliser normaliser; /* puts hmp and cas on one scale before they are mixed */
    bool log_ppl;               /* hmp compares NLLs and not perplexities */
    bool low_cas;               /* gateau looks for low cas and not for high */
};

struct pool_options {
    size_t neighbour; /* 1 for the nearest */
    const struct kernels *kernels;
    struct pool *threads;
};

/* An input of a pool's samples. */
struct pool_input {
    const double *values;
    float *vectors; /* n rows of width, for the function to change; NULL unless it takes them */
    size_t width;
};

/* What of a sample a metric is about: what it cannot do without. */
enum scorer_about { ABOUT_RESPONSE, ABOUT_INSTRUCTION, ABOUT_QUESTION, ABOUT_DOCUMENT };

enum scorer_better { BETTER_HIGHER, BETTER_LOWER };
enum { SCORER_INPUTS_MAX = 4 };

struct scorer {
    const char *name;
    int version;      /* raised whenever its numbers change */
    const char *unit; /* "nats/token", "ratio" */
    enum scorer_better better;
    const char *summary;  /* one line */
    const char *left_out; /* NULL, or the build option without which it cannot be computed */

    unsigned needs; /* with observe */
    enum scorer_about about;
    void (*observe)(const struct observation *observation, struct score *out);

    /* Only of samples with a response. ERR_NOMEM. */
    int (*measure)(const struct observed_text *text, struct score *out, struct error *err);

    struct scorer_input inputs[SCORER_INPUTS_MAX]; /* metric NULL ends */
    void (*derive)(const struct score *inputs, struct score *out);
    bool imported;        /* none of these functions: it comes from outside */
    bool takes_neighbour; /* options.neighbour is part of its parameters */
    bool takes_vectors;   /* of input 0, which is the embedding */
    /* inputs[j].values[i] is input j of the pool's sample i; out[i] gets a value or a reason.
     * ERR_NOMEM. */
    int (*pool)(const struct pool_options *options, const struct pool_input *inputs, size_t n,
                struct score *out, struct error *err);
    /* inputs[j][i] is input j of sample i. out has n elements. ERR_NOMEM. For both: only
     * samples that have every input are in it, and n >= 1. */
    int (*rank)(const struct scorer_options *options, const double *const *inputs, size_t n,
                double *out, struct error *err);
};

/* NULL-terminated, in the order help prints. */
extern const struct scorer *const scorers[];
const struct scorer *scorer_find(const char *name);
size_t scorer_input_count(const struct scorer *scorer);
/* Whether a model must be run for it, or for anything it is made of. */
bool scorer_needs_model(const struct scorer *scorer);
/* Its section of docs/scores.md, without the heading. */
const char *scorer_page(const struct scorer *scorer);

/*
 * The ways to call observe, derive and measure. What all scorers share is settled here: a
 * sample that could not be scored, or an input without a number, passes its reason on and the
 * function is not asked; truncated and n_tokens are filled in before it is asked; a value that
 * is not finite becomes the reason not_finite.
 */
void scorer_observe(const struct scorer *scorer, const struct observation *observation,
                    struct score *out);
void scorer_derive(const struct scorer *scorer, const struct score *inputs, struct score *out);
int scorer_measure(const struct scorer *scorer, const struct observed_text *text,
                   struct score *out, struct error *err);
/* What the others do at the end: a value that is not finite becomes a reason, and a score with
 * a reason has no value. */
void scorer_settle(struct score *score);

/* A dialogue's score from those of n >= 1 of its turns: the mean of those that have a number,
 * weighted by tokens; where none has, the reason of the last one. */
void scorer_over_turns(const struct score *turns, size_t n, struct score *out);

#endif
