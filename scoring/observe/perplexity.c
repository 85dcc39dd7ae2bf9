/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/observe/perplexity.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/forward/session.h"
#include "scoring/sum.h"

enum { WINDOWS_MAX = 64 }; /* in one call */

struct window_walk {
    const struct perplexity_options *options;
    const int32_t *tokens;
    size_t n;
    size_t start;  /* of the next window */
    size_t scored; /* end of the last window: the tokens before are done */
};

/* The next window. False when all tokens are scored. */
static bool next_window(struct window_walk *walk, struct sequence *out)
{
    if (walk->scored >= walk->n)
        return false;
    const size_t left = walk->n - walk->start;
    const size_t n_tokens = left < walk->options->context ? left : walk->options->context;
    const size_t from = walk->scored - walk->start;

    *out = (struct sequence){ .tokens = walk->tokens + walk->start,
                              .n_tokens = n_tokens,
                              .score_from = from > 0 ? from : 1 };
    walk->scored = walk->start + n_tokens;
    walk->start += walk->options->stride;
    return true;
}

/* Fill `windows` for one call. Returns their number, 0 at the end. */
static size_t next_windows(struct window_walk *walk, struct sequence *windows)
{
    size_t n = 0, n_tokens = 0;

    while (n < WINDOWS_MAX && (n == 0 || n_tokens < walk->options->batch_tokens) &&
           next_window(walk, &windows[n]))
        n_tokens += windows[n++].n_tokens;
    return n;
}

/* Run the windows and add their NLLs to the sum. values has room for all NLLs. */
static int run_windows(struct session *session, struct sequence *windows, size_t n,
                       double *values, struct sum *sum, size_t *n_scored, struct error *err)
{
    for (size_t i = 0, at = 0; i < n; i++) {
        windows[i].nll_nats = values + at;
        at += windows[i].n_tokens - windows[i].score_from;
    }
    if (session_eval(session, windows, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const size_t n_values = windows[i].n_tokens - windows[i].score_from;

        for (size_t j = 0; j < n_values; j++)
            sum_add(sum, windows[i].nll_nats[j]);
        *n_scored += n_values;
    }
    return 0;
}

int perplexity_run(struct session *session, const int32_t *tokens, size_t n,
                   const struct perplexity_options *options, struct perplexity *out,
                   struct error *err)
{
    struct window_walk walk = { .options = options, .tokens = tokens, .n = n };
    struct sequence windows[WINDOWS_MAX];
    struct sum sum = { 0 };
    double *values = calloc(options->batch_tokens + options->context, sizeof *values);
    int rc = -1;

    *out = (struct perplexity){ .n_windows = 0 };
    if (!values)
        return error_nomem(err);
    for (size_t n_windows; (n_windows = next_windows(&walk, windows)) > 0;) {
        if (run_windows(session, windows, n_windows, values, &sum, &out->n_scored, err) < 0)
            goto done;
        out->n_windows += n_windows;
        const int signal =
            options->progress ? options->progress(options->progress_arg, out->n_scored) : 0;
        if (signal) {
            error_set_sys(err, ERR_CANCELLED, signal, "stopped by signal %d", signal);
            goto done;
        }
    }
    out->mean_nll_nats = sum_value(&sum) / (double)out->n_scored;
    rc = 0;
done:
    free(values);
    return rc;
}
