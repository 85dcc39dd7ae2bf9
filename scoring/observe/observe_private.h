/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe_private.h - from samples to passes to observations.
 *
 * A pass is one token sequence that the model runs. build_prompts.c builds the prompts of
 * samples. The plan_*.c files decide which passes a sample needs and append them to a list.
 * run_passes.c runs the list, many passes in a call, and writes the results into the samples'
 * observations.
 */
#ifndef CURATE_OBSERVE_PRIVATE_H
#define CURATE_OBSERVE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scoring/infer/forward/session.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

struct error;
struct prompt;
struct tokenizer;

/* Needs that one pass over the whole prompt and response answers. */
enum { NEEDS_WHOLE = NEED_NLL | NEEDS_POOLED | NEED_USER_MASS };

struct observer {
    const struct model *model;
    const struct tokenizer *tokenizer;
    struct session *session;
    struct observer_options options;
    struct arena scratch; /* sequences of the current call */
    uint64_t n_tokens;    /* run so far */
};

enum pass_kind {
    PASS_WHOLE,     /* the prompt, with as much context as fits, and the response */
    PASS_NEAR,      /* the same with the end of the context only */
    PASS_ALONE,     /* a start token and the response */
    PASS_SEGMENT,   /* the prompt with one segment as its context, and the response */
    PASS_ATTENTION, /* PASS_WHOLE with the limits that hold for segments */
    PASS_READY,     /* a sequence that the planner put together itself */
};

struct pass {
    enum pass_kind kind;

    /* All kinds but PASS_READY: the sequence consists of pieces of the prompt. */
    const struct prompt *prompt;
    struct span context;     /* tokens of the prompt's context to include */
    struct span tail_cut;    /* tokens of the prompt's tail to leave out */
    size_t n_response;       /* tokens of the response to include, from its start */
    size_t n_skipped;        /* PASS_WHOLE: tokens to leave out at the start (prompt_window) */
    bool wants_nll;          /* NLL of the response */
    bool wants_attention;    /* the response's attention to the observation's segments */
    bool attend_before;      /* attention of the rows before the response's own */
    struct segment *segment; /* also receives the NLL of the response; NULL for none */
    /* PASS_WHOLE: another PASS_WHOLE whose sequence is a prefix of this one. It is not run: its
     * results are read from this pass. */
    const struct pass *shorter;

    struct observation *observation;

    /* PASS_READY. */
    struct sequence ready;
    size_t n_context_end;  /* tokens of ready up to the end of the sample's context; 0: ready
                              does not begin with the whole context */
    double *mean_nll_nats; /* receives the mean of ready's NLLs; NULL for none */
    /* With `segment`: segment[0 .. n_alike] receive the mean NLL, and from `segment` on each
     * receives the attention of its span of ready. */
    size_t n_alike;
    size_t divide_by; /* divide the sum of the NLLs by this instead of their number; 0: no */
};

/* Growing list; the caller frees `passes`. */
struct pass_list {
    struct pass *passes;
    size_t n;
    size_t cap;
    size_t last_whole; /* 1 + index of the last PASS_WHOLE, which a longer one may replace;
                          0: none */
};

/* One sample that is being planned. */
struct planning {
    const struct observer *observer;
    const struct prompt *prompt;
    const struct observed_text *text;
    unsigned needs;          /* bits of enum scorer_needs */
    struct arena *arena;     /* lasts until all passes have run */
    struct observation *out; /* zeroed, but for n_response_bytes */
    struct pass_list *list;
};

int pass_add(struct pass_list *list, const struct pass *pass, struct error *err);

/* A sequence that is joined from ids: `first` unless it is TOKEN_NONE, `before`, `after`. The
 * NLLs of after[skip ..] are requested; none if skip equals n_after. */
struct joined_ids {
    int32_t first;
    const int32_t *before;
    size_t n_before;
    const int32_t *after;
    size_t n_after;
    size_t skip;
};

/* Append a PASS_READY with the joined ids, which are copied into the arena. mean_nll_nats
 * receives the mean of the requested NLLs; it may be NULL. */
int pass_add_joined(const struct planning *planning, const struct joined_ids *joined,
                    double *mean_nll_nats, struct error *err);

/* Set *context to the context tokens that fit max_tokens beside the rest of the prompt. A
 * context that is too long loses its right or left end. False if the rest alone does not fit.
 */
bool observe_fit_context(const struct prompt *prompt, size_t max_tokens, bool cut_right,
                         struct span *context);

/* build_prompts.c: is there something to score: text that is not blank, or a call? */
bool observe_has_response(const struct observed_text *text);
/* build_prompts.c: build the prompts of n texts. prompts are zeroed; the caller releases each,
 * also after a failure. */
int observe_build_prompts(const struct observer *observer, const struct observed_text *texts,
                          size_t n, struct prompt *prompts, struct error *err);
/* Move the prompts into the cache options.add_prompts_to, if there is one. */
int observe_cache_prompts(const struct observer *observer, const struct observed_text *texts,
                          size_t n, struct prompt *prompts, struct error *err);

/* plan.c: append all passes of a sample. */
int observe_plan(const struct planning *planning, struct error *err);

/* A text as observer_guess_tokens() sees it: the tokens of its parts, estimated. */
struct guessed_parts {
    const struct observer_options *options;
    size_t context;  /* as far as it fits */
    size_t tail;     /* what is between context and response */
    size_t response; /* at least 1 */
    bool has_response;
};

/* A question about a sample. The list of scoring/meson.build names all: planner_NAME. */
struct planner {
    unsigned needs; /* bits of scorer_needs that it answers */
    /* Append the passes for these needs; set reasons in the observation. */
    int (*plan)(const struct planning *planning, struct error *err);
    /* Estimate the tokens of these passes. */
    size_t (*guess)(const struct guessed_parts *parts, unsigned needs);
};

/* plan_response.c: the same for the response given the prompt, parts of the context, or
 * nothing. Planned for every sample; the estimate is for a text with a response. */
int observe_plan_response(const struct planning *planning, struct error *err);
size_t observe_guess_response(const struct guessed_parts *parts, unsigned needs);
/* plan_compat.c: instead of all others, the sequences of options.compat. */
int observe_plan_compat(const struct planning *planning, struct error *err);

/* outputs.c: allocate results in the arena. */
int observe_new_pooled(const struct planning *planning, struct error *err);
/* Zeroed, for the observation's n_segments. */
int observe_new_by_head(const struct planning *planning, struct error *err);
/* outputs.c: request results from the sequence of a PASS_WHOLE. */
void observe_request_pooled(const struct observer *observer, const struct pass *pass,
                            struct sequence *sequence);
int observe_request_user_mass(const struct observer *observer, const struct pass *pass,
                              struct arena *scratch, struct sequence *sequence,
                              struct error *err);

/* run_passes.c: add up the tokens of the passes. */
void observe_count_passes(const struct pass_list *list, struct token_count *out);

/* run_passes.c: run all passes of the list and write their results. Fails as session_eval()
 * does, and with ERR_CANCELLED when options.progress asks to stop. */
int observe_run_passes(struct observer *observer, const struct pass_list *list, unsigned needs,
                       struct error *err);

#endif
