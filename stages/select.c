/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select - rank samples by a metric and keep the best under a name.
 */
#include "base/error.h"
#include "base/report.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/selection.h"

struct select_args {
    const char *name;
    const char *by;
    const char *model;
    const char *top;
    const char *where;
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "name", offsetof(struct select_args, name), "NAME",
      "name of the selection" },
    { OPTION_TEXT, 0, "by", offsetof(struct select_args, by), "METRIC", "what to rank by" },
    { OPTION_TEXT, 0, "model", offsetof(struct select_args, model), "NAME",
      "which model's scores, where several have the metric" },
    { OPTION_TEXT, 0, "top", offsetof(struct select_args, top), "N|P%",
      "how many to keep, as a number or a part of those with a score" },
    { OPTION_TEXT, 0, "where", offsetof(struct select_args, where), "SQL",
      "only samples that meet a condition over v_sample" },
    { .type = OPTION_END },
};

static const struct select_args defaults = { 0 };

enum { PERMYRIAD = 10000, FRACTION_DIGITS = 2 };

/* Decimal digits from *at on; false when there is none or they do not fit. */
static bool read_digits(const char **at, uint64_t *out)
{
    const char *first = *at;

    *out = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(**at - '0'), out))
            return false;
    return *at > first;
}

/* "10", or "12.5%" as 1,250 parts of 10,000: in whole numbers, for 0.1 is none in binary. */
static bool parse_top(const char *text, struct selection_spec *spec)
{
    const char *at = text;
    uint64_t whole;

    if (!read_digits(&at, &whole))
        return false;
    if (!*at) {
        spec->top_n = whole;
        return whole > 0;
    }
    if (whole > 100)
        return false;
    uint64_t parts = whole * (PERMYRIAD / 100);
    if (*at == '.') {
        uint64_t unit = PERMYRIAD / 100;

        at++;
        for (int i = 0; i < FRACTION_DIGITS && *at >= '0' && *at <= '9'; i++, at++) {
            unit /= 10;
            parts += unit * (uint64_t)(*at - '0');
        }
        if (at[-1] == '.')
            return false;
    }
    spec->top_permyriad = parts;
    return at[0] == '%' && !at[1] && parts > 0 && parts <= PERMYRIAD;
}

static int check_args(const struct select_args *args, struct selection_spec *spec,
                      struct error *err)
{
    if (!args->name || !*args->name)
        return error_set(err, ERR_USAGE, "the selection needs a name: --name NAME");
    if (!args->by)
        return error_set(err, ERR_USAGE, "there is nothing to rank by: --by METRIC");
    if (!args->top)
        return error_set(err, ERR_USAGE, "how many to keep is not said: --top N or --top P%%");
    if (!parse_top(args->top, spec))
        return error_set(err, ERR_USAGE,
                         "--top %s is neither a number above 0 nor a part of up to 100%% with "
                         "at most %d decimals, like 12.5%%",
                         args->top, FRACTION_DIGITS);
    return 0;
}

static int check(const void *args, struct error *err)
{
    struct selection_spec unused = { 0 };

    return check_args(args, &unused, err);
}

static const char *outcome(const struct selection_result *made)
{
    if (made->unchanged)
        return "unchanged";
    return made->replaced ? "replaced" : "new";
}

static int run(const struct stage_context *context, const void *arguments,
               struct stage_result *result, struct error *err)
{
    const struct select_args *args = arguments;
    struct selection_spec spec = { .name = args->name,
                                   .condition = args->where,
                                   .top = args->top };
    struct score_set_info set;
    struct selection_result made;

    if (check_args(args, &spec, err) < 0 ||
        score_set_find(context->store, args->by, args->model, &set, err) < 0)
        return -1;
    if (set.n_others > 0)
        report_note(context->report,
                    "%s was scored with other parameters, too (%zu more %s); these are the "
                    "scores asked for last",
                    args->by, set.n_others, set.n_others == 1 ? "set" : "sets");
    spec.score_set_id = set.score_set_id;
    spec.higher_is_better = set.higher_is_better;
    if (selection_make(context->store, &spec, context->run_id, context->dry_run, &made, err) <
        0)
        return -1;
    if (made.n_unscored > 0)
        report_note(context->report, "%llu samples have no number for %s and cannot be chosen",
                    (unsigned long long)made.n_unscored, args->by);
    stage_fact_text(result, "name", args->name);
    stage_fact_text(result, "result", outcome(&made));
    stage_fact_int(result, "selected", (int64_t)made.n_selected);
    stage_fact_int(result, "candidates", (int64_t)made.n_candidates);
    stage_fact_int(result, "unscored", (int64_t)made.n_unscored);
    return 0;
}

const struct stage stage_select = {
    .name = "select",
    .summary = "rank samples by a metric and keep the best under a name",
    .description = "Samples are ranked by their scores, best first as the metric has it, the "
                   "older sample\n"
                   "first among equals. Those without a number are left out. A selection of "
                   "the same name\n"
                   "is replaced.",
    .options = options,
    .args_size = sizeof(struct select_args),
    .defaults = &defaults,
    .check = check,
    .run = run,
};
