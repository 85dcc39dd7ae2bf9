/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/rows.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/stage.h"
#include "store/run.h"
#include "store/score.h"
#include "store/store.h"
#include "store/turn_score.h"

int score_list_missing(const struct score_setup *setup, const struct score_node *node,
                       const struct id_list *samples, enum score_pass pass, struct id_list *out,
                       struct error *err)
{
    return score_list_unscored(setup->context->store, node->set_id, samples,
                               pass != SCORE_PASS_ATTENTION, out, err);
}

int score_parse_status(struct score *score, const char *status, struct arena *arena,
                       struct error *err)
{
    score->truncated = strcmp(status, "truncated") == 0;
    if (score->truncated || strcmp(status, "ok") == 0)
        return 0;
    score->value = 0;
    score->reason = arena_copy(arena, slice_text(status)).ptr;
    return score->reason ? 0 : error_nomem(err);
}

int score_load(const struct score_setup *setup, const struct score_node *node,
               int64_t sample_id, struct arena *arena, struct score *out, struct error *err)
{
    struct score_row row;
    const int found = score_get(setup->context->store, node->set_id, sample_id, &row, err);

    if (found < 1)
        return found;
    *out = (struct score){ .value = row.value, .n_tokens = row.n_tokens };
    return score_parse_status(out, row.status, arena, err) < 0 ? -1 : 1;
}

int score_load_input(const struct score_setup *setup, const struct score_node *node,
                     int64_t sample_id, struct arena *arena, struct score *out,
                     struct error *err)
{
    const int found = score_load(setup, node, sample_id, arena, out, err);

    if (found == 0)
        return error_set(err, ERR_INVARIANT,
                         "sample %lld: the %s score that this run computed is missing",
                         (long long)sample_id, node->scorer->name);
    return found < 0 ? -1 : 0;
}

static const char *status_of_score(const struct score *score)
{
    if (score->reason)
        return score->reason;
    return score->truncated ? "truncated" : "ok";
}

/* Add n missing scores. Reasons that exceed the table share its last row. */
static void tally_missing(struct score_tally *tally, const char *reason, uint64_t n)
{
    size_t i = 0;

    while (i + 1 < SCORE_REASONS_MAX && tally->missing[i].n > 0 &&
           strcmp(tally->missing[i].reason, reason) != 0)
        i++;
    snprintf(tally->missing[i].reason, SCORE_REASON_BYTES, "%s",
             i + 1 < SCORE_REASONS_MAX ? reason : "other");
    tally->missing[i].n += n;
    tally->n_unscorable += n;
}

int score_save(struct score_run *run, const struct score_node *node, int64_t sample_id,
               const struct score *score, struct error *err)
{
    const struct score_row row = { .score_set_id = node->set_id,
                                   .sample_id = sample_id,
                                   .value = score->value,
                                   .status = status_of_score(score),
                                   .n_tokens = score->n_tokens };

    if (!score->reason)
        run->batch.n_scored++;
    else if (strcmp(score->reason, SCORE_OUTSIDE_TOP) != 0) /* it could still be scored */
        tally_missing(&run->batch, score->reason, 1);
    return score_put(run->setup->context->store, &row, run->setup->context->run_id, err);
}

int score_save_turns(struct score_run *run, const struct score_node *node, int64_t sample_id,
                     const struct score *scores, const int *turns, size_t n, struct error *err)
{
    struct score total;

    for (size_t i = 0; run->setup->settings->all_turns && i < n; i++) {
        const struct turn_score_row row = { .score_set_id = node->set_id,
                                            .sample_id = sample_id,
                                            .turn = turns[i],
                                            .value = scores[i].value,
                                            .status = status_of_score(&scores[i]),
                                            .n_tokens = scores[i].n_tokens };

        if (turns[i] >= 0 && turn_score_put(run->setup->context->store, &row, err) < 0)
            return -1;
    }
    score_mean_over_turns(scores, n, &total);
    return score_save(run, node, sample_id, &total, err);
}

int score_batch_begin(struct score_run *run, struct error *err)
{
    run->batch = (struct score_tally){ 0 };
    return store_begin(run->setup->context->store, err);
}

/* Scores belong to the digest of the model: its weights must be those of when it was opened. */
static int check_model_files(struct score_run *run, struct error *err)
{
    for (size_t i = 0; i < SCORE_ROLES; i++) {
        const struct score_model *model = &run->setup->models.of[i];

        if (!model->model)
            continue;
        if (run->checked[i].size_bytes == 0)
            run->checked[i] = model->stamp;
        if (score_model_check(model, &run->checked[i], err) < 0)
            return -1;
    }
    return 0;
}

int score_batch_commit(struct score_run *run, struct error *err)
{
    const struct stage_context *context = run->setup->context;
    const struct run_counts counts = { .n_scored = run->batch.n_scored };

    if (check_model_files(run, err) < 0 ||
        run_add_counts(context->store, context->run_id, &counts, err) < 0 ||
        store_commit(context->store, err) < 0)
        return -1;
    run->done.n_scored += run->batch.n_scored;
    for (size_t i = 0; i < SCORE_REASONS_MAX && run->batch.missing[i].n > 0; i++)
        tally_missing(&run->done, run->batch.missing[i].reason, run->batch.missing[i].n);
    return 0;
}

void score_batch_rollback(struct score_run *run)
{
    store_rollback(run->setup->context->store);
}

int score_raise_stopped(int signal, struct error *err)
{
    return error_set_sys(err, ERR_CANCELLED, signal,
                         "stopped by signal %d: scores so far are stored; run the same command "
                         "to continue",
                         signal);
}

int score_check_stop(const struct score_setup *setup, struct error *err)
{
    const int signal = report_stop(setup->context->report);

    return signal ? score_raise_stopped(signal, err) : 0;
}
