/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/infer/model.h"
#include "scoring/infer/tokenizer.h"
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
            "the built-in models are not beside the program; name one with --model, "
            "or their folder in CURATE_MODELS");
    model->own_path = malloc(size);
    if (!model->own_path)
        return error_nomem(err);
    snprintf(model->own_path, size, "%s/%s", folder, name);
    model->path = model->own_path;
    return 0;
}

static int choose_paths(struct scoring *scoring, struct error *err)
{
    const struct score_args *args = scoring->args;
    const bool *roles = scoring->plan.roles;
    const char *given[SCORE_MODELS] = { args->model, args->short_model };

    if (args->short_model && !roles[SCORER_SHORT_MODEL])
        return error_set(err, ERR_USAGE,
                         "none of these metrics compares two models, so --short-model %s has "
                         "no use; name one model with --model",
                         args->short_model);
    if (args->model && !roles[SCORER_MODEL])
        return error_set(err, ERR_USAGE,
                         "none of these metrics looks at a model, so --model %s has no use",
                         args->model);
    if (roles[SCORER_SHORT_MODEL] && !args->model != !args->short_model)
        return error_set(err, ERR_USAGE,
                         "a pair of models is needed: give --%s, too, or neither for the "
                         "built-in pair",
                         args->model ? "short-model" : "model");
    for (size_t i = 0; i < SCORE_MODELS; i++) {
        struct score_model *model = &scoring->models[i];

        model->path = given[i];
        if (roles[i] && !model->path &&
            built_in_path(scoring->context->models_dir, model, built_in[i], err) < 0)
            return -1;
    }
    return 0;
}

static int open_model(struct scoring *scoring, struct score_model *model, struct error *err)
{
    if (file_stamp(model->path, &model->stamp, err) < 0)
        return -1;
    const int known = model_find_sha256(scoring->context->store, model->path, &model->stamp,
                                        model->sha256, err);
    if (known < 0 || (known == 0 && digest_file(model->path, model->sha256, err) < 0))
        return -1;
    if (model_open(model->path, &model->model, err) < 0)
        return -1;
    const struct tokenizer *tokenizer = model_tokenizer(model->model);
    if (!tokenizer)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: the file carries no vocabulary, so it cannot score text",
                         model->path);
    tokenizer_hash(tokenizer, &model->tokenizer_hash);
    return 0;
}

/* What holds for two models that are to be compared. */
static int check_pair(const struct scoring *scoring, struct error *err)
{
    const struct score_model *with_long = &scoring->models[SCORER_MODEL];
    const struct score_model *with_short = &scoring->models[SCORER_SHORT_MODEL];

    if (memcmp(&with_long->tokenizer_hash, &with_short->tokenizer_hash,
               sizeof with_long->tokenizer_hash) != 0)
        return error_set(err, ERR_USAGE,
                         "%s and %s have different vocabularies, so their perplexities cannot "
                         "be compared; a pair must be of one lineage",
                         with_long->path, with_short->path);
    if (memcmp(with_long->sha256, with_short->sha256, DIGEST_BYTES) == 0)
        report_note(scoring->context->report,
                    "%s and %s are the same model, so nothing will differ between them",
                    with_long->path, with_short->path);
    return 0;
}

int score_models_open(struct scoring *scoring, struct error *err)
{
    const size_t asked = (size_t)scoring->args->max_tokens;

    if (choose_paths(scoring, err) < 0)
        return -1;
    for (size_t i = 0; i < SCORE_MODELS; i++)
        if (scoring->plan.roles[i] && open_model(scoring, &scoring->models[i], err) < 0)
            return -1;
    if (scoring->plan.roles[SCORER_SHORT_MODEL] && check_pair(scoring, err) < 0)
        return -1;
    if (!scoring->plan.roles[SCORER_MODEL])
        return 0;
    const struct score_model *model = &scoring->models[SCORER_MODEL];
    /* Both models of a pair see the same text, so the long one decides. */
    if (prompt_template_choose(scoring->args->template, model_tokenizer(model->model),
                               &scoring->template, err) < 0)
        return error_prefix(err, "%s", model->path);
    const size_t window = model_info(model->model)->context_length;
    /* Both models of a pair see the same text, or their numbers could not be compared. */
    scoring->observing.max_tokens = asked > 0 ? asked : window;
    scoring->observing.near_tokens = scoring->args->near_tokens > 0
                                         ? (size_t)scoring->args->near_tokens
                                         : (scoring->observing.max_tokens + 7) / 8;
    if (asked > window)
        report_note(scoring->context->report,
                    "--max-tokens %zu is more than the %zu tokens %s was made for", asked,
                    window, model->path);
    return 0;
}

void score_models_close(struct scoring *scoring)
{
    for (size_t i = 0; i < SCORE_MODELS; i++) {
        model_close(scoring->models[i].model);
        free(scoring->models[i].own_path);
        scoring->models[i] = (struct score_model){ 0 };
    }
}
