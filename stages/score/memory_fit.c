/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory a model's part of a run takes: what a call of the session holds, and the
 * weights packed, where there is room for them and enough to do.
 *
 * --max-memory is a limit on what is the process's own. Weights in the mapping of the file are
 * not: the kernel takes their pages back when it needs them.
 */
#include "base/error.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/report.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/pack.h"
#include "stages/score/score_private.h"
#include "stages/stage.h"

enum {
    LEAST_BYTES = 64 << 20,
    /* What else there is: the database's cache, the vocabulary, texts of a batch. */
    RESERVED_BYTES = 32 << 20,
    /* Packing costs about what a pass of some hundred tokens without it loses. */
    PACK_TOKENS_LEAST = 2048,
    /* Short sequences take more memory a token; these are taken for the shortest on average. */
    SHORT_TOKENS = 16,
    /* Ids of 64 million tokens; and the part of what there is that it is at most. */
    PROMPTS_BYTES = 256 << 20,
    PROMPTS_PART = 16,
};

int score_memory_parse(const struct score_args *args, uint64_t *out, struct error *err)
{
    size_t bytes = 0;

    *out = 0;
    if (!args->max_memory)
        return 0;
    if (option_parse_size("max-memory", args->max_memory, &bytes, err) < 0)
        return -1;
    if (bytes < LEAST_BYTES)
        return error_set(err, ERR_USAGE, "--max-memory %s: it is at least %dM",
                         args->max_memory, LEAST_BYTES >> 20);
    *out = bytes - RESERVED_BYTES;
    return 0;
}

size_t score_memory_prompts(struct scoring *scoring)
{
    const bool limited = scoring->memory_limit > 0;
    const uint64_t part =
        (limited ? scoring->memory_limit : memory_available("")) / PROMPTS_PART;
    const uint64_t n_bytes = part < PROMPTS_BYTES ? part : PROMPTS_BYTES;

    if (limited)
        scoring->memory_limit -= n_bytes;
    return (size_t)n_bytes;
}

static uint64_t activations(const struct scoring *scoring, const struct model *model,
                            uint64_t n_tokens)
{
    return session_memory(model, scoring->context->n_threads, (size_t)n_tokens,
                          (size_t)(n_tokens / SHORT_TOKENS + 1))
        .activation_bytes;
}

/* What may be taken beside the weights in the mapping. */
static uint64_t memory_left(const struct scoring *scoring, const struct model *model)
{
    const uint64_t weights = model_info(model)->weight_bytes;
    const uint64_t available = memory_available("");
    const uint64_t left = available > weights ? available - weights : 0;

    return scoring->memory_limit > 0 && scoring->memory_limit < left ? scoring->memory_limit
                                                                     : left;
}

void score_memory_fit(const struct scoring *scoring, enum scorer_model role, uint64_t n_tokens,
                      uint64_t longest, struct score_fit *out)
{
    const struct model *model = scoring->models[role].model;
    const uint64_t left = memory_left(scoring, model);
    const uint64_t most = (uint64_t)scoring->observing.max_tokens;
    const uint64_t row = longest < most ? longest : most;
    const uint64_t packed = model_pack_bytes(model, &scoring->kernels);
    uint64_t batch = scoring->observing.batch_tokens;

    /* A batch may be as small as the longest sample. */
    while (batch > row && batch > SHORT_TOKENS && activations(scoring, model, batch) > left)
        batch /= 2;
    const uint64_t held = activations(scoring, model, batch > row ? batch : row);

    *out = (struct score_fit){ .batch_tokens = (size_t)batch, .bytes = held };
    if (scoring->args->mmap_only || n_tokens < PACK_TOKENS_LEAST)
        return;
    out->packs = packed <= left && held <= left - packed;
    out->lacks_room = !out->packs;
    out->bytes += out->packs ? packed : 0;
}

int score_memory_check(const struct scoring *scoring, enum scorer_model role, uint64_t longest,
                       struct error *err)
{
    const struct score_model *model = &scoring->models[role];
    /* Texts are never so dense that a token is eight bytes: what is refused here would be
     * refused by the session once it has the tokens, after all that comes before. */
    const uint64_t n = longest / 2;
    const struct session_memory memory =
        session_memory(model->model, scoring->context->n_threads, (size_t)n, 1);

    if (scoring->memory_limit > 0 && memory.activation_bytes > scoring->memory_limit)
        return error_set(err, ERR_NOMEM,
                         "%s: the longest sample takes %.0f MiB, and --max-memory leaves %.0f "
                         "for it: allow more, or cut samples with --max-tokens",
                         model->path, (double)memory.activation_bytes / (1 << 20),
                         (double)scoring->memory_limit / (1 << 20));
    if (session_check_memory(&memory, (size_t)n, memory_available(""), err) == 0)
        return 0;
    return error_prefix(err, "%s: the longest sample", model->path);
}

int score_memory_pack(const struct scoring *scoring, enum scorer_model role,
                      const struct score_fit *fit, struct pool *pool, struct error *err)
{
    const struct score_model *model = &scoring->models[role];

    if (fit->packs && model_pack(model->model, &scoring->kernels, pool, err) < 0) {
        if (err->code != ERR_NOMEM)
            return -1;
    } else if (!fit->lacks_room) {
        return 0;
    }
    report_note(scoring->context->report,
                "%s: too little memory to pack its weights: a little slower", model->path);
    return 0;
}
