/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a model's part of a run: the activations of a call of the session, and the packed
 * weights, if there is room for them and enough to do.
 *
 * --max-memory limits what is the process's own. The weights in the mapping of the file are
 * not: the kernel reclaims their pages when it needs them.
 */
#include "base/error.h"
#include "base/memory.h"
#include "base/report.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/model/pack.h"
#include "stages/score/cost.h"
#include "stages/score/run.h"
#include "stages/stage.h"

enum {
    /* Packing costs about what a pass over some hundred tokens without it loses. */
    PACK_TOKENS_LEAST = 2048,
    /* Short sequences need more memory for a token. This is the least average length assumed.
     */
    SHORT_TOKENS = 16,
    /* Prompts between the models of a pair: ids of 64 million tokens, and at most this part of
     * the memory there is. */
    PROMPTS_BYTES = 256 << 20,
    PROMPTS_PART = 16,
};

static const struct score_model *model_asked(const struct memory_question *question)
{
    return &question->setup->models.of[question->role];
}

uint64_t memory_of_prompts(const struct score_setup *setup)
{
    const uint64_t limit = setup->settings->memory_limit;
    const uint64_t part = (limit > 0 ? limit : memory_available("")) / PROMPTS_PART;

    return part < PROMPTS_BYTES ? part : PROMPTS_BYTES;
}

static uint64_t activation_bytes(const struct memory_question *question, uint64_t n_tokens)
{
    return session_memory(model_asked(question)->model, question->setup->context->n_threads,
                          (size_t)n_tokens, (size_t)(n_tokens / SHORT_TOKENS + 1))
        .activation_bytes;
}

/* Bytes that may be used beside the weights in the mapping. */
static uint64_t bytes_left(const struct memory_question *question)
{
    const uint64_t weights = model_info(model_asked(question)->model)->weight_bytes;
    const uint64_t available = memory_available("");
    const uint64_t left = available > weights ? available - weights : 0;

    return question->limit > 0 && question->limit < left ? question->limit : left;
}

void memory_plan_make(const struct memory_question *question, const struct token_cost *cost,
                      struct memory_plan *out)
{
    const struct score_setup *setup = question->setup;
    const struct observer_options *observing = &setup->models.observing;
    const uint64_t left = bytes_left(question);
    const uint64_t most = (uint64_t)observing->max_tokens;
    const uint64_t longest = cost->longest < most ? cost->longest : most;
    const uint64_t packed =
        model_pack_bytes(model_asked(question)->model, &setup->models.kernels);
    uint64_t batch = observing->batch_tokens;

    /* A batch may be as small as the longest sequence. */
    while (batch > longest && batch > SHORT_TOKENS && activation_bytes(question, batch) > left)
        batch /= 2;
    const uint64_t held = activation_bytes(question, batch > longest ? batch : longest);

    *out = (struct memory_plan){ .batch_tokens = (size_t)batch, .bytes = held };
    if (setup->settings->args->mmap_only || cost->n_new < PACK_TOKENS_LEAST)
        return;
    out->packs = packed <= left && held <= left - packed;
    out->lacks_room = !out->packs;
    out->bytes += out->packs ? packed : 0;
}

int memory_check(const struct memory_question *question, const struct token_cost *cost,
                 struct error *err)
{
    const struct score_model *model = model_asked(question);
    /* Few texts have eight bytes a token. So what is refused here would be refused by the
     * session once it has the tokens, after everything that comes before. */
    const uint64_t n = cost->longest / 2;
    const struct session_memory memory =
        session_memory(model->model, question->setup->context->n_threads, (size_t)n, 1);

    if (question->limit > 0 && memory.activation_bytes > question->limit)
        return error_set(err, ERR_NOMEM,
                         "%s: the longest sample takes %.0f MiB, and --max-memory leaves %.0f "
                         "for it: allow more, or cut samples with --max-tokens",
                         model->path, (double)memory.activation_bytes / (1 << 20),
                         (double)question->limit / (1 << 20));
    if (session_check_memory(&memory, (size_t)n, memory_available(""), err) == 0)
        return 0;
    return error_prefix(err, "%s: the longest sample", model->path);
}

int memory_pack(const struct memory_question *question, const struct memory_plan *plan,
                struct pool *pool, struct error *err)
{
    const struct score_model *model = model_asked(question);
    const struct score_setup *setup = question->setup;

    if (plan->packs && model_pack(model->model, &setup->models.kernels, pool, err) < 0) {
        if (err->code != ERR_NOMEM)
            return -1;
    } else if (!plan->lacks_room) {
        return 0;
    }
    report_note(setup->context->report,
                "%s: too little memory to pack its weights: a little slower", model->path);
    return 0;
}
