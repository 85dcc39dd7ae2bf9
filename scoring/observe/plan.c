/* SPDX-License-Identifier: Apache-2.0 */
/* Which passes a sample needs, and what the planners have in common. */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/observe/observe_private.h"
#include "scoring/planner_list.h" /* generated: PLANNER_LIST */
#include "scoring/prompts/prompt.h"

int pass_add(struct pass_list *list, const struct pass *pass, struct error *err)
{
    if (list->n == list->cap) {
        const size_t cap = 2 * list->cap + 64;
        struct pass *passes = reallocarray(list->passes, cap, sizeof *passes);

        if (!passes)
            return error_nomem(err);
        list->passes = passes;
        list->cap = cap;
    }
    list->passes[list->n++] = *pass;
    return 0;
}

int pass_add_joined(const struct planning *planning, const struct joined_ids *joined,
                    double *mean_nll_nats, struct error *err)
{
    const bool has_first = joined->first != TOKEN_NONE;
    const size_t n_before = has_first + joined->n_before;
    const size_t n_tokens = n_before + joined->n_after;
    const size_t n_scored = joined->n_after - joined->skip;
    int32_t *tokens = arena_alloc(planning->arena, n_tokens, sizeof *tokens);
    double *nll_nats = arena_alloc(planning->arena, n_scored, sizeof *nll_nats);
    const struct pass pass = { .kind = PASS_READY,
                               .mean_nll_nats = mean_nll_nats,
                               .ready = { .tokens = tokens,
                                          .n_tokens = n_tokens,
                                          .score_from = n_tokens - n_scored,
                                          .nll_nats = nll_nats } };

    if (!tokens || !nll_nats)
        return error_nomem(err);
    if (has_first)
        tokens[0] = joined->first;
    for (size_t i = 0; i < joined->n_before; i++)
        tokens[has_first + i] = joined->before[i];
    for (size_t i = 0; i < joined->n_after; i++)
        tokens[n_before + i] = joined->after[i];
    return pass_add(planning->list, &pass, err);
}

bool observe_fit_context(const struct prompt *prompt, size_t max_tokens, bool cut_right,
                         struct span *context)
{
    const size_t rest = prompt->n_head + prompt->n_tail + prompt->n_response;

    if (rest > max_tokens)
        return false;
    const size_t room = max_tokens - rest;
    const size_t n_lost = prompt->n_context > room ? prompt->n_context - room : 0;
    context->start = cut_right ? 0 : n_lost;
    context->end = prompt->n_context - (cut_right ? n_lost : 0);
    return true;
}

#define X(name) extern const struct planner planner_##name;
PLANNER_LIST
#undef X

#define X(name) &planner_##name,
static const struct planner *const planners[] = { PLANNER_LIST NULL };
#undef X

int observe_plan(const struct planning *planning, struct error *err)
{
    const size_t n_rendered = planning->prompt->n_response_bytes;

    *planning->out =
        (struct observation){ .n_response_bytes =
                                  n_rendered > 0 ? n_rendered : planning->text->response.len };
    if (planning->observer->options.compat != COMPAT_NONE)
        return observe_plan_compat(planning, err);
    if (observe_plan_response(planning, err) < 0) /* always: it counts the response's tokens */
        return -1;
    for (const struct planner *const *at = planners; *at; at++)
        if ((planning->needs & (*at)->needs) && (*at)->plan(planning, err) < 0)
            return -1;
    return 0;
}

/* Estimate the tokens of a text's parts from their bytes. */
static struct guessed_parts guess_parts(const struct observer_options *options,
                                        const struct observed_text *text)
{
    const size_t bytes_per_token = 4; /* English under most vocabularies */
    struct guessed_parts parts = { .options = options,
                                   .context = text->context.len / bytes_per_token,
                                   .tail = text->instruction.len / bytes_per_token + 16,
                                   .response = text->response.len / bytes_per_token + 1,
                                   .has_response = observe_has_response(text) };

    if (text->dialogue) {
        parts.tail = text->dialogue->system.len / bytes_per_token + 16;
        for (size_t i = 0; i < text->response_turn; i++)
            parts.tail +=
                (text->dialogue->turns[i].text.len + text->dialogue->turns[i].thought.len) /
                    bytes_per_token +
                8;
        for (size_t i = 0; i < text->dialogue->n_tools; i++)
            parts.tail += text->dialogue->tools[i].len / bytes_per_token;
        if (parts.tail > options->max_tokens)
            parts.tail = options->max_tokens;
    }
    if (parts.context > options->max_tokens)
        parts.context = options->max_tokens;
    if (options->prompt_window > 0 && parts.context > options->prompt_window)
        parts.context = options->prompt_window;
    return parts;
}

size_t observer_guess_tokens(const struct observer_options *options,
                             const struct observed_text *text, unsigned needs)
{
    const struct guessed_parts parts = guess_parts(options, text);
    size_t n = parts.has_response ? observe_guess_response(&parts, needs) : 0;

    for (const struct planner *const *at = planners; *at; at++)
        if (needs & (*at)->needs)
            n += (*at)->guess(&parts, needs);
    return n;
}
