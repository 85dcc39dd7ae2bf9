/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe.h - run samples through a model and return the quantities that scorers need.
 *
 * An observer turns a sample's text into token sequences with a prompt template (prompt.h). It
 * runs the sequences of many samples through one model in ragged batches (forward/session.h).
 * Sources: GATEAU (arXiv 2410.15633) for the segment quantities, Cherry LLM (2308.12032) and
 * Superfiltering (2402.00530) for the two NLLs.
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
struct prompt_cache;
struct prompt_template;

/* A segment of a context. Positions count tokens of the context, after any truncation. */
struct segment {
    size_t tok_start;
    size_t tok_end;
    /* Mean probability per key position, averaged over layers, heads and response rows. */
    double attention;
    /* NLL of the response with this segment as its only context, mean over response tokens. */
    double nll_nats;
};

/* The possible answers to a question about the sample. */
enum { ANSWERS_MAX = 6 };
struct answers {
    const char *reason; /* static: answers_alike, too_long, ...; NULL if there are numbers */
    bool truncated;     /* the context lost tokens on the left */
    double nll_nats[ANSWERS_MAX]; /* of the first token of each answer */
};

/* NLL of segment i of a document with segment j before it. */
struct segment_pair {
    size_t i;
    size_t j;
    double nll_nats;
};

/* A sample's context as a document of its own, without prompt and response. */
struct document {
    const char *reason;       /* static: no_context, context_too_short, ...; NULL for none */
    const char *pairs_reason; /* the same for the members of NEED_PAIRS */
    bool truncated;           /* the context lost tokens on the right */
    size_t n_tokens;
    double reach[2]; /* session.h: strength, variance */
    /* NEED_PAIRS, in the arena: mean NLL of each segment of segment_tokens tokens without its
     * first token, and the same for pairs of segments. */
    double *single_nll_nats;
    size_t n_singles;
    struct segment_pair *pairs;
    size_t n_pairs;
};

/* How cas is computed from segments. A zeroed struct is GATEAU's definition. */
struct cas_options {
    bool centred;    /* Pearson's correlation instead of the cosine */
    bool drop_first; /* leave out the first segment, the attention sink */
    enum segment_importance {
        IMPORTANCE_PPL,     /* exp(nll) of the segment */
        IMPORTANCE_NLL,     /* nll of the segment */
        IMPORTANCE_SOFTMAX, /* softmax over the segments of exp(nll) */
    } importance;
};

/*
 * The quantities of one sample. A quantity is valid only if it was requested by its NEED_ bit
 * (scorer.h) and there is no reason against it. Reasons are static strings, NULL for none.
 */
struct observation {
    const char *reason; /* why the sample has no quantities at all */
    bool truncated;     /* to fit max_tokens, the context lost tokens or the dialogue its oldest
                           turns */
    size_t n_response_tokens;
    size_t n_response_bytes;
    const char *nll_reason;   /* why nll_nats is missing */
    double nll_nats;          /* mean over response tokens */
    double nll_near_nats;     /* the same with only the context's last near_tokens tokens */
    const char *alone_reason; /* why nll_alone_nats is missing: no_bos, ... */
    double nll_alone_nats;    /* mean over response tokens */

    struct segment *segments; /* NEED_SEGMENTS; in the arena */
    size_t n_segments;        /* 0 without a context */
    /* NEED_BY_HEAD, in the arena, else NULL: the attention of layer l and head h to segment s
     * is at [(s * n_layers + l) * n_heads + h]. The mean over l and h is segments[s].attention.
     */
    double *attention_by_head;
    size_t n_layers;
    size_t n_heads;
    struct cas_options cas_options; /* set by the caller; read by the scorer cas */

    size_t n_instruction_tokens;
    const char *instruction_reason; /* why there is no nll_instruction_nats: no_bos, ... */
    double nll_instruction_nats;
    double *pooled; /* n_pooled, in the arena: mean of the last states of all tokens but BOS */
    double *pooled_weighted; /* the same with weights 1, 2, 3 and so on */
    size_t n_pooled;
    const char *user_reason; /* why there is no user_mass: no_user_text */
    double user_mass; /* attention to the user's text in one layer: the maximum over heads, mean
                         over response rows */
    struct answers yes_or_no; /* Yes, No */
    struct answers rating;    /* 1 to 6 */
    struct document document;
};

struct observer_options {
    size_t max_tokens; /* longest sequence. A longer one loses context tokens; if that is not
                          enough, the oldest turns of the dialogue */
    /* The passes for segments. A limit of 0 is no limit. */
    size_t segment_tokens;
    size_t max_segments;
    enum segment_last last_segment;
    size_t response_tokens;    /* keep only the first tokens of the response */
    size_t instruction_tokens; /* keep only the first tokens of the instruction */
    bool attend_before;        /* attention of the rows that predict the response's tokens
                                  instead of the rows at the response's tokens */
    bool cut_segments_right;   /* a context that is too long loses its right end */

    bool cut_right;       /* like cut_segments_right, for all other passes */
    size_t batch_tokens;  /* goal for the tokens of a call; does not change results */
    size_t near_tokens;   /* context tokens that NEED_NLL_NEAR keeps */
    enum compat compat;   /* published code whose sequences to reproduce */
    uint64_t max_bytes;   /* memory limit of a call; 0: the memory that is available */
    const char *question; /* for NEED_YES_NO and NEED_RATING; NULL for none */
    size_t prompt_window; /* keep only the prompt's last tokens; 0: all */
    double ntk_factor;    /* for session_stretch_ntk(); 0: not stretched */
    const struct prompt_template *template;
    /* Caches that receive the prompts of a run, and that prompts built by another observer are
     * taken from. Borrowed; may be NULL. */
    struct prompt_cache *add_prompts_to;
    struct prompt_cache *take_prompts_from;
    /* Called after each call of the model, with the tokens done so far and in total. Returns 0,
     * or the number of the signal that asks to stop: the run then ends with ERR_CANCELLED. May
     * be NULL. */
    int (*progress)(void *arg, size_t n_done, size_t n_total);
    void *progress_arg;
};

/* Borrows model and pool until observer_free(), and what options points to. ERR_UNSUPPORTED if
 * the model has no vocabulary or cannot be stretched; ERR_NOMEM. */
int observer_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                 const struct observer_options *options, struct observer **out,
                 struct error *err);
void observer_free(struct observer *observer);

/*
 * Observe n samples; needs are bits of enum scorer_needs. out has n elements; what they point
 * to lies in the arena. Consecutive responses of one dialogue in texts share work.
 *
 * Reasons of a whole sample: no_response; empty_response (empty or white space);
 * not_tokenizable (the vocabulary lacks a byte of the text); too_long (the last question and
 * the response exceed max_tokens even without context and earlier turns). Errors are those of
 * session_eval(), and ERR_CANCELLED from options.progress.
 */
int observer_run(struct observer *observer, const struct observed_text *texts, size_t n,
                 unsigned needs, struct arena *arena, struct observation *out,
                 struct error *err);

/* How many tokens the observer has run so far. */
uint64_t observer_tokens(const struct observer *observer);

/* The tokens that observer_run() will run for some texts. */
struct token_count {
    uint64_t n_tokens; /* of all sequences, as observer_tokens() counts */
    uint64_t n_shared; /* of these, skipped if an earlier sample of the same call has the same
                          context */
    size_t longest;    /* of one sequence */
};
/* Count these tokens, by tokenising the texts and planning their passes. The texts are those of
 * one sample. Uses the arena for memory that the caller clears. Errors as observer_run(). */
int observer_count_tokens(struct observer *observer, const struct observed_text *texts,
                          size_t n, unsigned needs, struct arena *arena,
                          struct token_count *out, struct error *err);

/* Estimate the tokens of one text from its bytes, without tokenising it. May be wrong by half:
 * multiply by the ratio of counted to estimated tokens of similar samples. */
size_t observer_guess_tokens(const struct observer_options *options,
                             const struct observed_text *text, unsigned needs);

#endif
