/* SPDX-License-Identifier: Apache-2.0 */
/* Which sequences a sample becomes. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/observe/observe_private.h"
#include "scoring/observe/segment.h"
#include "scoring/prompts/prompt.h"

bool observe_fit(const struct prompt *prompt, size_t max_tokens, bool cut_right,
                 struct span *part)
{
    const size_t rest = prompt->n_head + prompt->n_tail + prompt->n_response;

    if (rest > max_tokens)
        return false;
    const size_t room = max_tokens - rest;
    const size_t n_lost = prompt->n_context > room ? prompt->n_context - room : 0;
    part->start = cut_right ? 0 : n_lost;
    part->end = prompt->n_context - (cut_right ? n_lost : 0);
    return true;
}

/* What of a prompt's beginning a model with a window does not see. */
static size_t skipped_by_window(const struct observer *observer, const struct job *job)
{
    const size_t window = observer->options.prompt_window;
    const size_t n_prompt =
        job->prompt->n_head + (job->part.end - job->part.start) + job->prompt->n_tail;

    return window > 0 && n_prompt > window ? n_prompt - window : 0;
}

static struct segment_rule rule_of(const struct observer *observer)
{
    return (struct segment_rule){ .tokens = observer->options.segment_tokens,
                                  .most = observer->options.max_segments,
                                  .last = observer->options.last_segment };
}

/* What of the tail is left out so that the instruction, the last thing a user says, is not too
 * long. */
static struct span cut_instruction(const struct prompt *prompt, size_t most)
{
    const size_t tail = prompt->n_head + prompt->n_context;

    for (size_t i = prompt->n_turns; most > 0 && i-- > 0;) {
        const struct span text = prompt->turns[i].text;

        if (prompt->turns[i].role != ROLE_USER || text.start < tail)
            continue;
        if (text.end - text.start <= most)
            break;
        return (struct span){ text.start - tail + most, text.end - tail };
    }
    return (struct span){ 0, 0 };
}

/* The pass over the whole as what is made of segments sees it. */
static struct job view_of_segments(const struct observer *observer, const struct job *whole)
{
    const struct observer_options *options = &observer->options;
    const size_t n_part = whole->part.end - whole->part.start;
    struct job job = *whole;

    job.kind = JOB_ATTENTION;
    job.attended = true;
    job.before = options->attend_before;
    job.cut = cut_instruction(whole->prompt, options->instruction_tokens);
    if (options->response_tokens > 0 && options->response_tokens < job.n_response)
        job.n_response = options->response_tokens;
    job.part.start = options->cut_segments_right ? 0 : whole->prompt->n_context - n_part;
    job.part.end = job.part.start + n_part;
    return job;
}

static bool is_whole(const struct job *view, const struct job *whole)
{
    return !view->before && view->cut.start == view->cut.end &&
           view->n_response == whole->n_response && view->part.start == whole->part.start;
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

/* Whether a whole sequence of one prompt is the beginning of that of another, and means the
 * same there: then one pass serves both. */
static bool begins(const struct observer *observer, const struct job *job,
                   const struct job *longer)
{
    const struct token_buf *ids = &job->prompt->ids;
    const struct token_buf *all = &longer->prompt->ids;

    return ids->n < all->n && job->part.start == 0 && longer->part.start == 0 &&
           longer->n_skipped == 0 && session_can_share_prefix(observer->session, all->n) &&
           memcmp(ids->ids, all->ids, ids->n * sizeof *ids->ids) == 0;
}

/* A pass over a whole sequence. One that goes on where another ended takes its place. */
static int add_whole(const struct observer *observer, struct job_list *list, struct job job,
                     unsigned needs, struct arena *scratch, struct error *err)
{
    /* What is asked of states and attention is asked of one response's rows. */
    const bool only_nll = !(needs & (NEED_SEGMENTS | NEED_POOLED | NEED_USER_MASS));
    struct job *whole = list->whole > 0 ? &list->jobs[list->whole - 1] : NULL;

    job.kind = JOB_WHOLE;
    if (only_nll && whole && begins(observer, whole, &job)) {
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

/* The context's segments into the observation. */
static int cut_segments(const struct observer *observer, const struct job *view,
                        struct arena *arena, struct error *err)
{
    const struct segment_rule rule = rule_of(observer);
    const size_t n_context = view->part.end - view->part.start;
    const size_t n = segment_count(&rule, n_context);
    struct segment *segments = arena_alloc(arena, n, sizeof *segments);

    if (!segments && n > 0)
        return error_nomem(err);
    view->observation->segments = segments;
    view->observation->n_segments = n;
    for (size_t i = 0; i < n; i++) {
        const struct span span = segment_span(&rule, n_context, i);

        segments[i] = (struct segment){ .tok_start = span.start, .tok_end = span.end };
    }
    return 0;
}

/* A job for each segment in the context's place. */
static int add_segment_jobs(const struct job *view, struct job_list *list, struct error *err)
{
    struct job job = *view;

    job.kind = JOB_SEGMENT;
    job.attended = job.before = false;
    job.scored = true;
    for (size_t i = 0; i < view->observation->n_segments; i++) {
        job.segment = &view->observation->segments[i];
        job.part = (struct span){ view->part.start + job.segment->tok_start,
                                  view->part.start + job.segment->tok_end };
        if (job_add(list, &job, err) < 0)
            return -1;
    }
    return 0;
}

/* What segments are asked for: as far as it is not the pass over the whole that tells. */
static int plan_segments(const struct observer *observer, struct job *whole, unsigned needs,
                         struct arena *arena, struct job_list *list, struct error *err)
{
    const struct job view = view_of_segments(observer, whole);
    const bool same = is_whole(&view, whole);

    if (cut_segments(observer, &view, arena, err) < 0)
        return -1;
    const size_t n = whole->observation->n_segments;
    if ((needs & NEED_BY_HEAD) &&
        observe_new_by_head(observer, arena, whole->observation, err) < 0)
        return -1;
    if ((needs & NEED_ATTENTION) && n > 0) {
        if (same)
            whole->attended = true;
        else if (job_add(list, &view, err) < 0)
            return -1;
    }
    if ((needs & NEED_SEGMENT_NLL) && n == 1 && same) {
        /* A single one in the context's place is the whole again. */
        whole->scored = true;
        whole->segment = &whole->observation->segments[0];
    } else if ((needs & NEED_SEGMENT_NLL) && add_segment_jobs(&view, list, err) < 0) {
        return -1;
    }
    return 0;
}

static int plan_dialogue(const struct observer *observer, const struct prompt *prompt,
                         unsigned needs, struct arena *arena, struct observation *out,
                         struct job_list *list, struct error *err)
{
    const struct observer_options *options = &observer->options;
    struct job job = { .kind = JOB_WHOLE,
                       .prompt = prompt,
                       .n_response = prompt->n_response,
                       .scored = (needs & NEED_NLL) != 0,
                       .observation = out };

    if (observer->options.prompt_window > 0 &&
        (needs & (NEED_SEGMENTS | NEED_POOLED | NEED_USER_MASS)))
        return error_set(err, ERR_INVARIANT,
                         "more than an NLL is asked of a model with a window");
    out->n_response_tokens = prompt->n_response;
    out->reason = prompt->reason;
    if (!out->reason && prompt->n_response == 0)
        out->reason = "empty_response";
    else if (!out->reason &&
             !observe_fit(prompt, options->max_tokens, options->cut_right, &job.part))
        out->reason = "too_long";
    if (out->reason)
        return 0;
    out->truncated = job.part.end - job.part.start < prompt->n_context || prompt->shortened;
    if ((needs & NEED_SEGMENTS) && plan_segments(observer, &job, needs, arena, list, err) < 0)
        return -1;
    if ((needs & NEED_POOLED) && observe_new_pooled(observer, arena, out, err) < 0)
        return -1;
    job.n_skipped = skipped_by_window(observer, &job);
    if (((needs & NEEDS_WHOLE) || job.scored || job.attended) &&
        add_whole(observer, list, job, needs, arena, err) < 0)
        return -1;
    job.n_skipped = 0;
    job.scored = true;
    job.attended = false;
    job.segment = NULL;
    if (needs & NEED_NLL_NEAR) {
        job.kind = JOB_NEAR;
        if (job.part.end - job.part.start > options->near_tokens)
            job.part.start = job.part.end - options->near_tokens;
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
    if (text && observer->options.compat != COMPAT_NONE)
        return observe_plan_compat(observer, text, needs, arena, out, list, err);
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
