/* SPDX-License-Identifier: Apache-2.0 */
/* The passes about the response: given the whole prompt, parts of the context, or nothing. */
#include <string.h>

#include "base/error.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/observe/observe_private.h"
#include "scoring/observe/segment.h"
#include "scoring/prompts/prompt.h"

/* Tokens at the start of the prompt that do not fit options.prompt_window. */
static size_t tokens_outside_window(const struct observer *observer, const struct pass *pass)
{
    const size_t window = observer->options.prompt_window;
    const size_t n_prompt =
        pass->prompt->n_head + (pass->context.end - pass->context.start) + pass->prompt->n_tail;

    return window > 0 && n_prompt > window ? n_prompt - window : 0;
}

/* The tokens of the tail to leave out so that the instruction, the user's last turn, keeps its
 * first max_tokens tokens. 0 is no limit. */
static struct span cut_instruction(const struct prompt *prompt, size_t max_tokens)
{
    const size_t tail = prompt->n_head + prompt->n_context;

    for (size_t i = prompt->n_turns; max_tokens > 0 && i-- > 0;) {
        const struct span text = prompt->turns[i].text;

        if (prompt->turns[i].role != ROLE_USER || text.start < tail)
            continue;
        if (text.end - text.start <= max_tokens)
            break;
        return (struct span){ text.start - tail + max_tokens, text.end - tail };
    }
    return (struct span){ 0, 0 };
}

/* The whole pass changed by the options for segments: limits of response and instruction, the
 * end that the context loses, and the rows whose attention counts. */
static struct pass attention_pass(const struct observer *observer, const struct pass *whole)
{
    const struct observer_options *options = &observer->options;
    const size_t n_context = whole->context.end - whole->context.start;
    struct pass pass = *whole;

    pass.kind = PASS_ATTENTION;
    pass.wants_attention = true;
    pass.attend_before = options->attend_before;
    pass.tail_cut = cut_instruction(whole->prompt, options->instruction_tokens);
    if (options->response_tokens > 0 && options->response_tokens < pass.n_response)
        pass.n_response = options->response_tokens;
    pass.context.start = options->cut_segments_right ? 0 : whole->prompt->n_context - n_context;
    pass.context.end = pass.context.start + n_context;
    return pass;
}

/* True if the attention pass runs the same sequence and rows as the whole pass. */
static bool is_same_pass(const struct pass *attention, const struct pass *whole)
{
    return !attention->attend_before && attention->tail_cut.start == attention->tail_cut.end &&
           attention->n_response == whole->n_response &&
           attention->context.start == whole->context.start;
}

/* True if the sequence of one whole pass is a prefix of another's and gives the same results
 * there, so that one run serves both. */
static bool is_prefix_of(const struct observer *observer, const struct pass *pass,
                         const struct pass *longer)
{
    const struct token_buf *ids = &pass->prompt->ids;
    const struct token_buf *all = &longer->prompt->ids;

    return ids->n < all->n && pass->context.start == 0 && longer->context.start == 0 &&
           longer->n_skipped == 0 && session_can_share_prefix(observer->session, all->n) &&
           memcmp(ids->ids, all->ids, ids->n * sizeof *ids->ids) == 0;
}

/* Append a whole pass. If the last whole pass is a prefix of it, replace that one and remember
 * it as `shorter`. */
static int add_whole_pass(const struct planning *planning, const struct pass *whole,
                          struct error *err)
{
    /* Pooled states and attention are computed over the rows of one response only. */
    const bool only_nll = !(planning->needs & (NEED_SEGMENTS | NEEDS_POOLED | NEED_USER_MASS));
    struct pass_list *list = planning->list;
    struct pass *last = list->last_whole > 0 ? &list->passes[list->last_whole - 1] : NULL;

    if (only_nll && last && is_prefix_of(planning->observer, last, whole)) {
        struct pass *shorter = arena_alloc(planning->arena, 1, sizeof *shorter);

        if (!shorter)
            return error_nomem(err);
        *shorter = *last;
        *last = *whole;
        last->shorter = shorter;
        return 0;
    }
    list->last_whole = list->n + 1;
    return pass_add(list, whole, err);
}

/* Divide the pass's context into the observation's segments. */
static int divide_context(const struct planning *planning, const struct pass *pass,
                          struct error *err)
{
    const struct observer_options *options = &planning->observer->options;
    const struct segment_rule rule = { .tokens = options->segment_tokens,
                                       .max_segments = options->max_segments,
                                       .last = options->last_segment };
    const size_t n_context = pass->context.end - pass->context.start;
    const size_t n = segment_count(&rule, n_context);
    struct segment *segments = arena_alloc(planning->arena, n, sizeof *segments);

    if (!segments && n > 0)
        return error_nomem(err);
    planning->out->segments = segments;
    planning->out->n_segments = n;
    for (size_t i = 0; i < n; i++) {
        const struct span span = segment_span(&rule, n_context, i);

        segments[i] = (struct segment){ .tok_start = span.start, .tok_end = span.end };
    }
    return 0;
}

/* One pass for each segment, with the segment in the place of the context. */
static int add_segment_passes(const struct planning *planning, const struct pass *attention,
                              struct error *err)
{
    struct pass pass = *attention;

    pass.kind = PASS_SEGMENT;
    pass.wants_attention = pass.attend_before = false;
    pass.wants_nll = true;
    for (size_t i = 0; i < planning->out->n_segments; i++) {
        pass.segment = &planning->out->segments[i];
        pass.context = (struct span){ attention->context.start + pass.segment->tok_start,
                                      attention->context.start + pass.segment->tok_end };
        if (pass_add(planning->list, &pass, err) < 0)
            return -1;
    }
    return 0;
}

/* Plan the segments' attention and NLLs, by the whole pass as far as possible. */
static int plan_segments(const struct planning *planning, struct pass *whole, struct error *err)
{
    const unsigned needs = planning->needs;
    const struct pass attention = attention_pass(planning->observer, whole);
    const bool same = is_same_pass(&attention, whole);

    if (divide_context(planning, &attention, err) < 0)
        return -1;
    const size_t n = planning->out->n_segments;
    if ((needs & NEED_BY_HEAD) && observe_new_by_head(planning, err) < 0)
        return -1;
    if ((needs & NEED_ATTENTION) && n > 0) {
        if (same)
            whole->wants_attention = true;
        else if (pass_add(planning->list, &attention, err) < 0)
            return -1;
    }
    if ((needs & NEED_SEGMENT_NLL) && n == 1 && same) {
        /* The context is a single segment: the whole pass is the segment's pass. */
        whole->wants_nll = true;
        whole->segment = &planning->out->segments[0];
    } else if ((needs & NEED_SEGMENT_NLL) &&
               add_segment_passes(planning, &attention, err) < 0) {
        return -1;
    }
    return 0;
}

/* The passes about the response without segments and pooled states. */
static int plan_near_and_alone(const struct planning *planning, const struct pass *whole,
                               struct error *err)
{
    const size_t near_tokens = planning->observer->options.near_tokens;
    struct pass pass = { .kind = PASS_NEAR,
                         .prompt = whole->prompt,
                         .context = whole->context,
                         .n_response = whole->n_response,
                         .wants_nll = true,
                         .observation = whole->observation };

    if (planning->needs & NEED_NLL_NEAR) {
        if (pass.context.end - pass.context.start > near_tokens)
            pass.context.start = pass.context.end - near_tokens;
        if (pass_add(planning->list, &pass, err) < 0)
            return -1;
    }
    pass.kind = PASS_ALONE;
    if (tokenizer_bos(planning->observer->tokenizer) == TOKEN_NONE)
        planning->out->alone_reason = "no_bos";
    else if ((planning->needs & NEED_NLL_ALONE) && pass_add(planning->list, &pass, err) < 0)
        return -1;
    return 0;
}

/* The reason why there is no response to score, or NULL; then *context is what fits of it. */
static const char *response_reason(const struct planning *planning, struct span *context)
{
    const struct observer_options *options = &planning->observer->options;
    const struct prompt *prompt = planning->prompt;

    if (prompt->reason)
        return prompt->reason;
    if (prompt->n_response == 0)
        return "empty_response";
    return observe_fit_context(prompt, options->max_tokens, options->cut_right, context)
               ? NULL
               : "too_long";
}

int observe_plan_response(const struct planning *planning, struct error *err)
{
    const struct prompt *prompt = planning->prompt;
    const unsigned needs = planning->needs;
    struct observation *out = planning->out;
    struct pass whole = { .kind = PASS_WHOLE,
                          .prompt = prompt,
                          .n_response = prompt->n_response,
                          .wants_nll = (needs & NEED_NLL) != 0,
                          .observation = out };

    if (planning->observer->options.prompt_window > 0 &&
        (needs & (NEED_SEGMENTS | NEEDS_POOLED | NEED_USER_MASS)))
        return error_set(err, ERR_INVARIANT,
                         "a model with a prompt window can compute NLLs only");
    out->n_response_tokens = prompt->n_response;
    out->reason = response_reason(planning, &whole.context);
    if (out->reason)
        return 0;
    out->truncated =
        whole.context.end - whole.context.start < prompt->n_context || prompt->shortened;
    if ((needs & NEED_SEGMENTS) && plan_segments(planning, &whole, err) < 0)
        return -1;
    if ((needs & NEEDS_POOLED) && observe_new_pooled(planning, err) < 0)
        return -1;
    whole.n_skipped = tokens_outside_window(planning->observer, &whole);
    if (((needs & NEEDS_WHOLE) || whole.wants_nll || whole.wants_attention) &&
        add_whole_pass(planning, &whole, err) < 0)
        return -1;
    return plan_near_and_alone(planning, &whole, err);
}

size_t observe_guess_response(const struct guessed_parts *parts, unsigned needs)
{
    const size_t most_near = parts->options->near_tokens;
    const size_t near = parts->context < most_near ? parts->context : most_near;
    const size_t rest = parts->tail + parts->response;
    size_t n = 0;

    if (needs & (NEEDS_WHOLE | NEED_SEGMENTS))
        n += parts->context + rest;
    if (needs & NEED_NLL_NEAR)
        n += near + rest;
    if (needs & NEED_NLL_ALONE)
        n += parts->response;
    if (needs & NEED_SEGMENTS)
        n += parts->context + parts->context / parts->options->segment_tokens * rest;
    return n;
}
