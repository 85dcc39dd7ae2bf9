/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe.h - put samples to a model and note what it shows.
 *
 * An observer turns a sample's text into token sequences by a prompt template (prompt.h), runs
 * them through one model (infer/session.h), many samples and segments in one ragged batch, and
 * returns the raw quantities scorers are made of. Sources: GATEAU (arXiv 2410.15633) for the
 * segment quantities, Cherry LLM (2308.12032) and Superfiltering (2402.00530) for the two NLLs.
 */
#ifndef CURATE_OBSERVE_H
#define CURATE_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "scoring/observe/compat.h"
#include "scoring/observe/segment.h"
#include "scoring/prompts/dialogue.h"

struct arena;
struct dialogue;
struct error;
struct kernels;
struct model;
struct observer;
struct pool;
struct prompt;
struct prompt_cache;
struct prompt_template;

/* A context's segment, in tokens of the (possibly shortened) context. */
struct segment {
    size_t tok_start;
    size_t tok_end;
    /* Mean over layers, heads and response rows of the mean probability per key. */
    double attention;
    /* Mean over response tokens, with only this segment as the context. */
    double nll_nats;
};

/* Answers to a question about the sample: NLL of the first token of each. */
enum { ANSWERS_MAX = 6 };
struct answers {
    const char *reason; /* static; answers_alike, too_long, ...: no numbers */
    bool truncated;     /* the context lost tokens on the left */
    double nll_nats[ANSWERS_MAX];
};

/* Segment i of a document, given segment j before it. */
struct segment_pair {
    size_t i;
    size_t j;
    double nll_nats;
};

/* A sample's context as a text of its own, from its first token on. */
struct document {
    const char *reason;       /* static; no_context, context_too_short: no numbers */
    const char *pairs_reason; /* likewise for NEED_PAIRS alone */
    bool truncated;           /* it lost tokens on the right */
    size_t n_tokens;
    double reach[2]; /* session.h: strength, variance */
    /* All but the first token of each segment of segment_tokens; NEED_PAIRS. In the arena. */
    double *single_nll_nats;
    size_t n_singles;
    struct segment_pair *pairs;
    size_t n_pairs;
};

/* How cas is made of segments; zero is GATEAU's way. */
struct segment_reading {
    bool centred;    /* Pearson's correlation and not the cosine */
    bool drop_first; /* without the first segment, which collects attention for being first */
    enum segment_importance {
        IMPORTANCE_PPL,     /* what a segment is worth: exp(nll), */
        IMPORTANCE_NLL,     /* nll, */
        IMPORTANCE_SOFTMAX, /* or the softmax over segments of exp(nll) */
    } importance;
};

struct observation {
    const char *reason; /* static; set when the sample cannot be scored at all: no numbers */
    bool truncated;     /* to fit max_tokens the context lost tokens, or the dialogue its
                           oldest turns */
    size_t n_response_tokens;
    const char *nll_reason;   /* static; why there is no nll though there is the rest */
    double nll_nats;          /* mean over response tokens; valid when asked for */
    const char *alone_reason; /* static; no_bos: why there is no nll_alone, else NULL */
    double nll_alone_nats;
    struct segment *segments; /* in the arena; asked for with NEED_SEGMENTS */
    size_t n_segments;        /* 0 without a context */
    /* NEED_BY_HEAD: of segment s, layer l and head h at [(s * n_layers + l) * n_heads + h]; the
     * mean over l and h is segments[s].attention. In the arena, NULL where it is not asked for:
     * 8 bytes for every segment, layer and head of a sample. */
    double *attention_by_head;
    size_t n_layers;
    size_t n_heads;
    struct segment_reading reading; /* for those who read segments */

    size_t n_response_bytes;
    double nll_near_nats; /* with the context's last near_tokens tokens for the context */
    size_t n_instruction_tokens;
    const char *instruction_reason; /* static; no_bos, no_instruction, ...: no number */
    double nll_instruction_nats;
    double *pooled; /* n_pooled, in the arena: mean of the last states of all tokens but BOS */
    size_t n_pooled;
    const char *user_reason;  /* static; no_user_text */
    double user_mass;         /* in one layer, of the head that looks most, mean over rows */
    struct answers yes_or_no; /* in this order */
    struct answers rating;    /* 1 to 6 */
    struct document document;
};

struct observer_options {
    size_t max_tokens; /* of a whole sequence; longer ones lose context, and
                          where that is not enough the oldest turns of the dialogue */
    /* For what is made of segments. 0 is no limit. */
    size_t segment_tokens; /* 128 */
    size_t max_segments;
    enum segment_last last_segment;
    size_t response_tokens;    /* only the first of the response */
    size_t instruction_tokens; /* only the first of the instruction */
    bool attend_before;        /* the rows that predict the response's tokens, not its own */
    /* Which end of a context that is too long is lost: the right one, in the passes over the
     * whole; and in those for segments. */
    bool cut_right;
    bool cut_segments_right;
    size_t batch_tokens;  /* how many tokens to run together, about; does not change results */
    size_t near_tokens;   /* what NEED_NLL_NEAR leaves of a context */
    enum compat compat;   /* published code to do as, instead of what is said of prompts here */
    uint64_t most_bytes;  /* that a call of the session may hold; 0: what there is */
    const char *question; /* of NEED_ANSWER and NEED_RATING; NULL for none */
    size_t prompt_window; /* the model sees so many of the prompt's last tokens; 0: all */
    double ntk_factor;    /* of session_stretch_ntk(); 0: not stretched */
    const struct prompt_template *template;
    /* Where prompts go that were made, and where those are that another observer made. Both
     * borrowed, or NULL. */
    struct prompt_cache *keep_prompts;
    struct prompt_cache *take_prompts;
    /* Called now and then during a run, with how many of its tokens are done. Other than 0 is
     * the signal that asks to stop: the run ends with ERR_CANCELLED. May be NULL. */
    int (*step)(void *arg, size_t n_done, size_t n_total);
    void *step_arg;
};

/* model, kernels and pool are borrowed. ERR_UNSUPPORTED when the model has no vocabulary. */
int observer_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                 const struct observer_options *options, struct observer **out,
                 struct error *err);
void observer_free(struct observer *observer);

/*
 * Observe n samples; needs are the bits of scorer.h. out has n elements. Responses of one
 * dialogue that follow each other in texts share work. Reasons of a whole sample: no_response,
 * empty_response (nothing but white space counts), too_long (the last question and the response
 * do not fit max_tokens even without context and earlier turns). With one segment only, that
 * segment is the context and its NLL the sample's.
 */
int observer_run(struct observer *observer, const struct observed_text *texts, size_t n,
                 unsigned needs, struct arena *arena, struct observation *out,
                 struct error *err);

/* The same for samples that are token ids already. */
int observer_run_prompts(struct observer *observer, const struct prompt *prompts, size_t n,
                         unsigned needs, struct arena *arena, struct observation *out,
                         struct error *err);

/* How many tokens it has put to the model so far. */
uint64_t observer_tokens(const struct observer *observer);

/* About how many tokens a text will cost, cheaply, to size batches and progress. */
size_t observer_guess_tokens(const struct observer_options *options,
                             const struct observed_text *text, unsigned needs);

#endif
