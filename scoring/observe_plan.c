/* SPDX-License-Identifier: Apache-2.0 */
/* Which sequences a sample becomes. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/tokenizer.h"
#include "scoring/observe_private.h"
#include "scoring/prompt.h"
#include "scoring/segment.h"

bool observe_fit(const struct prompt *prompt, size_t max_tokens, struct span *part)
{
    const size_t rest = prompt->n_head + prompt->n_tail + prompt->n_response;

    if (rest > max_tokens)
        return false;
    const size_t room = max_tokens - rest;
    part->start = prompt->n_context > room ? prompt->n_context - room : 0;
    part->end = prompt->n_context;
    return true;
}

int job_add(struct job_list *list, const struct job *job, struct error *err)
{
    if (list->n == list->cap) {
        const size_t cap = 2 * list->cap + 64;
        struct job *jobs = reallocarray(list->jobs, cap, sizeof *jobs);

        if (!jobs)
            return error_nomem(err);
        list->jobs = jobs;
        list->cap = cap;
    }
    list->jobs[list->n++] = *job;
    return 0;
}

/* Whether a whole sequence of one prompt is the beginning of that of another: then one pass
 * serves both. */
static bool begins(const struct job *job, const struct job *longer)
{
    const struct token_buf *ids = &job->prompt->ids;
    const struct token_buf *all = &longer->prompt->ids;

    return ids->n < all->n && job->part.start == 0 && longer->part.start == 0 &&
           memcmp(ids->ids, all->ids, ids->n * sizeof *ids->ids) == 0;
}

/* A pass over a whole sequence. One that goes on where another ended takes its place. */
static int add_whole(struct job_list *list, struct job job, unsigned needs,
                     struct arena *scratch, struct error *err)
{
    /* What is asked of states and attention is asked of one response's rows. */
    const bool only_nll = !(needs & (NEED_SEGMENTS | NEED_POOLED | NEED_USER_MASS));
    struct job *whole = list->whole > 0 ? &list->jobs[list->whole - 1] : NULL;

    job.kind = JOB_WHOLE;
    if (only_nll && whole && begins(whole, &job)) {
        struct job *shorter = arena_alloc(scratch, 1, sizeof *shorter);

        if (!shorter)
            return error_nomem(err);
        *shorter = *whole;
        job.shorter = shorter;
        *whole = job;
        return 0;
    }
    list->whole = list->n + 1;
    return job_add(list, &job, err);
}

/* The context's segments into the observation, and a job for each. */
static int plan_segments(const struct observer *observer, struct job job, struct arena *arena,
                         struct job_list *list, struct error *err)
{
    const size_t n_context = job.part.end - job.part.start;
    const size_t segment_tokens = observer->options.segment_tokens;
    const size_t n = segment_count(n_context, segment_tokens);
    struct segment *segments = arena_alloc(arena, n, sizeof *segments);

    if (!segments && n > 0)
        return error_nomem(err);
    job.observation->segments = segments;
    job.observation->n_segments = n;
    const size_t first = job.part.start;
    for (size_t i = 0; i < n; i++) {
        const struct span span = segment_span(n_context, segment_tokens, i);

        segments[i] = (struct segment){ .tok_start = span.start, .tok_end = span.end };
        job.kind = JOB_SEGMENT;
        job.segment = &segments[i];
        job.part = (struct span){ first + span.start, first + span.end };
        /* A single one in the context's place is the whole again. */
        if (n > 1 && job_add(list, &job, err) < 0)
            return -1;
    }
    return 0;
}

static int plan_dialogue(const struct observer *observer, const struct prompt *prompt,
                         unsigned needs, struct arena *arena, struct observation *out,
                         struct job_list *list, struct error *err)
{
    const size_t near = observer->options.near_tokens;
    struct job job = { .kind = JOB_WHOLE, .prompt = prompt, .observation = out };

    out->n_response_tokens = prompt->n_response;
    out->reason = prompt->reason;
    if (!out->reason && prompt->n_response == 0)
        out->reason = "empty_response";
    else if (!out->reason && !observe_fit(prompt, observer->options.max_tokens, &job.part))
        out->reason = "too_long";
    if (out->reason)
        return 0;
    out->truncated = job.part.start > 0 || prompt->shortened;
    if ((needs & NEED_SEGMENTS) && plan_segments(observer, job, arena, list, err) < 0)
        return -1;
    if ((needs & NEED_POOLED) && observe_new_pooled(observer, arena, out, err) < 0)
        return -1;
    if (((needs & NEEDS_WHOLE) || out->n_segments > 0) &&
        add_whole(list, job, needs, arena, err) < 0)
        return -1;
    if (needs & NEED_NLL_NEAR) {
        job.kind = JOB_NEAR;
        if (job.part.end - job.part.start > near)
            job.part.start = job.part.end - near;
        if (job_add(list, &job, err) < 0)
            return -1;
    }
    job.kind = JOB_ALONE;
    if (tokenizer_bos(observer->tokenizer) == TOKEN_NONE)
        out->alone_reason = "no_bos";
    else if ((needs & NEED_NLL_ALONE) && job_add(list, &job, err) < 0)
        return -1;
    return 0;
}

int observe_plan(const struct observer *observer, const struct prompt *prompt,
                 const struct observed_text *text, unsigned needs, struct arena *arena,
                 struct observation *out, struct job_list *list, struct error *err)
{
    *out = (struct observation){ .n_response_bytes = text ? text->response.len : 0 };
    if (plan_dialogue(observer, prompt, needs, arena, out, list, err) < 0)
        return -1;
    if (text && (needs & NEED_NLL_INSTRUCTION) &&
        observe_plan_instruction(observer, text, arena, out, list, err) < 0)
        return -1;
    if (text && (needs & (NEED_ANSWER | NEED_RATING)) &&
        observe_plan_question(observer, text, needs, arena, out, list, err) < 0)
        return -1;
    if (text && (needs & NEEDS_OF_DOCUMENT) &&
        observe_plan_document(observer, text, needs, arena, out, list, err) < 0)
        return -1;
    return 0;
}
