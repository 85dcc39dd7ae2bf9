/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sequences of published programs, including their peculiarities. docs/scores.md lists the
 * differences from our own sequences.
 */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/observe/observe_private.h"
#include "scoring/observe/segment.h"
#include "scoring/prompts/prompt.h"

enum {
    TEXT_MAX_BYTES = 1 << 30,
    PARTS_MAX = 6,
    PIECE_MAX_TOKENS = 500,  /* of GATEAU's instruction and response */
    CHERRY_PREFIX_TOKENS = 4 /* the number of tokens Cherry assumes for "### Response:" */
};

/* Tokenise the joined parts. With `bos`, BOS comes first if the model file asks for it. */
static int encode_parts(const struct planning *planning, const struct slice *parts, size_t n,
                        bool bos, struct token_buf *ids, struct error *err)
{
    const struct tokenizer *tokenizer = planning->observer->tokenizer;
    struct buf text;
    int rc = 0;

    buf_init(&text, TEXT_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = buf_add_slice(&text, parts[i], err);
    if (rc == 0 && bos && tokenizer_adds_bos(tokenizer))
        rc = token_buf_add(ids, tokenizer_bos(tokenizer), err);
    if (rc == 0)
        rc = tokenizer_encode(tokenizer, buf_slice(&text), TOKENIZE_FIRST, ids, err);
    buf_release(&text);
    return rc;
}

/* Append a pass that scores ids[first ..] without ids[0]. *nll receives the mean. */
static int add_scored_pass(const struct planning *planning, const int32_t *ids, size_t n,
                           size_t first, double *nll, const char **reason, struct error *err)
{
    const size_t from = first > 0 ? first : 1;
    const struct joined_ids joined = {
        .first = TOKEN_NONE, .after = ids, .n_after = n, .skip = from
    };

    if (from >= n) { /* the published code computes 0 / 0 here */
        *reason = "nothing_scored";
        return 0;
    }
    return pass_add_joined(planning, &joined, nll, err);
}

/* The prompt of Superfiltering: the instruction and the context, each on a line. */
static size_t superfiltering_parts(const struct observed_text *text, struct slice *parts)
{
    size_t n = 0;

    parts[n++] = text->instruction;
    parts[n++] = slice_text("\n");
    if (text->context.len > 0) {
        parts[n++] = text->context;
        parts[n++] = slice_text("\n");
    }
    return n;
}

static int plan_superfiltering(const struct planning *planning, struct error *err)
{
    const size_t max_tokens = planning->observer->options.max_tokens;
    struct observation *out = planning->out;
    struct slice parts[PARTS_MAX];
    struct token_buf prompt = { 0 }, whole = { 0 }, alone = { 0 };
    const size_t n = superfiltering_parts(planning->text, parts);
    int rc = -1;

    parts[n] = planning->text->response;
    if (encode_parts(planning, parts, n, true, &prompt, err) < 0 ||
        encode_parts(planning, parts, n + 1, true, &whole, err) < 0 ||
        encode_parts(planning, &planning->text->response, 1, true, &alone, err) < 0)
        goto done;
    out->truncated = whole.n > max_tokens;
    if (whole.n > max_tokens)
        whole.n = max_tokens;
    /* The response alone keeps one token more than the response in the whole. */
    const size_t room = prompt.n < max_tokens ? max_tokens - prompt.n + 1 : 0;
    if (alone.n > room)
        alone.n = room;
    out->n_response_tokens = whole.n > prompt.n ? whole.n - prompt.n : 0;
    if (add_scored_pass(planning, whole.ids, whole.n, prompt.n, &out->nll_nats,
                        &out->nll_reason, err) < 0 ||
        add_scored_pass(planning, alone.ids, alone.n, 0, &out->nll_alone_nats,
                        &out->alone_reason, err) < 0)
        goto done;
    rc = 0;
done:
    token_buf_release(&prompt);
    token_buf_release(&whole);
    token_buf_release(&alone);
    return rc;
}

/* The prompt of Alpaca without its last line end. */
static size_t cherry_parts(const struct observed_text *text, struct slice *parts)
{
    size_t n = 0;

    if (text->context.len > 0) {
        parts[n++] = slice_text(
            "Below is an instruction that describes a task, paired with an input that provides "
            "further context. Write a response that appropriately completes the request.\n\n"
            "### Instruction:\n");
        parts[n++] = text->instruction;
        parts[n++] = slice_text("\n\n### Input:\n");
        parts[n++] = text->context;
    } else {
        parts[n++] =
            slice_text("Below is an instruction that describes a task. Write a response that "
                       "appropriately completes the request.\n\n### Instruction:\n");
        parts[n++] = text->instruction;
    }
    parts[n++] = slice_text("\n\n### Response:");
    return n;
}

static int plan_cherry(const struct planning *planning, struct error *err)
{
    const size_t max_tokens = planning->observer->options.max_tokens;
    const struct slice direct[] = { slice_text("### Response:"), planning->text->response };
    struct observation *out = planning->out;
    struct slice parts[PARTS_MAX];
    struct token_buf prompt = { 0 }, whole = { 0 }, prefix = { 0 }, alone = { 0 };
    const size_t n = cherry_parts(planning->text, parts);
    int rc = -1;

    parts[n] = planning->text->response;
    if (encode_parts(planning, parts, n, true, &prompt, err) < 0 ||
        encode_parts(planning, parts, n + 1, true, &whole, err) < 0 ||
        encode_parts(planning, direct, 1, true, &prefix, err) < 0 ||
        encode_parts(planning, direct, 2, true, &alone, err) < 0)
        goto done;
    rc = 0;
    if (whole.n > max_tokens) {
        out->reason = "too_long";
        goto done;
    }
    /* The prompt alone can have more tokens than prompt and response tokenised together. */
    const size_t room = prompt.n < max_tokens ? max_tokens - prompt.n : 0;
    if (alone.n > room + CHERRY_PREFIX_TOKENS)
        alone.n = room + CHERRY_PREFIX_TOKENS;
    out->n_response_tokens = whole.n > prompt.n ? whole.n - prompt.n : 0;
    if (add_scored_pass(planning, whole.ids, whole.n, prompt.n, &out->nll_nats,
                        &out->nll_reason, err) < 0 ||
        add_scored_pass(planning, alone.ids, alone.n, prefix.n, &out->nll_alone_nats,
                        &out->alone_reason, err) < 0)
        rc = -1;
done:
    token_buf_release(&prompt);
    token_buf_release(&whole);
    token_buf_release(&prefix);
    token_buf_release(&alone);
    return rc;
}

/*
 * Also called when no NLL is wanted, because it sets truncated and n_response_tokens.
 *
 * A sequence that is too long loses its left end, except BOS. The published code still counts
 * the tokens before the response in the uncut prompt, so the first tokens of the response are
 * not scored: as many as were cut.
 */
static int plan_gateau_nll(const struct planning *planning, bool wants_nll, struct error *err)
{
    const struct observed_text *text = planning->text;
    const size_t max_tokens = planning->observer->options.max_tokens;
    const size_t n_bos = tokenizer_adds_bos(planning->observer->tokenizer);
    const struct slice parts[] = { slice_text("### Input:"),
                                   text->context,
                                   slice_text("\n\n ### Instruction: "),
                                   text->instruction,
                                   slice_text("\n\n ### Response: "),
                                   text->response };
    struct observation *out = planning->out;
    struct token_buf prompt = { 0 }, whole = { 0 };
    int rc = -1;

    if (encode_parts(planning, parts, 5, true, &prompt, err) < 0 ||
        encode_parts(planning, parts, 6, true, &whole, err) < 0)
        goto done;
    if (whole.n > max_tokens) {
        const size_t n_cut = whole.n - max_tokens;

        memmove(whole.ids + n_bos, whole.ids + n_bos + n_cut,
                (max_tokens - n_bos) * sizeof *whole.ids);
        whole.n = max_tokens;
        out->truncated = true;
    }
    out->n_response_tokens = whole.n > prompt.n ? whole.n - prompt.n : 0;
    rc = wants_nll ? add_scored_pass(planning, whole.ids, whole.n, prompt.n, &out->nll_nats,
                                     &out->nll_reason, err)
                   : 0;
done:
    token_buf_release(&prompt);
    token_buf_release(&whole);
    return rc;
}

/* The sequence of GATEAU's CAM: the context padded to max_tokens, then instruction and
 * response. The published code takes the first token of each of the last two for BOS and
 * removes it, then keeps at most PIECE_MAX_TOKENS - 1 tokens. */
struct cam {
    struct token_buf context;
    size_t n_text; /* tokens of the context before the padding */
    struct token_buf tail;
    size_t n_instruction; /* tokens of the tail before the response */
};

static int add_cam_piece(const struct planning *planning, const struct slice *parts, size_t n,
                         struct token_buf *tail, struct error *err)
{
    struct token_buf ids = { 0 };
    int rc = encode_parts(planning, parts, n, false, &ids, err);

    for (size_t i = 1; rc == 0 && i < ids.n && i < PIECE_MAX_TOKENS; i++)
        rc = token_buf_add(tail, ids.ids[i], err);
    token_buf_release(&ids);
    return rc;
}

static int cam_init(const struct planning *planning, struct cam *cam, struct error *err)
{
    const struct observed_text *text = planning->text;
    const size_t max_tokens = planning->observer->options.max_tokens;
    const struct slice context[] = { slice_text("### Input: "), text->context };
    const struct slice instruction[] = { slice_text("\n\n ### Instruction: "),
                                         text->instruction, slice_text("\n\n ### Response: ") };

    if (encode_parts(planning, context, 2, false, &cam->context, err) < 0)
        return -1;
    if (cam->context.n > max_tokens)
        cam->context.n = max_tokens;
    cam->n_text = cam->context.n;
    while (cam->context.n < max_tokens)
        if (token_buf_add(&cam->context, tokenizer_eos(planning->observer->tokenizer), err) < 0)
            return -1;
    if (add_cam_piece(planning, instruction, 3, &cam->tail, err) < 0)
        return -1;
    cam->n_instruction = cam->tail.n;
    return add_cam_piece(planning, &text->response, 1, &cam->tail, err);
}

/* One pass for each segment. All segments that consist of padding share one pass. */
static int add_cam_segments(const struct planning *planning, const struct cam *cam,
                            struct error *err)
{
    const size_t width = planning->observer->options.segment_tokens;
    const size_t n = planning->out->n_segments;
    struct segment *segments = planning->out->segments;

    for (size_t i = 0; i < n; i++) {
        const struct joined_ids joined = { .first = TOKEN_NONE,
                                           .before = cam->context.ids + i * width,
                                           .n_before = width,
                                           .after = cam->tail.ids,
                                           .n_after = cam->tail.n,
                                           .skip = cam->n_instruction };

        segments[i] = (struct segment){ .tok_start = i * width, .tok_end = (i + 1) * width };
        if (pass_add_joined(planning, &joined, NULL, err) < 0)
            return -1;
        struct pass *pass = &planning->list->passes[planning->list->n - 1];
        pass->segment = &segments[i];
        pass->divide_by = width + cam->tail.n - 1;
        if (i * width < cam->n_text)
            continue;
        pass->n_alike = n - i - 1;
        for (size_t j = i + 1; j < n; j++)
            segments[j] =
                (struct segment){ .tok_start = j * width, .tok_end = (j + 1) * width };
        break;
    }
    return 0;
}

/* One pass over the padded context and the tail. Padding is ignored: attention over the
 * remaining keys is renormalised to 1. */
static int add_cam_attention(const struct planning *planning, const struct cam *cam,
                             struct error *err)
{
    const size_t n = planning->out->n_segments;
    const size_t n_tokens = cam->context.n + cam->tail.n;
    int32_t *tokens = arena_alloc(planning->arena, n_tokens, sizeof *tokens);
    struct span *spans = arena_alloc(planning->arena, n, sizeof *spans);
    double *attention = arena_alloc(planning->arena, n, sizeof *attention);
    struct pass pass = { .kind = PASS_READY,
                         .observation = planning->out,
                         .segment = planning->out->segments };
    size_t n_spans = 0;

    if (!tokens || !spans || !attention)
        return error_nomem(err);
    memcpy(tokens, cam->context.ids, cam->context.n * sizeof *tokens);
    memcpy(tokens + cam->context.n, cam->tail.ids, cam->tail.n * sizeof *tokens);
    for (size_t i = 0; i < n; i++) {
        const struct segment *segment = &planning->out->segments[i];

        if (segment->tok_start < cam->n_text) /* segments of padding get no attention */
            spans[n_spans++] = (struct span){ segment->tok_start, segment->tok_end < cam->n_text
                                                                      ? segment->tok_end
                                                                      : cam->n_text };
    }
    pass.ready = (struct sequence){
        .tokens = tokens,
        .n_tokens = n_tokens,
        .attend_from = cam->context.n + cam->n_instruction,
        .spans = spans,
        .n_spans = n_spans,
        .attention = attention,
        .attention_by_head = planning->out->attention_by_head,
        .ignored_keys = { cam->n_text, cam->context.n },
    };
    return pass_add(planning->list, &pass, err);
}

static int plan_gateau_segments(const struct planning *planning, bool by_head,
                                struct error *err)
{
    struct observation *out = planning->out;
    const size_t n =
        planning->observer->options.max_tokens / planning->observer->options.segment_tokens;
    struct cam cam = { .n_text = 0 };
    int rc = -1;

    if (tokenizer_eos(planning->observer->tokenizer) == TOKEN_NONE) {
        out->reason = "no_eos";
        return 0;
    }
    out->segments = arena_alloc(planning->arena, n, sizeof *out->segments);
    if (!out->segments) {
        error_nomem(err);
        goto done;
    }
    if (cam_init(planning, &cam, err) < 0)
        goto done;
    if (cam.tail.n == cam.n_instruction) {
        out->reason = "nothing_scored";
        rc = 0;
        goto done;
    }
    out->n_segments = n;
    if (by_head && observe_new_by_head(planning, err) < 0)
        goto done;
    if (add_cam_segments(planning, &cam, err) == 0 &&
        add_cam_attention(planning, &cam, err) == 0)
        rc = 0;
done:
    token_buf_release(&cam.context);
    token_buf_release(&cam.tail);
    return rc;
}

int observe_plan_compat(const struct planning *planning, struct error *err)
{
    const struct observed_text *text = planning->text;
    const unsigned needs = planning->needs;
    int rc = 0;

    if (text->reason || text->prompt_reason)
        planning->out->reason = text->reason ? text->reason : text->prompt_reason;
    else if (text->dialogue && dialogue_uses_tools(text->dialogue, text->response_turn))
        planning->out->reason = "no_tool_template";
    else if (!text->response.ptr)
        planning->out->reason = "no_response";
    else if (slice_is_blank(text->response))
        planning->out->reason = "empty_response";
    if (planning->out->reason)
        return 0;
    switch (planning->observer->options.compat) {
    case COMPAT_NONE:
        break;
    case COMPAT_GATEAU_CODE:
        rc = plan_gateau_nll(planning, (needs & NEED_NLL) != 0, err);
        if (rc == 0 && (needs & NEED_SEGMENTS))
            rc = plan_gateau_segments(planning, (needs & NEED_BY_HEAD) != 0, err);
        break;
    case COMPAT_SUPERFILTERING:
        rc = plan_superfiltering(planning, err);
        break;
    case COMPAT_CHERRY:
        rc = plan_cherry(planning, err);
        break;
    }
    if (rc < 0 && err->code == ERR_INPUT) { /* the vocabulary lacks a byte of the text */
        planning->out->reason = "not_tokenizable";
        return 0;
    }
    return rc;
}
