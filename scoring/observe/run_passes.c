/* SPDX-License-Identifier: Apache-2.0 */
/* Run planned passes through the model, many in a call, and write their results into the
 * observations. */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"
#include "scoring/sum.h"

/* Limits of a call: its sequences, and the earlier sequences that each is compared with to find
 * a common prefix. They bound memory and time when samples share almost all of their tokens. */
enum { CALL_SEQUENCES_MAX = 4096, NEIGHBOURS_MAX = 128 };

static size_t pass_tokens(const struct pass *pass)
{
    const struct prompt *prompt = pass->prompt;

    if (pass->kind == PASS_READY)
        return pass->ready.n_tokens;
    if (pass->kind == PASS_ALONE)
        return 1 + pass->n_response;
    return prompt->n_head + (pass->context.end - pass->context.start) + prompt->n_tail -
           (pass->tail_cut.end - pass->tail_cut.start) + pass->n_response -
           pass->attend_before - pass->n_skipped;
}

/* Tokens at the start of the pass that a pass of another sample with the same context shares.
 */
static size_t pass_shared_tokens(const struct pass *pass)
{
    size_t n = pass->n_context_end;

    if (pass->kind == PASS_ALONE)
        return 0;
    if (pass->kind != PASS_READY) {
        if (pass->n_skipped > 0 || pass->observation->truncated)
            return 0;
        n = pass->prompt->n_head + pass->context.end - pass->context.start;
    }
    return n / SESSION_SHARED_BLOCK * SESSION_SHARED_BLOCK;
}

void observe_count_passes(const struct pass_list *list, struct token_count *out)
{
    *out = (struct token_count){ .n_tokens = 0 };
    for (size_t i = 0; i < list->n; i++) {
        const size_t n = pass_tokens(&list->passes[i]);

        out->n_tokens += n;
        out->n_shared += pass_shared_tokens(&list->passes[i]);
        out->longest = n > out->longest ? n : out->longest;
    }
}

/* Copy n ids to `to`. Returns the end of the copy. */
static int32_t *copy_ids(int32_t *to, const int32_t *ids, size_t n)
{
    if (n > 0)
        memcpy(to, ids, n * sizeof *ids);
    return to + n;
}

/* The same without the first *n_skipped ids; *n_skipped becomes the number still to skip. */
static int32_t *copy_ids_after(int32_t *to, const int32_t *ids, size_t n, size_t *n_skipped)
{
    const size_t skip = n < *n_skipped ? n : *n_skipped;

    *n_skipped -= skip;
    return copy_ids(to, ids + skip, n - skip);
}

/* Write the pass_tokens() ids of a pass to `to`. */
static void join_pieces(const struct observer *observer, const struct pass *pass, int32_t *to)
{
    const struct prompt *prompt = pass->prompt;
    const int32_t *context = prompt->ids.ids + prompt->n_head;
    const int32_t *tail = context + prompt->n_context;
    const int32_t start_token = tokenizer_bos(observer->tokenizer);
    size_t skip = pass->n_skipped;

    if (pass->kind == PASS_ALONE) {
        to = copy_ids(to, &start_token, 1);
    } else {
        to = copy_ids_after(to, prompt->ids.ids, prompt->n_head, &skip);
        to = copy_ids_after(to, context + pass->context.start,
                            pass->context.end - pass->context.start, &skip);
        to = copy_ids_after(to, tail, pass->tail_cut.start, &skip);
        to = copy_ids_after(to, tail + pass->tail_cut.end, prompt->n_tail - pass->tail_cut.end,
                            &skip);
    }
    copy_ids(to, tail + prompt->n_tail, pass->n_response - pass->attend_before);
}

/* Request the response's attention to each segment of the observation. */
static int request_attention(const struct pass *pass, struct arena *scratch,
                             struct sequence *sequence, struct error *err)
{
    const struct observation *observation = pass->observation;
    const size_t n = observation->n_segments;
    struct span *spans = arena_alloc(scratch, n, sizeof *spans);
    double *attention = arena_alloc(scratch, n, sizeof *attention);

    if (!spans || !attention)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct segment *segment = &observation->segments[i];

        spans[i] = (struct span){ pass->prompt->n_head + segment->tok_start,
                                  pass->prompt->n_head + segment->tok_end };
    }
    sequence->spans = spans;
    sequence->n_spans = n;
    sequence->attention = attention;
    sequence->attention_by_head = observation->attention_by_head;
    return 0;
}

/* Request the NLLs of the responses of this pass and of its shorter passes, in order. */
static int request_nll_of_all(const struct pass *pass, struct arena *scratch,
                              struct sequence *sequence, struct error *err)
{
    size_t n = 0;

    for (const struct pass *at = pass; at; at = at->shorter)
        n++;
    struct span *spans = arena_alloc(scratch, n, sizeof *spans);
    if (!spans)
        return error_nomem(err);
    sequence->n_score_spans = n;
    sequence->score_spans = spans;
    for (const struct pass *at = pass; at; at = at->shorter) {
        const size_t end = pass_tokens(at);

        spans[--n] = (struct span){ end - at->n_response, end };
    }
    sequence->score_from = spans[0].start;
    return 0;
}

static int make_sequence(const struct observer *observer, const struct pass *pass,
                         unsigned needs, struct arena *scratch, struct sequence *out,
                         struct error *err)
{
    const size_t n_tokens = pass_tokens(pass);
    int32_t *ids;

    if (pass->kind == PASS_READY) {
        *out = pass->ready;
        return 0;
    }
    ids = arena_alloc(scratch, n_tokens, sizeof *ids);
    if (!ids)
        return error_nomem(err);
    join_pieces(observer, pass, ids);
    *out = (struct sequence){ .tokens = ids,
                              .n_tokens = n_tokens,
                              .score_from = n_tokens - pass->n_response,
                              .attend_from = n_tokens - pass->n_response };
    if (pass->shorter && request_nll_of_all(pass, scratch, out, err) < 0)
        return -1;
    if (pass->wants_nll) {
        out->nll_nats = arena_alloc(scratch, n_tokens - out->score_from, sizeof *out->nll_nats);
        if (!out->nll_nats)
            return error_nomem(err);
    }
    if (pass->kind == PASS_WHOLE && (needs & NEEDS_POOLED))
        observe_request_pooled(observer, pass, out);
    if (pass->kind == PASS_WHOLE && (needs & NEED_USER_MASS) &&
        observe_request_user_mass(observer, pass, scratch, out, err) < 0)
        return -1;
    return pass->wants_attention ? request_attention(pass, scratch, out, err) : 0;
}

static double mean_of(const double *values, size_t n)
{
    struct sum sum = { 0 };

    for (size_t i = 0; i < n; i++)
        sum_add(&sum, values[i]);
    return sum_value(&sum) / (double)n;
}

/* A span may cover only a part of its segment; the segment's other keys count as zeros. */
static void receive_ready_attention(const struct pass *pass, const struct sequence *sequence,
                                    size_t i)
{
    const struct span *span = &sequence->spans[i];
    struct segment *segment = &pass->segment[i];
    const double n_span = (double)(span->end - span->start);
    const double n = (double)(segment->tok_end - segment->tok_start);

    segment->attention = sequence->attention[i] * n_span / n;
    if (!sequence->attention_by_head)
        return;
    const size_t n_cells = pass->observation->n_layers * pass->observation->n_heads;
    for (size_t c = i * n_cells; c < (i + 1) * n_cells; c++)
        sequence->attention_by_head[c] = sequence->attention_by_head[c] * n_span / n;
}

static void receive_ready(const struct pass *pass, const struct sequence *sequence)
{
    const size_t n = sequence->n_tokens - sequence->score_from;

    if (sequence->nll_nats) {
        const double by = (double)(pass->divide_by > 0 ? pass->divide_by : n);
        const double nll = mean_of(sequence->nll_nats, n) * (double)n / by;

        if (pass->mean_nll_nats)
            *pass->mean_nll_nats = nll;
        for (size_t i = 0; pass->segment && i <= pass->n_alike; i++)
            pass->segment[i].nll_nats = nll;
    }
    for (size_t i = 0; sequence->attention && i < sequence->n_spans; i++)
        receive_ready_attention(pass, sequence, i);
}

/* The sequence is longer than the pass if it was run for a longer pass with this prefix. */
static void receive_results(const struct pass *pass, const struct sequence *sequence)
{
    struct observation *observation = pass->observation;
    double nll = 0;

    if (pass->kind == PASS_READY) {
        receive_ready(pass, sequence);
        return;
    }
    if (pass->wants_nll) {
        const size_t response = pass_tokens(pass) - pass->n_response;

        nll = mean_of(sequence->nll_nats + response - sequence->score_from, pass->n_response);
    }
    if (pass->segment)
        pass->segment->nll_nats = nll;
    if (pass->kind == PASS_ALONE)
        observation->nll_alone_nats = nll;
    else if (pass->kind == PASS_NEAR)
        observation->nll_near_nats = nll;
    else if (pass->kind == PASS_WHOLE)
        observation->nll_nats = nll;
    for (size_t i = 0; pass->wants_attention && i < observation->n_segments; i++)
        observation->segments[i].attention = sequence->attention[i];
}

/* How many tokens of sequences[n] the call computes once for it and an earlier sequence. */
static size_t shared_prefix_tokens(const struct observer *observer,
                                   const struct sequence *sequences, size_t n)
{
    size_t most = 0;

    /* The nearest sequences are the most likely to have the same context. */
    for (size_t i = n; i-- > 0 && n - i <= NEIGHBOURS_MAX;) {
        const size_t shared =
            session_shared_tokens(observer->session, &sequences[i], &sequences[n]);

        most = shared > most ? shared : most;
    }
    return most;
}

/*
 * Make the sequences of the next call from the first of n passes: *n_made, at least one.
 *
 * Shared prefix tokens do not count against batch_tokens, because a call that ended earlier
 * would leave them to the next call to compute again. For the same reason a group of sequences
 * with a common prefix is left to the next call if it does not fit, provided that the sequences
 * before it make at least half of batch_tokens.
 */
static int make_call(struct observer *observer, const struct pass *passes, size_t n,
                     unsigned needs, struct sequence **out, size_t *n_made, struct error *err)
{
    struct arena *scratch = &observer->scratch;
    size_t room = observer->options.batch_tokens;
    size_t n_tokens = 0, most_shared = 0, made = 0;
    size_t group = 0,
           n_before_group = 0; /* first sequence of the group, and tokens before it */

    arena_clear(scratch);
    n = n < CALL_SEQUENCES_MAX ? n : CALL_SEQUENCES_MAX;
    struct sequence *sequences = arena_alloc(scratch, n, sizeof *sequences);
    if (!sequences)
        return error_nomem(err);
    for (; made < n && (made == 0 || n_tokens < room); made++) {
        if (make_sequence(observer, &passes[made], needs, scratch, &sequences[made], err) < 0)
            return -1;
        const size_t shared = shared_prefix_tokens(observer, sequences, made);
        if (shared > most_shared) {
            room += shared - most_shared;
            most_shared = shared;
        }
        if (shared < sequences[made].n_tokens / 2 && sequences[made].n_tokens >= most_shared) {
            group = made;
            n_before_group = n_tokens;
        }
        n_tokens += sequences[made].n_tokens - shared;
        if (made > 0 && n_tokens > room) {
            if (group > 0 && n_before_group >= observer->options.batch_tokens / 2)
                made = group;
            break;
        }
    }
    *out = sequences;
    *n_made = made;
    return 0;
}

int observe_run_passes(struct observer *observer, const struct pass_list *list, unsigned needs,
                       struct error *err)
{
    const struct observer_options *options = &observer->options;
    size_t n_total = 0, n_done = 0, n = 0;

    for (size_t i = 0; i < list->n; i++)
        n_total += pass_tokens(&list->passes[i]);
    for (size_t at = 0; at < list->n; at += n) {
        const struct pass *passes = &list->passes[at];
        struct sequence *sequences = NULL;
        size_t n_tokens = 0;

        if (make_call(observer, passes, list->n - at, needs, &sequences, &n, err) < 0 ||
            session_eval(observer->session, sequences, n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++) {
            n_tokens += pass_tokens(&passes[i]);
            for (const struct pass *pass = &passes[i]; pass; pass = pass->shorter)
                receive_results(pass, &sequences[i]);
        }
        n_done += n_tokens;
        observer->n_tokens += n_tokens;
        const int signal =
            options->progress ? options->progress(options->progress_arg, n_done, n_total) : 0;
        if (signal && at + n < list->n) /* after the last call there is nothing left to stop */
            return error_set_sys(err, ERR_CANCELLED, signal, "stopped by signal %d", signal);
    }
    return 0;
}
