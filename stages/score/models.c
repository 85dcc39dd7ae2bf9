/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/models.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/gguf/gguf_fetch.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "stages/score/settings.h"
#include "stages/stage.h"
#include "store/score.h"

/* The pair that comes with the program. */
static const char *const built_in[SCORE_MODELS] = {
    [SCORER_MODEL] = "curate-tiny-long.gguf",
    [SCORER_SHORT_MODEL] = "curate-tiny-short.gguf",
};

static int built_in_path(const char *folder, struct score_model *model, const char *name,
                         struct error *err)
{
    const size_t size = strlen(folder) + 1 + strlen(name) + 1;

    if (!folder[0])
        return error_set(
            err, ERR_NOT_FOUND,
            "no built-in models beside the program: use --model, or set CURATE_MODELS to "
            "their folder");
    model->own_path = malloc(size);
    if (!model->own_path)
        return error_nomem(err);
    snprintf(model->own_path, size, "%s/%s", folder, name);
    model->path = model->own_path;
    return 0;
}

/* True if both models of the pair are the same file. */
static bool models_are_twins(const struct score_models *models)
{
    return memcmp(models->of[SCORER_MODEL].sha256, models->of[SCORER_SHORT_MODEL].sha256,
                  DIGEST_BYTES) == 0;
}

struct observer_options score_models_observing(const struct score_models *models,
                                               const struct score_settings *settings,
                                               enum scorer_model role)
{
    struct observer_options observing = models->observing;

    if (role == SCORER_SHORT_MODEL) {
        observing.prompt_window = settings->short_view.window;
        observing.ntk_factor = settings->short_view.ntk_factor;
    }
    return observing;
}

/* Bring a model that is named by a URL to this machine. */
static int fetch_model(const struct stage_context *context, struct score_model *model,
                       struct error *err)
{
    if (gguf_fetch(context->fetcher, model->path, &model->fetched, err) < 0)
        return -1;
    model->path = model->fetched.public_name;
    model->local_path = model->fetched.local_path;
    return 0;
}

/* With --short-window the model may be its own short model. */
static int choose_paths(const struct stage_context *context,
                        const struct score_settings *settings, const struct score_plan *plan,
                        struct score_models *models, struct error *err)
{
    const struct score_args *args = settings->args;
    const bool is_twin = args->model && !args->short_model && args->short_window > 0;
    const char *given[SCORE_MODELS] = { args->model,
                                        is_twin ? args->model : args->short_model };

    for (size_t i = 0; i < SCORE_MODELS; i++) {
        struct score_model *model = &models->of[i];

        model->path = given[i];
        if (plan->roles[i] && !model->path &&
            built_in_path(context->models_dir, model, built_in[i], err) < 0)
            return -1;
        if (model->path && fetch_model(context, model, err) < 0)
            return -1;
    }
    return 0;
}

static int raise_model_changed(const struct score_model *model, struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "%s: the file changed while the model was in use: what was computed since "
                     "the last commit is not stored; run the command again",
                     model->path);
}

int score_model_check(const struct score_model *model, struct file_stamp *last,
                      struct error *err)
{
    uint8_t sha256[DIGEST_BYTES];
    struct file_stamp now;

    if (model_file_stamp_open(&model->file, &now, err) < 0)
        return -1;
    if (file_stamp_equal(&now, last))
        return 0;
    if (now.size_bytes != last->size_bytes)
        return raise_model_changed(model, err);
    if (model_file_digest(&model->file, sha256, err) < 0)
        return -1;
    if (memcmp(sha256, model->sha256, sizeof sha256) != 0)
        return raise_model_changed(model, err);
    *last = now;
    return 0;
}

/* Map the model, and keep its files open. What is mapped are the files with the stamp. */
static int map_model(struct score_model *model, struct error *err)
{
    struct file_stamp now;

    if (model_file_open(&model->file, err) < 0 ||
        model_open(model->local_path, &model->model, err) < 0 ||
        model_file_stamp_open(&model->file, &now, err) < 0)
        return -1;
    if (!file_stamp_equal(&now, &model->stamp) ||
        model_file_stamp(&model->file, &now, err) < 0 || !file_stamp_equal(&now, &model->stamp))
        return raise_model_changed(model, err);
    return 0;
}

static int open_model(const struct stage_context *context, const struct kernels *kernels,
                      struct score_model *model, struct error *err)
{
    if (model_file_find(model->local_path, &model->file, err) < 0 ||
        model_file_stamp(&model->file, &model->stamp, err) < 0)
        return -1;
    const int known =
        model_find_sha256(context->store, model->path, &model->stamp, model->sha256, err);
    if (known < 0 || (known == 0 && model_file_digest(&model->file, model->sha256, err) < 0))
        return -1;
    if (map_model(model, err) < 0)
        return -1;
    const struct tokenizer *tokenizer = model_tokenizer(model->model);
    if (!tokenizer)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: no vocabulary in the file: it cannot score text", model->path);
    tokenizer_hash(tokenizer, &model->tokenizer_hash);
    model->arithmetic = session_arithmetic(model->model, kernels);
    return 0;
}

/* The models of a pair must have one vocabulary. */
static int check_pair(const struct stage_context *context,
                      const struct score_settings *settings, const struct score_models *models,
                      struct error *err)
{
    const struct score_model *with_long = &models->of[SCORER_MODEL];
    const struct score_model *with_short = &models->of[SCORER_SHORT_MODEL];

    if (memcmp(&with_long->tokenizer_hash, &with_short->tokenizer_hash,
               sizeof with_long->tokenizer_hash) != 0)
        return error_set(err, ERR_USAGE,
                         "%s and %s have different vocabularies: choose two models of one "
                         "lineage",
                         with_long->path, with_short->path);
    if (models_are_twins(models) && settings->short_view.window == 0 &&
        settings->short_view.ntk_factor == 0)
        report_note(context->report,
                    "%s and %s are the same model: their scores will not differ",
                    with_long->path, with_short->path);
    return 0;
}

/* A model with a learned vector for each position cannot run longer sequences. */
static int check_positions(const struct score_settings *settings,
                           const struct score_models *models, enum scorer_model role,
                           struct error *err)
{
    const struct score_model *model = &models->of[role];
    const struct model_info *info = model_info(model->model);
    const bool is_narrow = role == SCORER_SHORT_MODEL && settings->short_view.window > 0;

    if (!info->learned_positions || is_narrow ||
        models->observing.max_tokens <= info->context_length)
        return 0;
    return error_set(
        err, ERR_USAGE,
        "%s: the model has %" PRIu32 " positions, too few for sequences of %zu tokens: use "
        "--max-tokens %" PRIu32,
        model->path, info->context_length, models->observing.max_tokens, info->context_length);
}

/* Both models of a pair must see the same text, or their scores could not be compared. So the
 * long model decides about the template and the window. */
static int choose_observer_options(const struct score_settings *settings,
                                   struct score_models *models, struct error *err)
{
    const struct score_args *args = settings->args;
    const struct score_model *model = &models->of[SCORER_MODEL];
    struct observer_options *observing = &models->observing;

    if (prompt_template_choose(score_template_choice(args->template),
                               model_tokenizer(model->model), &models->template, err) < 0)
        return error_prefix(err, "%s", model->path);
    const size_t window = model_info(model->model)->context_length;
    const size_t published = compat_max_tokens(observing->compat);
    const size_t most = published > 0 && published < window ? published : window;

    observing->template = &models->template.form;
    observing->max_tokens = args->max_tokens > 0 ? (size_t)args->max_tokens : most;
    observing->near_tokens =
        args->near_tokens > 0 ? (size_t)args->near_tokens : (observing->max_tokens + 7) / 8;
    return 0;
}

int score_models_open(const struct stage_context *context,
                      const struct score_settings *settings, const struct score_plan *plan,
                      struct score_models *out, struct error *err)
{
    out->observing = settings->observing;
    kernels_init(&out->kernels, context->cpu_flags);
    if (choose_paths(context, settings, plan, out, err) < 0)
        return -1;
    for (size_t i = 0; i < SCORE_MODELS; i++)
        if (plan->roles[i] && open_model(context, &out->kernels, &out->of[i], err) < 0)
            return -1;
    if (plan->roles[SCORER_SHORT_MODEL] && check_pair(context, settings, out, err) < 0)
        return -1;
    if (!plan->roles[SCORER_MODEL])
        return 0;
    if (choose_observer_options(settings, out, err) < 0)
        return -1;
    for (size_t i = 0; i < SCORE_MODELS; i++)
        if (plan->roles[i] && check_positions(settings, out, (enum scorer_model)i, err) < 0)
            return -1;
    const struct score_model *model = &out->of[SCORER_MODEL];
    const uint32_t window = model_info(model->model)->context_length;
    if (settings->args->max_tokens > window)
        report_note(context->report,
                    "--max-tokens %" PRId64 ": %s was trained for %" PRIu32 " tokens",
                    settings->args->max_tokens, model->path, window);
    return 0;
}

void score_models_close(struct score_models *models)
{
    for (size_t i = 0; i < SCORE_MODELS; i++) {
        model_file_close(&models->of[i].file);
        model_close(models->of[i].model);
        fetched_file_release(&models->of[i].fetched);
        free(models->of[i].own_path);
        models->of[i] = (struct score_model){ 0 };
    }
}
