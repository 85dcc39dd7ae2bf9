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

/* Append the passes of all texts to the list. */
static int plan_all(const struct observer *observer, const struct prompt *prompts,
                    const struct observed_text *texts, size_t n, unsigned needs,
                    struct arena *arena, struct observation *out, struct pass_list *list,
                    struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct planning planning = { .observer = observer,
                                           .prompt = &prompts[i],
                                           .text = &texts[i],
                                           .needs = needs,
                                           .arena = arena,
                                           .out = &out[i],
                                           .list = list };

        if (observe_plan(&planning, err) < 0)
            return -1;
    }
    return 0;
}

static void release_prompts(struct prompt *prompts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        prompt_release(&prompts[i]);
    free(prompts);
}

int observer_run(struct observer *observer, const struct observed_text *texts, size_t n,
                 unsigned needs, struct arena *arena, struct observation *out,
                 struct error *err)
{
    struct prompt *prompts = calloc(n ? n : 1, sizeof *prompts);
    struct pass_list list = { .n = 0 };

    if (!prompts)
        return error_nomem(err);
    int rc = observe_build_prompts(observer, texts, n, prompts, err);
    if (rc == 0)
        rc = plan_all(observer, prompts, texts, n, needs, arena, out, &list, err);
    if (rc == 0)
        rc = observe_run_passes(observer, &list, needs, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (!texts[i].response.ptr)
            out[i].reason = "no_response";
    if (rc == 0)
        rc = observe_cache_prompts(observer, texts, n, prompts, err);
    release_prompts(prompts, n);
    free(list.passes);
    return rc;
}

int observer_count_tokens(struct observer *observer, const struct observed_text *texts,
                          size_t n, unsigned needs, struct arena *arena,
                          struct token_count *out, struct error *err)
{
    struct prompt *prompts = calloc(n ? n : 1, sizeof *prompts);
    struct observation *seen = arena_alloc(arena, n, sizeof *seen);
    struct pass_list list = { .n = 0 };
    int rc = prompts && seen ? 0 : error_nomem(err);

    if (rc == 0)
        rc = observe_build_prompts(observer, texts, n, prompts, err);
    if (rc == 0)
        rc = plan_all(observer, prompts, texts, n, needs, arena, seen, &list, err);
    if (rc == 0)
        observe_count_passes(&list, out);
    if (prompts)
        release_prompts(prompts, n);
    free(list.passes);
    return rc;
}

uint64_t observer_tokens(const struct observer *observer)
{
    return observer->n_tokens;
}
