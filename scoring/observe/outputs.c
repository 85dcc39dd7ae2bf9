/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "scoring/infer/model/model.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"

int observe_new_pooled(const struct observer *observer, struct arena *arena,
                       struct observation *out, struct error *err)
{
    out->n_pooled = model_info(observer->model)->n_embd;
    out->pooled = arena_alloc(arena, out->n_pooled, sizeof *out->pooled);
    return out->pooled ? 0 : error_nomem(err);
}

int observe_new_by_head(const struct observer *observer, struct arena *arena,
                        struct observation *out, struct error *err)
{
    const struct model_info *info = model_info(observer->model);
    const size_t n = out->n_segments * info->n_layers * info->n_heads;

    out->n_layers = info->n_layers;
    out->n_heads = info->n_heads;
    out->attention_by_head = arena_alloc(arena, n + 1, sizeof *out->attention_by_head);
    if (!out->attention_by_head)
        return error_nomem(err);
    memset(out->attention_by_head, 0, n * sizeof *out->attention_by_head);
    return 0;
}

void observe_add_pooled(const struct observer *observer, const struct job *job,
                        struct sequence *sequence)
{
    /* The state of the first token is the same for all samples, and out of all proportion. */
    const bool has_bos = sequence->tokens[0] == tokenizer_bos(observer->tokenizer);

    sequence->pool_from = has_bos && sequence->n_tokens > 1;
    sequence->pooled = job->observation->pooled;
}

/* Tokens [start, end) of the sequence, without those that are line ends. */
static void add_spans(const struct observer *observer, const struct sequence *sequence,
                      struct span part, struct span *spans, size_t *n)
{
    size_t start = part.start;

    for (size_t i = part.start; i <= part.end; i++) {
        const bool is_end = i == part.end || slice_equal(tokenizer_piece(observer->tokenizer,
                                                                         sequence->tokens[i]),
                                                         slice_text("\n"));

        if (is_end && i > start)
            spans[(*n)++] = (struct span){ start, i };
        if (is_end)
            start = i + 1;
    }
}

/* A turn's ids, where they are in the sequence: the context before it may have been cut. */
static struct span moved(const struct job *job, struct span text)
{
    const size_t n_cut = job->prompt->n_context - (job->part.end - job->part.start);

    if (text.start >= job->prompt->n_head + job->prompt->n_context) {
        text.start -= n_cut;
        text.end -= n_cut;
    }
    return text;
}

/*
 * The context and what the user said, without template, line ends and earlier answers
 * (2411.02688): there the layer is 15 of 22, about seven tenths.
 */
int observe_add_user_mass(const struct observer *observer, const struct job *job,
                          struct arena *scratch, struct sequence *sequence, struct error *err)
{
    const struct prompt *prompt = job->prompt;
    const struct span context = { prompt->n_head,
                                  prompt->n_head + job->part.end - job->part.start };
    struct span *spans = arena_alloc(scratch, sequence->n_tokens, sizeof *spans);
    size_t n = 0;

    if (!spans)
        return error_nomem(err);
    add_spans(observer, sequence, context, spans, &n);
    for (size_t i = 0; i < prompt->n_turns; i++)
        if (prompt->turns[i].role == ROLE_USER)
            add_spans(observer, sequence, moved(job, prompt->turns[i].text), spans, &n);
    if (n == 0) {
        job->observation->user_reason = "no_user_text";
        return 0;
    }
    sequence->focus_layer = 7 * (size_t)model_info(observer->model)->n_layers / 10;
    sequence->focus_spans = spans;
    sequence->n_focus_spans = n;
    sequence->focus = &job->observation->user_mass;
    return 0;
}
