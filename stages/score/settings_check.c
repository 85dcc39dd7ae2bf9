/* SPDX-License-Identifier: Apache-2.0 */
/* Options against metrics: an option that no metric uses is an error, and so is a metric
 * without an option that it needs. */
#include <string.h>

#include "base/error.h"
#include "stages/score/plan.h"
#include "stages/score/settings.h"

/* True if the option has another value than its default. */
static bool is_given(const struct score_args *args, const char *name)
{
    const struct option *option = option_find(score_options, name, strlen(name));
    char text[OPTION_VALUE_BYTES], unset[OPTION_VALUE_BYTES];

    if (!option_text(option, args, text, sizeof text))
        return false;
    return !option_text(option, &score_args_defaults, unset, sizeof unset) ||
           strcmp(text, unset) != 0;
}

/* Options that only metrics with one of these needs use. */
static const struct {
    const char *option;
    unsigned needs;
    const char *what; /* what such a metric does */
} used_by[] = {
    { "attention-by", NEED_SEGMENTS, "is made of segments" },
    { "near-tokens", NEED_NLL_NEAR, "shortens the context to its end" },
    { "question", NEED_YES_NO | NEED_RATING, "asks a question" },
};

static int raise_no_use(const char *what, const char *option, struct error *err)
{
    return error_set(err, ERR_USAGE, "none of these metrics %s: leave out --%s", what, option);
}

static int check_uses(const struct score_args *args, const struct score_plan *plan,
                      struct error *err)
{
    bool uses_neighbour = false;
    unsigned needs = 0;

    for (size_t i = 0; i < plan->n; i++) {
        needs |= plan->nodes[i].needs;
        uses_neighbour = uses_neighbour || plan->nodes[i].uses_neighbour;
    }
    for (size_t i = 0; i < sizeof used_by / sizeof *used_by; i++)
        if (!(needs & used_by[i].needs) && is_given(args, used_by[i].option))
            return raise_no_use(used_by[i].what, used_by[i].option, err);
    if (!uses_neighbour && is_given(args, "neighbour"))
        return raise_no_use("is about neighbours", "neighbour", err);
    if ((needs & (NEED_YES_NO | NEED_RATING)) && (!args->question || !args->question[0]))
        return error_set(err, ERR_USAGE, "%s asks the model a question: use --question TEXT",
                         needs & NEED_YES_NO ? "yes_probability" : "rating");
    return 0;
}

/* Published code has its own way to do what these options change. */
static const struct {
    const char *option;
    const char *why;
} not_with_compat[] = {
    { "turns", "the published code scores the last response only" },
    { "template", "the published code has its own prompt" },
    { "top", "the published code scores all samples in full" },
    { "short-window", "the published code scores all samples in full" },
    { "attn-row", "the published code cuts texts and segments its own way" },
    { "last-segment", "the published code cuts texts and segments its own way" },
    { "truncate", "the published code cuts texts and segments its own way" },
    { "cas-truncate", "the published code cuts texts and segments its own way" },
    { "max-segments", "the published code cuts texts and segments its own way" },
    { "response-tokens", "the published code cuts texts and segments its own way" },
    { "instruction-tokens", "the published code cuts texts and segments its own way" },
};

static int check_compat(const struct score_args *args, const struct score_plan *plan,
                        struct error *err)
{
    const char *name = compat_name(args->compat);

    if (args->compat == COMPAT_NONE)
        return 0;
    for (size_t i = 0; i < sizeof not_with_compat / sizeof *not_with_compat; i++)
        if (is_given(args, not_with_compat[i].option))
            return error_set(err, ERR_USAGE, "--compat %s: %s: leave out --%s", name,
                             not_with_compat[i].why, not_with_compat[i].option);
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
    const char *of_pair = args->short_model    ? "short-model"
                          : args->short_rope   ? "short-rope"
                          : args->short_window ? "short-window"
                                               : NULL;
    const bool is_twin = args->model && args->short_window > 0;

    if (of_pair && !has_short)
        return raise_no_use("compares two models", of_pair, err);
    if (args->tokenizer && !plan->counts_tokens)
        return raise_no_use("counts tokens", "tokenizer", err);
    if (args->model && !plan->roles[SCORER_MODEL] && (!plan->counts_tokens || args->tokenizer))
        return raise_no_use("uses a model", "model", err);
    if (!has_short || is_twin || !args->model == !args->short_model)
        return 0;
    if (args->model)
        return error_set(err, ERR_USAGE,
                         "--model %s: these metrics compare two models: add --short-model, or "
                         "--short-window to narrow the view of this one",
                         args->model);
    return error_set(err, ERR_USAGE,
                     "--short-model %s: these metrics compare two models: add --model",
                     args->short_model);
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
                         n > 1 ? "hmp and gateau are two cohorts: ask for one of them"
                               : "none of these metrics makes a cohort: leave it out");
    return 0;
}

static int check_top(const struct score_settings *settings, const struct score_plan *plan,
                     struct error *err)
{
    if (!settings->top.is_given)
        return 0;
    if (settings->args->cohort_args.normaliser == NORMALISE_GATEAU_CODE)
        return error_set(err, ERR_USAGE,
                         "--top %s: --norm gateau-code does not bound cas, so no segment pass "
                         "can be skipped: leave out --top",
                         settings->top.text);
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].asked && strcmp(plan->nodes[i].scorer->name, "gateau") == 0)
            return 0;
    return error_set(err, ERR_USAGE, "--top %s: only the metric gateau can use it",
                     settings->top.text);
}

int score_settings_check(const struct score_settings *settings, const struct score_plan *plan,
                         struct error *err)
{
    const struct score_args *args = settings->args;

    if (check_uses(args, plan, err) < 0 || check_models(args, plan, err) < 0 ||
        check_compat(args, plan, err) < 0 || check_cohort(args, plan, err) < 0)
        return -1;
    return check_top(settings, plan, err);
}
