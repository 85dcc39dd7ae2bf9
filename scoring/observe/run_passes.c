/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/observe/observe.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/observe/observe_private.h"
#include "scoring/observe/segment.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* Sequences of a call at most, and before one those that it is compared with: so that neither
 * memory nor time grows with samples that share nearly everything. */
enum { CALL_MAX = 4096, NEIGHBOURS_MAX = 128 };

int observer_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                 const struct observer_options *options, struct observer **out,
                 struct error *err)
{
    if (!model_tokenizer(model))
        return error_set(err, ERR_UNSUPPORTED,
                         "the model file carries no vocabulary, so it cannot score text");

    struct observer *observer = calloc(1, sizeof *observer);
    if (!observer)
        return error_nomem(err);
    arena_init(&observer->scratch);
    observer->model = model;
    observer->tokenizer = model_tokenizer(model);
    observer->options = *options;
    if (session_new(model, kernels, pool, &observer->session, err) < 0 ||
        (options->ntk_factor > 0 &&
         session_stretch_ntk(observer->session, options->ntk_factor, err) < 0)) {
        observer_free(observer);
        return -1;
    }
    if (options->most_bytes > 0)
        session_set_max_bytes(observer->session, options->most_bytes);
    *out = observer;
    return 0;
}

void observer_free(struct observer *observer)
{
    if (!observer)
        return;
    session_free(observer->session);
    arena_release(&observer->scratch);
    free(observer);
}

static size_t job_tokens(const struct job *job)
{
    const struct prompt *prompt = job->prompt;

    if (job->kind == JOB_READY)
        return job->ready.n_tokens;
    if (job->kind == JOB_ALONE)
        return 1 + job->n_response;
    return prompt->n_head + (job->part.end - job->part.start) + prompt->n_tail -
           (job->cut.end - job->cut.start) + job->n_response - job->before - job->n_skipped;
}

static int32_t *add_ids(int32_t *to, const int32_t *ids, size_t n)
{
    if (n > 0)
        memcpy(to, ids, n * sizeof *ids);
    return to + n;
}

/* The same for a piece of which *n_skipped may be left out, and what is left of them. */
static int32_t *add_piece(int32_t *to, const int32_t *ids, size_t n, size_t *n_skipped)
{
    const size_t skip = n < *n_skipped ? n : *n_skipped;

    *n_skipped -= skip;
    return add_ids(to, ids + skip, n - skip);
}

static void join_pieces(const struct observer *observer, const struct job *job, int32_t *to)
{
    const struct prompt *prompt = job->prompt;
    const int32_t *context = prompt->ids.ids + prompt->n_head;
    const int32_t *tail = context + prompt->n_context;
    const int32_t start_token = tokenizer_bos(observer->tokenizer);
    size_t skip = job->n_skipped;

    if (job->kind == JOB_ALONE) {
        to = add_ids(to, &start_token, 1);
    } else {
        to = add_piece(to, prompt->ids.ids, prompt->n_head, &skip);
        to = add_piece(to, context + job->part.start, job->part.end - job->part.start, &skip);
        to = add_piece(to, tail, job->cut.start, &skip);
        to = add_piece(to, tail + job->cut.end, prompt->n_tail - job->cut.end, &skip);
    }
    add_ids(to, tail + prompt->n_tail, job->n_response - job->before);
}

/* Ask for the attention that the response pays to each segment of the whole. */
static int add_attention(const struct job *job, struct arena *scratch,
                         struct sequence *sequence, struct error *err)
{
    const struct observation *observation = job->observation;
    const size_t n = observation->n_segments;
    struct span *spans = arena_alloc(scratch, n, sizeof *spans);
    double *attention = arena_alloc(scratch, n, sizeof *attention);

    if (!spans || !attention)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct segment *segment = &observation->segments[i];

        spans[i] = (struct span){ job->prompt->n_head + segment->tok_start,
                                  job->prompt->n_head + segment->tok_end };
    }
    sequence->spans = spans;
    sequence->n_spans = n;
    sequence->attention = attention;
    sequence->attention_by_head = observation->attention_by_head;
    return 0;
}

/* The responses that this pass and those that share it score, in order. */
static int add_score_spans(const struct job *job, struct arena *scratch,
                           struct sequence *sequence, struct error *err)
{
    size_t n = 0;

    for (const struct job *at = job; at; at = at->shorter)
        n++;
    struct span *spans = arena_alloc(scratch, n, sizeof *spans);
    if (!spans)
        return error_nomem(err);
    sequence->n_score_spans = n;
    sequence->score_spans = spans;
    for (const struct job *at = job; at; at = at->shorter) {
        const size_t end = job_tokens(at);

        spans[--n] = (struct span){ end - at->n_response, end };
    }
    sequence->score_from = spans[0].start;
    return 0;
}

static int make_sequence(const struct observer *observer, const struct job *job, unsigned needs,
                         struct arena *scratch, struct sequence *out, struct error *err)
{
    const size_t n_tokens = job_tokens(job);
    int32_t *ids;

    if (job->kind == JOB_READY) {
        *out = job->ready;
        return 0;
    }
    ids = arena_alloc(scratch, n_tokens, sizeof *ids);
    if (!ids)
        return error_nomem(err);
    join_pieces(observer, job, ids);
    *out = (struct sequence){ .tokens = ids,
                              .n_tokens = n_tokens,
                              .score_from = n_tokens - job->n_response,
                              .attend_from = n_tokens - job->n_response };
    if (job->shorter && add_score_spans(job, scratch, out, err) < 0)
        return -1;
    if (job->scored) {
        out->nll_nats = arena_alloc(scratch, n_tokens - out->score_from, sizeof *out->nll_nats);
        if (!out->nll_nats)
            return error_nomem(err);
    }
    if (job->kind == JOB_WHOLE && (needs & NEED_POOLED))
        observe_add_pooled(observer, job, out);
    if (job->kind == JOB_WHOLE && (needs & NEED_USER_MASS) &&
        observe_add_user_mass(observer, job, scratch, out, err) < 0)
        return -1;
    return job->attended ? add_attention(job, scratch, out, err) : 0;
}

static double mean(const double *values, size_t n)
{
    struct sum sum = { 0 };

    for (size_t i = 0; i < n; i++)
        sum_add(&sum, values[i]);
    return sum_value(&sum) / (double)n;
}

/* A span may be less than its segment, whose other keys count as zeros. */
static void take_ready_attention(const struct job *job, const struct sequence *sequence,
                                 size_t i)
{
    const struct span *span = &sequence->spans[i];
    struct segment *segment = &job->segment[i];
    const double n_span = (double)(span->end - span->start);
    const double n = (double)(segment->tok_end - segment->tok_start);

    segment->attention = sequence->attention[i] * n_span / n;
    if (!sequence->attention_by_head)
        return;
    const size_t n_cells = job->observation->n_layers * job->observation->n_heads;
    for (size_t c = i * n_cells; c < (i + 1) * n_cells; c++)
        sequence->attention_by_head[c] = sequence->attention_by_head[c] * n_span / n;
}

static void take_ready(const struct job *job, const struct sequence *sequence)
{
    const size_t n = sequence->n_tokens - sequence->score_from;

    if (sequence->nll_nats) {
        const double by = (double)(job->divide_by > 0 ? job->divide_by : n);
        const double nll = mean(sequence->nll_nats, n) * (double)n / by;

        if (job->mean_nll_nats)
            *job->mean_nll_nats = nll;
        for (size_t i = 0; job->segment && i <= job->n_alike; i++)
            job->segment[i].nll_nats = nll;
    }
    for (size_t i = 0; sequence->attention && i < sequence->n_spans; i++)
        take_ready_attention(job, sequence, i);
}

static void take_results(const struct job *job, const struct sequence *sequence)
{
    struct observation *observation = job->observation;
    double nll = 0;

    if (job->kind == JOB_READY) {
        take_ready(job, sequence);
        return;
    }
    if (job->scored)
        nll =
            mean(sequence->nll_nats + job_tokens(job) - job->n_response - sequence->score_from,
                 job->n_response);
    if (job->segment)
        job->segment->nll_nats = nll;
    if (job->kind == JOB_ALONE)
        observation->nll_alone_nats = nll;
    else if (job->kind == JOB_NEAR)
        observation->nll_near_nats = nll;
    else if (job->kind == JOB_WHOLE)
        observation->nll_nats = nll;
    for (size_t i = 0; job->attended && i < observation->n_segments; i++)
        observation->segments[i].attention = sequence->attention[i];
}

/* How many tokens of the sequence behind n others in a call these have computed. */
static size_t shared_tokens(const struct observer *observer, const struct sequence *sequences,
                            size_t n)
{
    size_t most = 0;

    /* The nearest are the likeliest to be of the same context. */
    for (size_t i = n; i-- > 0 && n - i <= NEIGHBOURS_MAX;) {
        const size_t shared =
            session_shared_tokens(observer->session, &sequences[i], &sequences[n]);

        most = shared > most ? shared : most;
    }
    return most;
}

/* Make sequences of the first of n jobs, as many as are run in one call: *n_made, at least one.
 * What they share is on top of the tokens of a call, or the next call would do it again; for
 * the same reason sequences that share most of theirs are left to it together, where that
 * leaves enough for this one. */
static int make_call(struct observer *observer, const struct job *jobs, size_t n,
                     unsigned needs, struct sequence **out, size_t *n_made, struct error *err)
{
    struct arena *scratch = &observer->scratch;
    size_t room = observer->options.batch_tokens;
    size_t n_tokens = 0, most_shared = 0, made = 0;
    size_t group = 0, n_before_group = 0; /* the first of those that share most */

    arena_clear(scratch);
    n = n < CALL_MAX ? n : CALL_MAX;
    struct sequence *sequences = arena_alloc(scratch, n, sizeof *sequences);
    if (!sequences)
        return error_nomem(err);
    for (; made < n && (made == 0 || n_tokens < room); made++) {
        if (make_sequence(observer, &jobs[made], needs, scratch, &sequences[made], err) < 0)
            return -1;
        const size_t shared = shared_tokens(observer, sequences, made);
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

static int run_list(struct observer *observer, const struct job_list *list, unsigned needs,
                    struct error *err)
{
    const struct observer_options *options = &observer->options;
    size_t n_total = 0, n_done = 0, n = 0;

    for (size_t i = 0; i < list->n; i++)
        n_total += job_tokens(&list->jobs[i]);
    for (size_t at = 0; at < list->n; at += n) {
        const struct job *jobs = &list->jobs[at];
        struct sequence *sequences = NULL;
        size_t n_tokens = 0;

        if (make_call(observer, jobs, list->n - at, needs, &sequences, &n, err) < 0 ||
            session_eval(observer->session, sequences, n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++) {
            n_tokens += job_tokens(&jobs[i]);
            for (const struct job *job = &jobs[i]; job; job = job->shorter)
                take_results(job, &sequences[i]);
        }
        n_done += n_tokens;
        observer->n_tokens += n_tokens;
        const int signal =
            options->step ? options->step(options->step_arg, n_done, n_total) : 0;
        if (signal && at + n < list->n) /* what is complete is not thrown away */
            return error_set_sys(err, ERR_CANCELLED, signal, "stopped by signal %d", signal);
    }
    return 0;
}

/* texts is NULL where only the prompts are known. */
static int run_samples(struct observer *observer, const struct prompt *prompts,
                       const struct observed_text *texts, size_t n, unsigned needs,
                       struct arena *arena, struct observation *out, struct error *err)
{
    struct job_list list = { .n = 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = observe_plan(observer, &prompts[i], texts ? &texts[i] : NULL, needs, arena,
                          &out[i], &list, err);
    if (rc == 0)
        rc = run_list(observer, &list, needs, err);
    free(list.jobs);
    return rc;
}

int observer_run_prompts(struct observer *observer, const struct prompt *prompts, size_t n,
                         unsigned needs, struct arena *arena, struct observation *out,
                         struct error *err)
{
    return run_samples(observer, prompts, NULL, n, needs, arena, out, err);
}

int observer_run(struct observer *observer, const struct observed_text *texts, size_t n,
                 unsigned needs, struct arena *arena, struct observation *out,
                 struct error *err)
{
    struct prompt *prompts = calloc(n ? n : 1, sizeof *prompts);

    if (!prompts)
        return error_nomem(err);
    int rc = observe_build_prompts(observer, texts, n, prompts, err);
    if (rc == 0)
        rc = run_samples(observer, prompts, texts, n, needs, arena, out, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (!texts[i].response.ptr)
            out[i].reason = "no_response";
    if (rc == 0)
        rc = observe_keep_prompts(observer, texts, n, prompts, err);
    for (size_t i = 0; i < n; i++)
        prompt_release(&prompts[i]);
    free(prompts);
    return rc;
}

uint64_t observer_tokens(const struct observer *observer)
{
    return observer->n_tokens;
}

size_t observer_guess_tokens(const struct observer_options *options,
                             const struct observed_text *text, unsigned needs)
{
    const size_t bytes_per_token = 4; /* English under most vocabularies */
    const size_t response = text->response.len / bytes_per_token + 1;
    size_t tail = text->instruction.len / bytes_per_token + 16;
    size_t context = text->context.len / bytes_per_token;
    size_t n = 0;

    if (text->dialogue) {
        tail = text->dialogue->system.len / bytes_per_token + 16;
        for (size_t i = 0; i < text->response_turn; i++)
            tail += text->dialogue->turns[i].text.len / bytes_per_token + 8;
        if (tail > options->max_tokens)
            tail = options->max_tokens;
    }
    if (context > options->max_tokens)
        context = options->max_tokens;
    if (options->prompt_window > 0 && context > options->prompt_window)
        context = options->prompt_window;
    if (needs & NEED_REACH)
        n += context;
    if (needs & NEED_PAIRS)
        n += observe_guess_pairs(options, context);
    if (needs & (NEED_ANSWER | NEED_RATING))
        n += context + tail + response;
    if (slice_is_blank(text->response))
        return n;
    if (needs & (NEEDS_WHOLE | NEED_SEGMENTS))
        n += context + tail + response;
    if (needs & NEED_NLL_NEAR)
        n +=
            (context < options->near_tokens ? context : options->near_tokens) + tail + response;
    if (needs & NEED_NLL_INSTRUCTION)
        n += tail;
    if (needs & NEED_NLL_ALONE)
        n += response;
    if (needs & NEED_SEGMENTS)
        n += context + context / options->segment_tokens * (tail + response);
    return n;
}
