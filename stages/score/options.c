/* SPDX-License-Identifier: Apache-2.0 */
/* Options that belong to some metrics only: neither missing nor without use. */
#include <string.h>

#include "base/error.h"
#include "scoring/infer/nearest.h"
#include "stages/score/score_private.h"

static int check_compat(const struct score_args *args, const struct score_plan *plan,
                        struct error *err)
{
    enum compat compat;

    if (!args->compat)
        return 0;
    if (!compat_find(args->compat, &compat))
        return error_set(err, ERR_USAGE,
                         "--compat is %s; there are gateau-code, superfiltering and cherry",
                         args->compat);
    if (strcmp(args->turns, "all") == 0)
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
        if (plan->nodes[i].scorer->needs & ~compat_needs(compat))
            return error_set(err, ERR_USAGE,
                             "--compat %s: the published code computes no %s; leave the option "
                             "out",
                             args->compat, plan->nodes[i].scorer->name);
    return 0;
}

int score_options_check(const struct score_args *args, const struct score_plan *plan,
                        struct error *err)
{
    unsigned needs = 0;
    bool uses_neighbour = false;

    for (size_t i = 0; i < plan->n; i++) {
        needs |= plan->nodes[i].needs;
        uses_neighbour = uses_neighbour || plan->nodes[i].uses_neighbour;
    }
    if (args->neighbour < 0 || args->neighbour > NEAREST_NTH_MAX)
        return error_set(err, ERR_USAGE, "--neighbour is %lld; it must be from 1 to %d",
                         (long long)args->neighbour, NEAREST_NTH_MAX);
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
    if (args->top && args->cohort_args.normaliser &&
        strcmp(args->cohort_args.normaliser, "gateau-code") == 0)
        return error_set(err, ERR_USAGE,
                         "--top needs scores on one scale to know what it may skip, and "
                         "--norm gateau-code puts cas on none");
    return check_compat(args, plan, err);
}
