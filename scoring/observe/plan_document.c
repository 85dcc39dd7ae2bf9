/* SPDX-License-Identifier: Apache-2.0 */
/* The passes about the context as a document of its own. */
#include "base/error.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"

enum {
    PAIRS_MAX = 500,      /* per document, as published (2405.17915) */
    SEGMENTS_MAX = 256,   /* 32,768 tokens in segments of 128 */
    REACH_TOKENS_MIN = 4, /* for fewer tokens a quarter of the length is no distance */
};

/* splitmix64 */
static uint64_t draw_u64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* All pairs j < i in order, or PAIRS_MAX of them, each with the same probability. The choice
 * depends on n_segments only. Returns the number of pairs. */
static size_t choose_pairs(size_t n_segments, struct segment_pair *out)
{
    size_t left = n_segments * (n_segments - 1) / 2;
    size_t wanted = left < PAIRS_MAX ? left : PAIRS_MAX;
    uint64_t state = 0;
    size_t n = 0;

    for (size_t i = 1; i < n_segments; i++)
        for (size_t j = 0; j < i; j++, left--)
            if (draw_u64(&state) % left < wanted - n)
                out[n++] = (struct segment_pair){ .i = i, .j = j };
    return n;
}

/* A pass for each segment alone, and one for each pair. Both score the same tokens: all but the
 * segment's first, which has no token before it when the segment is alone. */
static int plan_pairs(const struct planning *planning, const struct token_buf *ids,
                      struct error *err)
{
    const struct tokenizer *tokenizer = planning->observer->tokenizer;
    const size_t width = planning->observer->options.segment_tokens;
    const size_t n = ids->n / width < SEGMENTS_MAX ? ids->n / width : SEGMENTS_MAX;
    struct document *out = &planning->out->document;
    struct joined_ids joined = {
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
    out->single_nll_nats = arena_alloc(planning->arena, n, sizeof *out->single_nll_nats);
    out->pairs = arena_alloc(planning->arena, PAIRS_MAX, sizeof *out->pairs);
    if (!out->single_nll_nats || !out->pairs)
        return error_nomem(err);
    out->n_pairs = choose_pairs(n, out->pairs);
    for (size_t i = 0; i < n; i++) {
        joined.after = ids->ids + i * width;
        if (pass_add_joined(planning, &joined, &out->single_nll_nats[i], err) < 0)
            return -1;
    }
    joined.n_before = width;
    for (size_t p = 0; p < out->n_pairs; p++) {
        joined.before = ids->ids + out->pairs[p].j * width;
        joined.after = ids->ids + out->pairs[p].i * width;
        if (pass_add_joined(planning, &joined, &out->pairs[p].nll_nats, err) < 0)
            return -1;
    }
    return 0;
}

/* One pass over the context. Like the published code it has no start token, because the
 * attention to a start token would count as attention at a distance. */
static int plan_reach(const struct planning *planning, const struct token_buf *ids,
                      struct error *err)
{
    int32_t *tokens = arena_alloc(planning->arena, ids->n, sizeof *tokens);
    const struct pass pass = { .kind = PASS_READY,
                               .ready = { .tokens = tokens,
                                          .n_tokens = ids->n,
                                          .reach_distance = ids->n / 4 + (ids->n % 4 > 0),
                                          .reach = planning->out->document.reach } };

    if (!tokens)
        return error_nomem(err);
    for (size_t i = 0; i < ids->n; i++)
        tokens[i] = ids->ids[i];
    return pass_add(planning->list, &pass, err);
}

/* Tokenise the context and keep max_tokens of it. Sets the document's reason if there is
 * nothing to plan. */
static int encode_document(const struct planning *planning, struct token_buf *ids,
                           struct error *err)
{
    const struct observer *observer = planning->observer;
    const struct slice context = planning->text->context;
    struct document *document = &planning->out->document;

    if (context.len == 0) {
        document->reason = "no_context";
        return 0;
    }
    if (tokenizer_encode(observer->tokenizer, context, TOKENIZE_FIRST, ids, err) < 0) {
        if (err->code != ERR_INPUT)
            return -1;
        document->reason = "not_tokenizable";
    }
    if (ids->n > observer->options.max_tokens) {
        document->truncated = true;
        ids->n = observer->options.max_tokens;
    }
    document->n_tokens = ids->n;
    if (!document->reason && ids->n < REACH_TOKENS_MIN)
        document->reason = "context_too_short";
    return 0;
}

static int plan_document(const struct planning *planning, struct error *err)
{
    const bool wants_pairs = planning->needs & NEED_PAIRS;
    const bool wants_reach = planning->needs & NEED_REACH;
    struct token_buf ids = { 0 };
    int rc = encode_document(planning, &ids, err);

    if (rc == 0 && !planning->out->document.reason) {
        if (wants_pairs)
            rc = plan_pairs(planning, &ids, err);
        if (rc == 0 && wants_reach)
            rc = plan_reach(planning, &ids, err);
    }
    token_buf_release(&ids);
    return rc;
}

/* The tokens of the segments of a context, and of their pairs. */
static size_t guess_pairs(const struct observer_options *options, size_t n_context)
{
    const size_t n = n_context / options->segment_tokens;
    const size_t n_segments = n < SEGMENTS_MAX ? n : SEGMENTS_MAX;
    const size_t n_all = n_segments < 2 ? 0 : n_segments * (n_segments - 1) / 2;
    const size_t n_pairs = n_all < PAIRS_MAX ? n_all : PAIRS_MAX;

    return (n_segments + 2 * n_pairs) * options->segment_tokens;
}

static size_t guess_document(const struct guessed_parts *parts, unsigned needs)
{
    const size_t reach = needs & NEED_REACH ? parts->context : 0;

    return reach + (needs & NEED_PAIRS ? guess_pairs(parts->options, parts->context) : 0);
}

const struct planner planner_document = { .needs = NEEDS_OF_DOCUMENT,
                                          .plan = plan_document,
                                          .guess = guess_document };
