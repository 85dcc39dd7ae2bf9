/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/report.h"
#include "scoring/prompts/prompt_cache.h"
#include "stages/score/backlog.h"
#include "stages/stage.h"

/* Keep the prompts of a pair between its models, so that each sample is tokenised once. Their
 * memory counts against the limit. */
static int keep_prompts(const struct score_setup *setup, struct score_request *request,
                        struct error *err)
{
    const bool *roles = setup->plan.roles;

    if (!roles[SCORER_MODEL] || !roles[SCORER_SHORT_MODEL])
        return 0;
    const uint64_t bytes = memory_of_prompts(setup);
    if (request->memory_limit > 0)
        request->memory_limit -= bytes;
    return prompt_cache_new((size_t)bytes, &request->prompts, err);
}

int score_backlog_run_all(struct score_run *run, enum score_pass pass, struct error *err)
{
    const struct score_setup *setup = run->setup;
    struct report *report = setup->context->report;
    struct score_backlog *backlogs[SCORE_MODELS] = { NULL };
    struct score_request request = { .samples = &setup->samples,
                                     .pass = pass,
                                     .memory_limit = setup->settings->memory_limit };
    int rc = -1;

    report->unit = "tokens";
    if (keep_prompts(setup, &request, err) < 0)
        return -1;
    for (size_t i = 0; i < SCORE_MODELS; i++) {
        if (!setup->plan.roles[i])
            continue;
        request.role = (enum scorer_model)i;
        if (score_backlog_new(setup, &request, &backlogs[i], err) < 0 ||
            score_backlog_check_memory(backlogs[i], err) < 0)
            goto done;
        report->total += score_backlog_cost(backlogs[i])->n_tokens;
        run->n_cached += score_backlog_stored(backlogs[i]);
    }
    for (size_t i = 0; i < SCORE_MODELS; i++)
        if (backlogs[i] && score_backlog_run(backlogs[i], run, err) < 0)
            goto done;
    rc = 0;
done:
    for (size_t i = 0; i < SCORE_MODELS; i++)
        score_backlog_free(backlogs[i]);
    prompt_cache_free(request.prompts);
    return rc;
}

int score_backlog_run_some(struct score_run *run, const struct id_list *samples,
                           enum score_pass pass, struct error *err)
{
    const struct score_setup *setup = run->setup;
    const struct score_request request = { .role = SCORER_MODEL,
                                           .samples = samples,
                                           .pass = pass,
                                           .memory_limit = setup->settings->memory_limit };
    struct score_backlog *backlog = NULL;

    if (score_backlog_new(setup, &request, &backlog, err) < 0)
        return -1;
    setup->context->report->total += score_backlog_cost(backlog)->n_tokens;
    const int rc = score_backlog_run(backlog, run, err);
    score_backlog_free(backlog);
    return rc;
}

int score_backlog_count_tokens(const struct score_setup *setup, uint64_t *out,
                               struct error *err)
{
    struct score_request request = { .samples = &setup->samples };

    *out = 0;
    for (size_t i = 0; i < SCORE_MODELS; i++) {
        struct score_backlog *backlog = NULL;

        if (!setup->plan.roles[i])
            continue;
        request.role = (enum scorer_model)i;
        if (score_backlog_new(setup, &request, &backlog, err) < 0)
            return -1;
        *out += score_backlog_cost(backlog)->n_tokens;
        score_backlog_free(backlog);
    }
    return 0;
}
