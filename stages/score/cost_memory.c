/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for running a model: the activations of one call of the session, and the packed
 * weights if they fit and packing them pays.
 *
 * --max-memory limits the private memory of the process. The mapped weights do not count: the
 * kernel reclaims their pages when it needs them.
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
    /* Packing takes about as long as it saves over some hundred tokens. */
    PACK_TOKENS_LEAST = 2048,
    /* Short sequences need more memory per token: assume at least this average length. */
    SHORT_TOKENS = 16,
    /* Prompts kept between the models of a pair: ids of 64 million tokens, at most this part of
     * the memory there is. */
    PROMPTS_BYTES = 256 << 20,
    PROMPTS_PART = 16,
};

static const struct score_model *model_of_run(const struct model_run *run)
{
    return &run->setup->models.of[run->role];
}

uint64_t memory_of_prompts(const struct score_setup *setup)
{
    const uint64_t limit = setup->settings->memory_limit;
    const uint64_t part = (limit > 0 ? limit : memory_available("")) / PROMPTS_PART;

    return part < PROMPTS_BYTES ? part : PROMPTS_BYTES;
}

static uint64_t activation_bytes(const struct model_run *run, uint64_t n_tokens)
{
    return session_memory(model_of_run(run)->model, run->setup->context->n_threads,
                          (size_t)n_tokens, (size_t)(n_tokens / SHORT_TOKENS + 1))
        .activation_bytes;
}

/* Bytes that may be used beside the mapped weights. */
static uint64_t bytes_left(const struct model_run *run)
{
    const uint64_t weights = model_info(model_of_run(run)->model)->weight_bytes;
    const uint64_t available = memory_available("");
    const uint64_t left = available > weights ? available - weights : 0;

    return run->memory_limit > 0 && run->memory_limit < left ? run->memory_limit : left;
}

void memory_plan_make(const struct model_run *run, const struct token_cost *cost,
                      struct memory_plan *out)
{
    const struct score_setup *setup = run->setup;
    const struct observer_options *observing = &setup->models.observing;
    const uint64_t left = bytes_left(run);
    const uint64_t most = (uint64_t)observing->max_tokens;
    const uint64_t longest = cost->longest < most ? cost->longest : most;
    const uint64_t packed = model_pack_bytes(model_of_run(run)->model, &setup->models.kernels);
    uint64_t batch = observing->batch_tokens;

    /* A batch may be as small as the longest sequence. */
    while (batch > longest && batch > SHORT_TOKENS && activation_bytes(run, batch) > left)
        batch /= 2;
    const uint64_t held = activation_bytes(run, batch > longest ? batch : longest);

    *out = (struct memory_plan){ .batch_tokens = (size_t)batch, .bytes = held };
    if (setup->settings->args->mmap_only || cost->n_new < PACK_TOKENS_LEAST)
        return;
    out->packs = packed <= left && held <= left - packed;
    out->lacks_room = !out->packs;
    out->bytes += out->packs ? packed : 0;
}

int memory_check(const struct model_run *run, const struct token_cost *cost, struct error *err)
{
    const struct score_model *model = model_of_run(run);
    /* The cost of a sample that was not counted is an estimate, which is hardly ever twice too
     * high. Refuse here only what the session would refuse later. */
    const uint64_t n = cost->longest / 2;
    const struct session_memory memory =
        session_memory(model->model, run->setup->context->n_threads, (size_t)n, 1);

    if (run->memory_limit > 0 && memory.activation_bytes > run->memory_limit)
        return error_set(err, ERR_NOMEM,
                         "%s: the longest sample takes %.0f MiB, and --max-memory leaves %.0f: "
                         "raise --max-memory, or cut samples with --max-tokens",
                         model->path, (double)memory.activation_bytes / (1 << 20),
                         (double)run->memory_limit / (1 << 20));
    if (session_check_memory(&memory, (size_t)n, memory_available(""), err) == 0)
        return 0;
    return error_prefix(err, "%s: the longest sample", model->path);
}

int memory_pack(const struct model_run *run, const struct memory_plan *plan, struct pool *pool,
                struct error *err)
{
    const struct score_model *model = model_of_run(run);
    const struct score_setup *setup = run->setup;

    if (plan->packs && model_pack(model->model, &setup->models.kernels, pool, err) < 0) {
        if (err->code != ERR_NOMEM)
            return -1;
    } else if (!plan->lacks_room) {
        return 0;
    }
    report_note(setup->context->report,
                "%s: not enough memory to pack the weights, the run is a little slower",
                model->path);
    return 0;
}
