/* SPDX-License-Identifier: Apache-2.0 */
/* Results of a pass other than NLLs: pooled states, the user's share of the attention, and
 * attention by layer and head. */
#include <string.h>

#include "base/error.h"
#include "scoring/infer/model/model.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"

int observe_new_pooled(const struct planning *planning, struct error *err)
{
    struct observation *out = planning->out;
    const unsigned needs = planning->needs;

    out->n_pooled = model_info(planning->observer->model)->n_embd;
    if (needs & NEED_POOLED)
        out->pooled = arena_alloc(planning->arena, out->n_pooled, sizeof *out->pooled);
    if (needs & NEED_POOLED_WEIGHTED)
        out->pooled_weighted = arena_alloc(planning->arena, out->n_pooled, sizeof *out->pooled);
    if (((needs & NEED_POOLED) && !out->pooled) ||
        ((needs & NEED_POOLED_WEIGHTED) && !out->pooled_weighted))
        return error_nomem(err);
    return 0;
}

int observe_new_by_head(const struct planning *planning, struct error *err)
{
    const struct model_info *info = model_info(planning->observer->model);
    struct observation *out = planning->out;
    const size_t n = out->n_segments * info->n_layers * info->n_heads;

    out->n_layers = info->n_layers;
    out->n_heads = info->n_heads;
    out->attention_by_head =
        arena_alloc(planning->arena, n + 1, sizeof *out->attention_by_head);
    if (!out->attention_by_head)
        return error_nomem(err);
    memset(out->attention_by_head, 0, n * sizeof *out->attention_by_head);
    return 0;
}

void observe_request_pooled(const struct observer *observer, const struct pass *pass,
                            struct sequence *sequence)
{
    /* BOS is left out: its state is the same for all samples and far larger than the others. */
    const bool has_bos = sequence->tokens[0] == tokenizer_bos(observer->tokenizer);

    sequence->pool_from = has_bos && sequence->n_tokens > 1;
    sequence->pooled = pass->observation->pooled;
    sequence->pooled_weighted = pass->observation->pooled_weighted;
}

/* Append the spans that remain of a range of tokens when line ends are removed. */
static void add_spans_of_lines(const struct observer *observer, const struct sequence *sequence,
                               struct span range, struct span *spans, size_t *n)
{
    size_t start = range.start;

    for (size_t i = range.start; i <= range.end; i++) {
        const bool is_end = i == range.end || slice_equal(tokenizer_piece(observer->tokenizer,
                                                                          sequence->tokens[i]),
                                                          slice_text("\n"));

        if (is_end && i > start)
            spans[(*n)++] = (struct span){ start, i };
        if (is_end)
            start = i + 1;
    }
}

/* Convert a turn's span in the prompt to its span in the pass, which may have lost context. */
static struct span span_in_pass(const struct pass *pass, struct span text)
{
    const size_t n_cut = pass->prompt->n_context - (pass->context.end - pass->context.start);

    if (text.start >= pass->prompt->n_head + pass->prompt->n_context) {
        text.start -= n_cut;
        text.end -= n_cut;
    }
    return text;
}

/*
 * The keys are the context and the user's turns, without template, line ends and earlier
 * responses (2411.02688). The paper uses layer 15 of 22, about seven tenths of the depth.
 */
int observe_request_user_mass(const struct observer *observer, const struct pass *pass,
                              struct arena *scratch, struct sequence *sequence,
                              struct error *err)
{
    const struct prompt *prompt = pass->prompt;
    const struct span context = { prompt->n_head,
                                  prompt->n_head + pass->context.end - pass->context.start };
    struct span *spans = arena_alloc(scratch, sequence->n_tokens, sizeof *spans);
    size_t n = 0;

    if (!spans)
        return error_nomem(err);
    add_spans_of_lines(observer, sequence, context, spans, &n);
    for (size_t i = 0; i < prompt->n_turns; i++)
        if (prompt->turns[i].role == ROLE_USER)
            add_spans_of_lines(observer, sequence, span_in_pass(pass, prompt->turns[i].text),
                               spans, &n);
    if (n == 0) {
        pass->observation->user_reason = "no_user_text";
        return 0;
    }
    sequence->focus_layer = 7 * (size_t)model_info(observer->model)->n_layers / 10;
    sequence->focus_spans = spans;
    sequence->n_focus_spans = n;
    sequence->focus = &pass->observation->user_mass;
    return 0;
}
