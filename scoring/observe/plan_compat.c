/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences as published code puts them together, with what is odd about them. What differs
 * from ours is listed in docs/scores.md.
 */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/observe/observe_private.h"
#include "scoring/observe/segment.h"

enum {
    TEXT_MAX_BYTES = 1 << 30,
    PARTS_MAX = 6,
    PIECE_MAX_TOKENS = 500,  /* of GATEAU's instruction and response */
    CHERRY_PREFIX_TOKENS = 4 /* what "### Response:" is taken to be */
};

/* A sample on its way: where its jobs go. */
struct making {
    const struct observer *observer;
    const struct observed_text *text;
    struct arena *arena;
    struct observation *out;
    struct job_list *list;
};

/* The ids of some texts joined; BOS in front, where the file says so, if it is wanted. */
static int encode(const struct making *making, const struct slice *parts, size_t n, bool bos,
                  struct token_buf *ids, struct error *err)
{
    const struct tokenizer *tokenizer = making->observer->tokenizer;
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

/* A pass that scores ids[first ..], at least from the second on; the mean goes to *nll. */
static int add_pass(const struct making *making, const int32_t *ids, size_t n, size_t first,
                    double *nll, const char **reason, struct error *err)
{
    const size_t from = first > 0 ? first : 1;
    const struct joined joined = {
        .first = TOKEN_NONE, .after = ids, .n_after = n, .skip = from
    };

    if (from >= n) { /* no label is left: the published code divides nothing by nothing */
        *reason = "nothing_scored";
        return 0;
    }
    return job_add_joined(making->list, &joined, nll, making->arena, err);
}

/* The prompt of Superfiltering: what was asked, and its input, each on a line. */
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

static int plan_superfiltering(const struct making *making, struct error *err)
{
    const size_t max_tokens = making->observer->options.max_tokens;
    struct observation *out = making->out;
    struct slice parts[PARTS_MAX];
    struct token_buf prompt = { 0 }, whole = { 0 }, alone = { 0 };
    const size_t n = superfiltering_parts(making->text, parts);
    int rc = -1;

    parts[n] = making->text->response;
    if (encode(making, parts, n, true, &prompt, err) < 0 ||
        encode(making, parts, n + 1, true, &whole, err) < 0 ||
        encode(making, &making->text->response, 1, true, &alone, err) < 0)
        goto done;
    out->truncated = whole.n > max_tokens;
    if (whole.n > max_tokens)
        whole.n = max_tokens;
    /* The response alone has as many tokens left as in the whole, and one more. */
    const size_t room = prompt.n < max_tokens ? max_tokens - prompt.n + 1 : 0;
    if (alone.n > room)
        alone.n = room;
    out->n_response_tokens = whole.n > prompt.n ? whole.n - prompt.n : 0;
    if (add_pass(making, whole.ids, whole.n, prompt.n, &out->nll_nats, &out->nll_reason, err) <
            0 ||
        add_pass(making, alone.ids, alone.n, 0, &out->nll_alone_nats, &out->alone_reason, err) <
            0)
        goto done;
    rc = 0;
done:
    token_buf_release(&prompt);
    token_buf_release(&whole);
    token_buf_release(&alone);
    return rc;
}

/* The prompt of Alpaca, without a line end behind it. */
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

static int plan_cherry(const struct making *making, struct error *err)
{
    const size_t max_tokens = making->observer->options.max_tokens;
    const struct slice direct[] = { slice_text("### Response:"), making->text->response };
    struct observation *out = making->out;
    struct slice parts[PARTS_MAX];
    struct token_buf prompt = { 0 }, whole = { 0 }, prefix = { 0 }, alone = { 0 };
    const size_t n = cherry_parts(making->text, parts);
    int rc = -1;

    parts[n] = making->text->response;
    if (encode(making, parts, n, true, &prompt, err) < 0 ||
        encode(making, parts, n + 1, true, &whole, err) < 0 ||
        encode(making, direct, 1, true, &prefix, err) < 0 ||
        encode(making, direct, 2, true, &alone, err) < 0)
        goto done;
    rc = 0;
    if (whole.n > max_tokens) {
        out->reason = "too_long";
        goto done;
    }
    /* Joined, the text can have fewer tokens than the prompt on its own. */
    const size_t room = prompt.n < max_tokens ? max_tokens - prompt.n : 0;
    if (alone.n > room + CHERRY_PREFIX_TOKENS)
        alone.n = room + CHERRY_PREFIX_TOKENS;
    out->n_response_tokens = whole.n > prompt.n ? whole.n - prompt.n : 0;
    if (add_pass(making, whole.ids, whole.n, prompt.n, &out->nll_nats, &out->nll_reason, err) <
            0 ||
        add_pass(making, alone.ids, alone.n, prefix.n, &out->nll_alone_nats, &out->alone_reason,
                 err) < 0)
        rc = -1;
done:
    token_buf_release(&prompt);
    token_buf_release(&whole);
    token_buf_release(&prefix);
    token_buf_release(&alone);
    return rc;
}

/* Also when it is not wanted: it says whether the sample was cut, and how long the response is.
 * The first labels are counted in the whole prompt, while the ids have lost their left end, but
 * for BOS: as many tokens of the response as were cut are not scored. */
static int plan_gateau_nll(const struct making *making, bool wanted, struct error *err)
{
    const struct observed_text *text = making->text;
    const size_t max_tokens = making->observer->options.max_tokens;
    const size_t n_bos = tokenizer_adds_bos(making->observer->tokenizer);
    const struct slice parts[] = { slice_text("### Input:"),
                                   text->context,
                                   slice_text("\n\n ### Instruction: "),
                                   text->instruction,
                                   slice_text("\n\n ### Response: "),
                                   text->response };
    struct observation *out = making->out;
    struct token_buf prompt = { 0 }, whole = { 0 };
    int rc = -1;

    if (encode(making, parts, 5, true, &prompt, err) < 0 ||
        encode(making, parts, 6, true, &whole, err) < 0)
        goto done;
    if (whole.n > max_tokens) {
        const size_t n_cut = whole.n - max_tokens;

        memmove(whole.ids + n_bos, whole.ids + n_bos + n_cut,
                (max_tokens - n_bos) * sizeof *whole.ids);
        whole.n = max_tokens;
        out->truncated = true;
    }
    out->n_response_tokens = whole.n > prompt.n ? whole.n - prompt.n : 0;
    rc = wanted ? add_pass(making, whole.ids, whole.n, prompt.n, &out->nll_nats,
                           &out->nll_reason, err)
                : 0;
done:
    token_buf_release(&prompt);
    token_buf_release(&whole);
    return rc;
}

/* What GATEAU's CAM is made of: the context padded to its full length, and two pieces of at
 * most 500 tokens that have lost their first one, which was taken for BOS. */
struct cam {
    struct token_buf context;
    size_t n_text; /* of context: what is behind is padding */
    struct token_buf tail;
    size_t n_instruction; /* of tail; the rest is the response */
};

static int add_piece(const struct making *making, const struct slice *parts, size_t n,
                     struct token_buf *tail, struct error *err)
{
    struct token_buf ids = { 0 };
    int rc = encode(making, parts, n, false, &ids, err);

    for (size_t i = 1; rc == 0 && i < ids.n && i < PIECE_MAX_TOKENS; i++)
        rc = token_buf_add(tail, ids.ids[i], err);
    token_buf_release(&ids);
    return rc;
}

static int cam_init(const struct making *making, struct cam *cam, struct error *err)
{
    const struct observed_text *text = making->text;
    const size_t max_tokens = making->observer->options.max_tokens;
    const struct slice context[] = { slice_text("### Input: "), text->context };
    const struct slice instruction[] = { slice_text("\n\n ### Instruction: "),
                                         text->instruction, slice_text("\n\n ### Response: ") };

    if (encode(making, context, 2, false, &cam->context, err) < 0)
        return -1;
    if (cam->context.n > max_tokens)
        cam->context.n = max_tokens;
    cam->n_text = cam->context.n;
    while (cam->context.n < max_tokens)
        if (token_buf_add(&cam->context, tokenizer_eos(making->observer->tokenizer), err) < 0)
            return -1;
    if (add_piece(making, instruction, 3, &cam->tail, err) < 0)
        return -1;
    cam->n_instruction = cam->tail.n;
    return add_piece(making, &text->response, 1, &cam->tail, err);
}

/* Segments of nothing but padding are all the same, and run once. */
static int add_segments(const struct making *making, const struct cam *cam, struct error *err)
{
    const size_t width = making->observer->options.segment_tokens;
    const size_t n = making->out->n_segments;
    struct segment *segments = making->out->segments;

    for (size_t i = 0; i < n; i++) {
        const struct joined joined = { .first = TOKEN_NONE,
                                       .before = cam->context.ids + i * width,
                                       .n_before = width,
                                       .after = cam->tail.ids,
                                       .n_after = cam->tail.n,
                                       .skip = cam->n_instruction };

        segments[i] = (struct segment){ .tok_start = i * width, .tok_end = (i + 1) * width };
        if (job_add_joined(making->list, &joined, NULL, making->arena, err) < 0)
            return -1;
        struct job *job = &making->list->jobs[making->list->n - 1];
        job->segment = &segments[i];
        job->divide_by = width + cam->tail.n - 1;
        if (i * width < cam->n_text)
            continue;
        job->n_alike = n - i - 1;
        for (size_t j = i + 1; j < n; j++)
            segments[j] =
                (struct segment){ .tok_start = j * width, .tok_end = (j + 1) * width };
        break;
    }
    return 0;
}

/* One pass over the padded context and the tail. Attention on padding is not counted, and what
 * goes to the rest is taken for all of it. */
static int add_attention(const struct making *making, const struct cam *cam, struct error *err)
{
    const size_t n = making->out->n_segments;
    const size_t n_tokens = cam->context.n + cam->tail.n;
    int32_t *tokens = arena_alloc(making->arena, n_tokens, sizeof *tokens);
    struct span *spans = arena_alloc(making->arena, n, sizeof *spans);
    double *attention = arena_alloc(making->arena, n, sizeof *attention);
    struct job job = { .kind = JOB_READY,
                       .observation = making->out,
                       .segment = making->out->segments };
    size_t n_spans = 0;

    if (!tokens || !spans || !attention)
        return error_nomem(err);
    memcpy(tokens, cam->context.ids, cam->context.n * sizeof *tokens);
    memcpy(tokens + cam->context.n, cam->tail.ids, cam->tail.n * sizeof *tokens);
    for (size_t i = 0; i < n; i++) {
        const struct segment *segment = &making->out->segments[i];

        if (segment->tok_start < cam->n_text) /* what is behind gets nothing */
            spans[n_spans++] = (struct span){ segment->tok_start, segment->tok_end < cam->n_text
                                                                      ? segment->tok_end
                                                                      : cam->n_text };
    }
    job.ready = (struct sequence){
        .tokens = tokens,
        .n_tokens = n_tokens,
        .attend_from = cam->context.n + cam->n_instruction,
        .spans = spans,
        .n_spans = n_spans,
        .attention = attention,
        .attention_by_head = making->out->attention_by_head,
        .ignored_keys = { cam->n_text, cam->context.n },
    };
    return job_add(making->list, &job, err);
}

static int plan_gateau_segments(const struct making *making, bool by_head, struct error *err)
{
    struct observation *out = making->out;
    const size_t n =
        making->observer->options.max_tokens / making->observer->options.segment_tokens;
    struct cam cam = { .n_text = 0 };
    int rc = -1;

    if (tokenizer_eos(making->observer->tokenizer) == TOKEN_NONE) {
        out->reason = "no_eos";
        return 0;
    }
    out->segments = arena_alloc(making->arena, n, sizeof *out->segments);
    if (!out->segments) {
        error_nomem(err);
        goto done;
    }
    if (cam_init(making, &cam, err) < 0)
        goto done;
    if (cam.tail.n == cam.n_instruction) {
        out->reason = "nothing_scored";
        rc = 0;
        goto done;
    }
    out->n_segments = n;
    if (by_head && observe_new_by_head(making->observer, making->arena, out, err) < 0)
        goto done;
    if (add_segments(making, &cam, err) == 0 && add_attention(making, &cam, err) == 0)
        rc = 0;
done:
    token_buf_release(&cam.context);
    token_buf_release(&cam.tail);
    return rc;
}

int observe_plan_compat(const struct observer *observer, const struct observed_text *text,
                        unsigned needs, struct arena *arena, struct observation *out,
                        struct job_list *list, struct error *err)
{
    const struct making making = { observer, text, arena, out, list };
    int rc = 0;

    if (!text->response.ptr)
        out->reason = "no_response";
    else if (slice_is_blank(text->response))
        out->reason = "empty_response";
    if (out->reason)
        return 0;
    switch (observer->options.compat) {
    case COMPAT_NONE:
        break;
    case COMPAT_GATEAU_CODE:
        rc = plan_gateau_nll(&making, (needs & NEED_NLL) != 0, err);
        if (rc == 0 && (needs & NEED_SEGMENTS))
            rc = plan_gateau_segments(&making, (needs & NEED_BY_HEAD) != 0, err);
        break;
    case COMPAT_SUPERFILTERING:
        rc = plan_superfiltering(&making, err);
        break;
    case COMPAT_CHERRY:
        rc = plan_cherry(&making, err);
        break;
    }
    if (rc < 0 && err->code == ERR_INPUT) { /* a byte that the vocabulary cannot spell */
        out->reason = "not_tokenizable";
        return 0;
    }
    return rc;
}
