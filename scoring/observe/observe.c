/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/observe/observe.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"

int observer_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                 const struct observer_options *options, struct observer **out,
                 struct error *err)
{
    if (!model_tokenizer(model))
        return error_set(err, ERR_UNSUPPORTED,
                         "the model file has no vocabulary, so it cannot score text");

    struct observer *observer = calloc(1, sizeof *observer);
    if (!observer)
        return error_nomem(err);
    arena_init(&observer->scratch);
    observer->model = model;
    observer->tokenizer = model_tokenizer(model);
    observer->options = *options;
    if (session_new(model, kernels, pool, &observer->session, err) < 0 ||
        (options->ntk_factor > 0 &&
         session_stretch_ntk(observer->session, options->ntk_factor, err) < 0)) {
        observer_free(observer);
        return -1;
    }
    if (options->max_bytes > 0)
        session_set_max_bytes(observer->session, options->max_bytes);
    *out = observer;
    return 0;
}

void observer_free(struct observer *observer)
{
    if (!observer)
        return;
    session_free(observer->session);
    arena_release(&observer->scratch);
    free(observer);
}

static int plan_and_run(struct observer *observer, const struct prompt *prompts,
                        const struct observed_text *texts, size_t n, unsigned needs,
                        struct arena *arena, struct observation *out, struct error *err)
{
    struct pass_list list = { .n = 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct planning planning = { .observer = observer,
                                           .prompt = &prompts[i],
                                           .text = &texts[i],
                                           .needs = needs,
                                           .arena = arena,
                                           .out = &out[i],
                                           .list = &list };

        rc = observe_plan(&planning, err);
    }
    if (rc == 0)
        rc = observe_run_passes(observer, &list, needs, err);
    free(list.passes);
    return rc;
}

int observer_run(struct observer *observer, const struct observed_text *texts, size_t n,
                 unsigned needs, struct arena *arena, struct observation *out,
                 struct error *err)
{
    struct prompt *prompts = calloc(n ? n : 1, sizeof *prompts);

    if (!prompts)
        return error_nomem(err);
    int rc = observe_build_prompts(observer, texts, n, prompts, err);
    if (rc == 0)
        rc = plan_and_run(observer, prompts, texts, n, needs, arena, out, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (!texts[i].response.ptr)
            out[i].reason = "no_response";
    if (rc == 0)
        rc = observe_cache_prompts(observer, texts, n, prompts, err);
    for (size_t i = 0; i < n; i++)
        prompt_release(&prompts[i]);
    free(prompts);
    return rc;
}

uint64_t observer_tokens(const struct observer *observer)
{
    return observer->n_tokens;
}
