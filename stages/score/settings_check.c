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
    if (!args->compat)
        return 0;
    if (settings->all_turns)
        return error_set(err, ERR_USAGE,
                         "--compat %s scores the last response; the published code knows no "
                         "other, so --turns all has no place beside it",
                         args->compat);
    if (strcmp(args->template, "auto") != 0)
        return error_set(err, ERR_USAGE,
                         "--compat %s has a prompt of its own, so --template has no use",
                         args->compat);
    if (args->top || args->short_window > 0)
        return error_set(err, ERR_USAGE,
                         "--compat %s: the published code scores all samples in full, so --%s "
                         "has no place beside it",
                         args->compat, args->top ? "top" : "short-window");
    if (strcmp(args->attn_row, "own") != 0 || strcmp(args->last_segment, "half") != 0 ||
        strcmp(args->truncate, "left") != 0 || strcmp(args->cas_truncate, "left") != 0 ||
        args->max_segments != SCORE_LIMIT || args->response_tokens != SCORE_LIMIT ||
        args->instruction_tokens != SCORE_LIMIT)
        return error_set(
            err, ERR_USAGE,
            "--compat %s cuts texts and segments its own way: of the options about "
            "them only --segment-tokens and --max-tokens have a use",
            args->compat);
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].scorer->needs & ~compat_needs(settings->observing.compat))
            return error_set(err, ERR_USAGE,
                             "--compat %s: the published code computes no %s; leave the option "
                             "out",
                             args->compat, plan->nodes[i].scorer->name);
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
    struct cohort_spec spec = { 0 };
    size_t n = 0;

    if (cohort_take_args(&args->cohort_args, &spec, err) < 0 ||
        (args->cohort && cohort_check_name(args->cohort, err) < 0))
        return -1;
    for (size_t i = 0; i < plan->n; i++)
        n += plan->nodes[i].scorer->rank && plan->nodes[i].asked;
    if (n != 1 && args->cohort)
        return error_set(err, ERR_USAGE, "--cohort %s: %s", args->cohort,
                         n > 1 ? "hmp and gateau are two cohorts; ask for one of them"
                               : "none of these metrics is of a cohort");
    return 0;
}

static int check_top(const struct score_args *args, const struct score_plan *plan,
                     struct error *err)
{
    if (!args->top)
        return 0;
    if (args->cohort_args.normaliser &&
        strcmp(args->cohort_args.normaliser, "gateau-code") == 0)
        return error_set(err, ERR_USAGE,
                         "--top needs scores on one scale to know what it may skip, and "
                         "--norm gateau-code puts cas on none");
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].asked && strcmp(plan->nodes[i].scorer->name, "gateau") == 0)
            return 0;
    return error_set(err, ERR_USAGE, "--top %s: only gateau has a use for it", args->top);
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
    if (args->neighbour > 0 && !uses_neighbour)
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
    if (args->attention_by && !(needs & NEED_SEGMENTS))
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
    return check_top(args, plan, err);
}
