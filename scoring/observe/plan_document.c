/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"

enum {
    PAIRS_MAX = 500,      /* of a document, as published (2405.17915) */
    SEGMENTS_MAX = 256,   /* 32,768 tokens in segments of 128 */
    REACH_TOKENS_MIN = 4, /* below, a quarter of the length is no distance */
};

/* splitmix64: the draw hangs on the number of segments only. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* All pairs j < i, or PAIRS_MAX of them, each as likely as any other, in their order. */
static size_t choose_pairs(size_t n_segments, struct segment_pair *out)
{
    size_t left = n_segments * (n_segments - 1) / 2;
    size_t wanted = left < PAIRS_MAX ? left : PAIRS_MAX;
    uint64_t state = 0;
    size_t n = 0;

    for (size_t i = 1; i < n_segments; i++)
        for (size_t j = 0; j < i; j++, left--)
            if (draw(&state) % left < wanted - n)
                out[n++] = (struct segment_pair){ .i = i, .j = j };
    return n;
}

int job_add_joined(struct job_list *list, const struct joined *joined, double *mean_nll_nats,
                   struct arena *arena, struct error *err)
{
    const bool has_first = joined->first != TOKEN_NONE;
    const size_t n_before = has_first + joined->n_before;
    const size_t n_tokens = n_before + joined->n_after;
    const size_t n_scored = joined->n_after - joined->skip;
    int32_t *tokens = arena_alloc(arena, n_tokens, sizeof *tokens);
    struct job job = { .kind = JOB_READY, .mean_nll_nats = mean_nll_nats };

    job.ready = (struct sequence){ .tokens = tokens,
                                   .n_tokens = n_tokens,
                                   .score_from = n_tokens - n_scored,
                                   .nll_nats = arena_alloc(arena, n_scored, sizeof(double)) };
    if (!tokens || !job.ready.nll_nats)
        return error_nomem(err);
    if (has_first)
        tokens[0] = joined->first;
    for (size_t i = 0; i < joined->n_before; i++)
        tokens[has_first + i] = joined->before[i];
    for (size_t i = 0; i < joined->n_after; i++)
        tokens[n_before + i] = joined->after[i];
    return job_add(list, &job, err);
}

/* Every segment alone, and behind others; its first token is scored in neither. */
static int plan_pairs(const struct observer *observer, const struct token_buf *ids,
                      struct arena *arena, struct document *out, struct job_list *list,
                      struct error *err)
{
    const struct tokenizer *tokenizer = observer->tokenizer;
    const size_t width = observer->options.segment_tokens;
    const size_t n = ids->n / width < SEGMENTS_MAX ? ids->n / width : SEGMENTS_MAX;
    struct joined joined = {
        .first = tokenizer_adds_bos(tokenizer) ? tokenizer_bos(tokenizer) : TOKEN_NONE,
        .n_after = width,
        .skip = 1,
    };

    if (n < 2 || width < 2) {
        out->pairs_reason = "context_too_short";
        return 0;
    }
    out->truncated = out->truncated || ids->n / width > n;
    out->n_singles = n;
    out->single_nll_nats = arena_alloc(arena, n, sizeof *out->single_nll_nats);
    out->pairs = arena_alloc(arena, PAIRS_MAX, sizeof *out->pairs);
    if (!out->single_nll_nats || !out->pairs)
        return error_nomem(err);
    out->n_pairs = choose_pairs(n, out->pairs);
    for (size_t i = 0; i < n; i++) {
        joined.after = ids->ids + i * width;
        if (job_add_joined(list, &joined, &out->single_nll_nats[i], arena, err) < 0)
            return -1;
    }
    joined.n_before = width;
    for (size_t p = 0; p < out->n_pairs; p++) {
        joined.before = ids->ids + out->pairs[p].j * width;
        joined.after = ids->ids + out->pairs[p].i * width;
        if (job_add_joined(list, &joined, &out->pairs[p].nll_nats, arena, err) < 0)
            return -1;
    }
    return 0;
}

/* As in the published code no start token: its probability would be what is far away. */
static int plan_reach(const struct token_buf *ids, struct arena *arena, struct document *out,
                      struct job_list *list, struct error *err)
{
    struct job job = { .kind = JOB_READY };
    int32_t *tokens = arena_alloc(arena, ids->n, sizeof *tokens);

    if (!tokens)
        return error_nomem(err);
    for (size_t i = 0; i < ids->n; i++)
        tokens[i] = ids->ids[i];
    job.ready = (struct sequence){ .tokens = tokens,
                                   .n_tokens = ids->n,
                                   .reach_distance = ids->n / 4 + (ids->n % 4 > 0),
                                   .reach = out->reach };
    return job_add(list, &job, err);
}

int observe_plan_document(const struct observer *observer, const struct observed_text *text,
                          unsigned needs, struct arena *arena, struct observation *out,
                          struct job_list *list, struct error *err)
{
    struct document *document = &out->document;
    struct token_buf ids = { 0 };
    int rc = 0;

    if (text->context.len == 0)
        document->reason = "no_context";
    else if ((rc = tokenizer_encode(observer->tokenizer, text->context, TOKENIZE_FIRST, &ids,
                                    err)) < 0 &&
             err->code == ERR_INPUT) {
        document->reason = "not_tokenizable";
        rc = 0;
    }
    if (ids.n > observer->options.max_tokens) {
        document->truncated = true;
        ids.n = observer->options.max_tokens;
    }
    document->n_tokens = ids.n;
    if (rc == 0 && !document->reason && ids.n < REACH_TOKENS_MIN)
        document->reason = "context_too_short";
    if (rc == 0 && !document->reason && (needs & NEED_PAIRS))
        rc = plan_pairs(observer, &ids, arena, document, list, err);
    if (rc == 0 && !document->reason && (needs & NEED_REACH))
        rc = plan_reach(&ids, arena, document, list, err);
    token_buf_release(&ids);
    return rc;
}

size_t observe_guess_pairs(const struct observer_options *options, size_t n_context)
{
    const size_t n = n_context / options->segment_tokens;
    const size_t n_segments = n < SEGMENTS_MAX ? n : SEGMENTS_MAX;
    const size_t n_all = n_segments < 2 ? 0 : n_segments * (n_segments - 1) / 2;
    const size_t n_pairs = n_all < PAIRS_MAX ? n_all : PAIRS_MAX;

    return (n_segments + 2 * n_pairs) * options->segment_tokens;
}
