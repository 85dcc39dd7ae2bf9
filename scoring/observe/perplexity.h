/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perplexity.h - the likelihood of a text that is longer than the model's context.
 *
 * Windows of `context` tokens start every `stride` tokens. Each token is scored once, in the
 * first window that contains it. After the first window, a scored token has at least
 * context - stride tokens before it. Perplexity on WikiText is reported this way for models
 * with a fixed context. With stride = context the windows do not overlap, and the first token
 * of each window is not scored. The text's first token is never scored.
 */
#ifndef CURATE_PERPLEXITY_H
#define CURATE_PERPLEXITY_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct session;

struct perplexity_options {
    size_t context;      /* 2 <= context */
    size_t stride;       /* 1 <= stride <= context */
    size_t batch_tokens; /* goal for the tokens of a call; does not change results */
    /* Called after each call of the model with the number of tokens scored so far. Returns 0,
     * or the number of the signal that asks to stop: the run then ends with ERR_CANCELLED. May
     * be NULL. */
    int (*progress)(void *arg, size_t n_scored);
    void *progress_arg;
};

struct perplexity {
    size_t n_windows;
    size_t n_scored;
    double mean_nll_nats; /* over the scored tokens; its exp() is the perplexity */
};

/* Score n >= 2 token ids. Fails as session_eval() does. */
int perplexity_run(struct session *session, const int32_t *tokens, size_t n,
                   const struct perplexity_options *options, struct perplexity *out,
                   struct error *err);

#endif
