/* SPDX-License-Identifier: Apache-2.0 */
/* Options that only some metrics use: an option without a use is an error, and so is a metric
 * without the option it needs. */
#include <string.h>

#include "base/error.h"
#include "stages/score/plan.h"
#include "stages/score/settings.h"

static int check_compat(const struct score_args *args, const struct score_settings *settings,
                        const struct score_plan *plan, struct error *err)
{
    const char *name = compat_name(args->compat);

    if (args->compat == COMPAT_NONE)
        return 0;
    if (settings->all_turns)
        return error_set(err, ERR_USAGE,
                         "--compat %s: the published code scores the last response only: leave "
                         "out --turns all",
                         name);
    if (args->template != score_args_defaults.template)
        return error_set(err, ERR_USAGE,
                         "--compat %s: the published code has its own prompt: leave out "
                         "--template",
                         name);
    if (settings->top.is_given || args->short_window > 0)
        return error_set(
            err, ERR_USAGE,
            "--compat %s: the published code scores all samples in full: leave out "
            "--%s",
            name, settings->top.is_given ? "top" : "short-window");
    if (args->attn_row != ATTN_ROW_OWN || args->last_segment != SEGMENT_LAST_HALF ||
        args->truncate != SIDE_LEFT || args->cas_truncate != SIDE_LEFT ||
        args->max_segments != SCORE_LIMIT || args->response_tokens != SCORE_LIMIT ||
        args->instruction_tokens != SCORE_LIMIT)
        return error_set(err, ERR_USAGE,
                         "--compat %s: the published code cuts texts and segments its own way: "
                         "of the options about them use only --segment-tokens and --max-tokens",
                         name);
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].scorer->needs & ~compat_needs(args->compat))
            return error_set(
                err, ERR_USAGE,
                "--compat %s: the published code computes no %s: leave out --compat", name,
                plan->nodes[i].scorer->name);
    return 0;
}

/* --model, --short-model and how the short model is run. */
static int check_models(const struct score_args *args, const struct score_plan *plan,
                        struct error *err)
{
    const bool has_short = plan->roles[SCORER_SHORT_MODEL];
    const char *useless = args->short_model    ? "--short-model"
                          : args->short_rope   ? "--short-rope"
                          : args->short_window ? "--short-window"
                                               : NULL;
    const bool is_twin = args->model && args->short_window > 0;

    if (useless && !has_short)
        return error_set(
            err, ERR_USAGE,
            "none of these metrics compares two models, so %s has no use; name one "
            "model with --model",
            useless);
    if (args->model && !plan->roles[SCORER_MODEL])
        return error_set(err, ERR_USAGE,
                         "none of these metrics looks at a model, so --model %s has no use",
                         args->model);
    if (!has_short || is_twin || !args->model == !args->short_model)
        return 0;
    return error_set(err, ERR_USAGE,
                     "a pair of models is needed: give --%s, too%s, or neither for the "
                     "built-in pair",
                     args->model ? "short-model" : "model",
                     args->model ? ", or --short-window to narrow the view of this one" : "");
}

static int check_cohort(const struct score_args *args, const struct score_plan *plan,
                        struct error *err)
{
    size_t n = 0;

    if (args->cohort && cohort_check_name(args->cohort, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n; i++)
        n += plan->nodes[i].scorer->rank && plan->nodes[i].asked;
    if (n != 1 && args->cohort)
        return error_set(err, ERR_USAGE, "--cohort %s: %s", args->cohort,
                         n > 1 ? "hmp and gateau are two cohorts; ask for one of them"
                               : "none of these metrics is of a cohort");
    return 0;
}

static int check_top(const struct score_settings *settings, const struct score_plan *plan,
                     struct error *err)
{
    if (!settings->top.is_given)
        return 0;
    if (settings->cohort_args.normaliser == NORMALISE_GATEAU_CODE)
        return error_set(err, ERR_USAGE,
                         "--top needs scores on one scale to know what it may skip, and "
                         "--norm gateau-code puts cas on none");
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].asked && strcmp(plan->nodes[i].scorer->name, "gateau") == 0)
            return 0;
    return error_set(err, ERR_USAGE, "--top %s: only the metric gateau can use it",
                     settings->top.text);
}

int score_settings_check(const struct score_args *args, const struct score_settings *settings,
                         const struct score_plan *plan, struct error *err)
{
    unsigned needs = 0;
    bool uses_neighbour = false;

    for (size_t i = 0; i < plan->n; i++) {
        needs |= plan->nodes[i].needs;
        uses_neighbour = uses_neighbour || plan->nodes[i].uses_neighbour;
    }
    if (args->neighbour != score_args_defaults.neighbour && !uses_neighbour)
        return error_set(err, ERR_USAGE,
                         "none of these metrics is about neighbours, so --neighbour has no "
                         "use");
    const bool asks = (needs & (NEED_YES_NO | NEED_RATING)) != 0;

    if (asks && (!args->question || !args->question[0]))
        return error_set(err, ERR_USAGE,
                         "%s puts a question to the model: give it with --question TEXT",
                         needs & NEED_YES_NO ? "yes_probability" : "rating");
    if (args->question && !asks)
        return error_set(err, ERR_USAGE,
                         "none of these metrics asks a question, so --question has no use");
    if (args->attention_by != SCORE_NO_TABLES && !(needs & NEED_SEGMENTS))
        return error_set(err, ERR_USAGE,
                         "none of these metrics is made of segments, so --attention-by has no "
                         "use");
    if (args->near_tokens > 0 && !(needs & NEED_NLL_NEAR))
        return error_set(err, ERR_USAGE,
                         "none of these metrics shortens the context to its end, so "
                         "--near-tokens has no use");
    if (check_models(args, plan, err) < 0 || check_compat(args, settings, plan, err) < 0 ||
        check_cohort(args, plan, err) < 0)
        return -1;
    return check_top(settings, plan, err);
}
