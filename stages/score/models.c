/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/score_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
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

/* "none", "ntk", "ntk:S". S is kept as it is written into score sets. */
static int parse_rope(const char *text, double *ntk_factor, struct error *err)
{
    char *end = NULL;

    *ntk_factor = 0;
    if (!text || strcmp(text, "none") == 0)
        return 0;
    if (strcmp(text, "ntk") == 0) {
        *ntk_factor = 1;
        return 0;
    }
    if (strncmp(text, "ntk:", 4) == 0) {
        *ntk_factor = strtod(text + 4, &end);
        if (end != text + 4 && *end == '\0' && *ntk_factor >= 1 && *ntk_factor <= 1000)
            return 0;
    }
    return error_set(err, ERR_USAGE,
                     "--short-rope is '%s'; it must be none, ntk, or ntk:S with S from 1 to "
                     "1000",
                     text);
}

int score_short_view(const struct score_args *args, struct short_view *out, struct error *err)
{
    if (args->short_window < 0 || args->short_window > INT32_MAX)
        return error_set(err, ERR_USAGE, "--short-window is %lld; it must be from 0 to %d",
                         (long long)args->short_window, INT32_MAX);
    out->window = (size_t)args->short_window;
    return parse_rope(args->short_rope, &out->ntk_factor, err);
}

bool score_is_twin(const struct scoring *scoring)
{
    return scoring->plan.roles[SCORER_SHORT_MODEL] &&
           memcmp(scoring->models[SCORER_MODEL].sha256,
                  scoring->models[SCORER_SHORT_MODEL].sha256, DIGEST_BYTES) == 0;
}

struct observer_options score_observing(const struct scoring *scoring, enum scorer_model role)
{
    struct observer_options observing = scoring->observing;

    if (role == SCORER_SHORT_MODEL) {
        observing.prompt_window = scoring->short_view.window;
        observing.ntk_factor = scoring->short_view.ntk_factor;
    }
    return observing;
}

/* What the options of the short model ask for must have a use. */
static int check_short(const struct scoring *scoring, struct error *err)
{
    const struct score_args *args = scoring->args;
    const char *useless = args->short_model    ? "--short-model"
                          : args->short_rope   ? "--short-rope"
                          : args->short_window ? "--short-window"
                                               : NULL;

    if (!useless || scoring->plan.roles[SCORER_SHORT_MODEL])
        return 0;
    return error_set(err, ERR_USAGE,
                     "none of these metrics compares two models, so %s has no use; name one "
                     "model with --model",
                     useless);
}

static int choose_paths(struct scoring *scoring, struct error *err)
{
    const struct score_args *args = scoring->args;
    const bool *roles = scoring->plan.roles;
    const bool twin = args->model && !args->short_model && args->short_window > 0;
    const char *given[SCORE_MODELS] = { args->model, twin ? args->model : args->short_model };

    if (check_short(scoring, err) < 0)
        return -1;
    if (args->model && !roles[SCORER_MODEL])
        return error_set(err, ERR_USAGE,
                         "none of these metrics looks at a model, so --model %s has no use",
                         args->model);
    if (roles[SCORER_SHORT_MODEL] && !given[SCORER_MODEL] != !given[SCORER_SHORT_MODEL])
        return error_set(err, ERR_USAGE,
                         "a pair of models is needed: give --%s, too%s, or neither for the "
                         "built-in pair",
                         args->model ? "short-model" : "model",
                         args->model ? ", or --short-window to narrow the view of this one"
                                     : "");
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
    if (score_is_twin(scoring) && scoring->short_view.window == 0 &&
        scoring->short_view.ntk_factor == 0)
        report_note(scoring->context->report,
                    "%s and %s are the same model, so nothing will differ between them",
                    with_long->path, with_short->path);
    return 0;
}

/* A model with a vector for each position has no more of them. */
static int check_positions(const struct scoring *scoring, enum scorer_model role,
                           struct error *err)
{
    const struct score_model *model = &scoring->models[role];
    const struct model_info *info = model_info(model->model);
    const bool narrow = role == SCORER_SHORT_MODEL && scoring->short_view.window > 0;

    if (!info->learned_positions || narrow ||
        scoring->observing.max_tokens <= info->context_length)
        return 0;
    return error_set(
        err, ERR_USAGE,
        "%s has vectors for %" PRIu32 " positions only, so sequences of %zu tokens "
        "cannot be put to it; give --max-tokens %" PRIu32,
        model->path, info->context_length, scoring->observing.max_tokens, info->context_length);
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
    const size_t usual = compat_max_tokens(scoring->observing.compat);
    const size_t most = usual > 0 && usual < window ? usual : window;
    scoring->observing.max_tokens = asked > 0 ? asked : most;
    scoring->observing.near_tokens = scoring->args->near_tokens > 0
                                         ? (size_t)scoring->args->near_tokens
                                         : (scoring->observing.max_tokens + 7) / 8;
    for (size_t i = 0; i < SCORE_MODELS; i++)
        if (scoring->plan.roles[i] && check_positions(scoring, (enum scorer_model)i, err) < 0)
            return -1;
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
