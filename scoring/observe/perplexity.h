/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perplexity.h - the likelihood of a long text, in windows that a model can see.
 *
 * Windows of `context` tokens start every `stride` tokens. Each token is scored once, in the
 * first window that reaches it, so that after the first window a token has at least
 * context - stride tokens before it. This is how perplexity on WikiText is reported for models
 * of a fixed window. stride = context gives windows side by side; a token that begins a window
 * has nothing before it then and is not scored, as is the first of all.
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
    size_t batch_tokens; /* how many tokens to run together, about; does not change results */
    /* Called now and then with how many tokens are scored; other than 0 is the signal that asks
     * to stop: the run ends with ERR_CANCELLED. May be NULL. */
    int (*step)(void *arg, size_t n_scored);
    void *step_arg;
};

struct perplexity {
    size_t n_windows;
    size_t n_scored;
    double mean_nll_nats; /* over the scored tokens; its exp() is the perplexity */
};

/* n >= 2 token ids. */
int perplexity_run(struct session *session, const int32_t *tokens, size_t n,
                   const struct perplexity_options *options, struct perplexity *out,
                   struct error *err);

#endif
