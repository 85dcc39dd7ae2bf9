/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a pool: computed from stored scores, whenever asked for, since every sample that
 * joins changes all of them. Rows that come out as they are stay as they are. All rows of a
 * pool change in one transaction, so that numbers of different pools never stand side by side.
 */
#include "stages/score_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "stages/stage.h"
#include "store/score.h"

enum { STOP_EVERY = 1024 }; /* samples between two looks at the stop signal */

struct ranking {
    struct scoring *scoring;
    const struct scorer *pool;
    const struct id_list *samples;
    struct arena reasons; /* of common */
    struct arena scratch; /* of the sample in hand */
    struct score *common; /* of a sample: why it is not in the pool, truncated, n_tokens */
    size_t n_members;     /* samples in the pool */
    double **values;      /* of node i of the plan, by member; NULL for what is not needed */
};

static void ranking_release(struct ranking *ranking)
{
    for (size_t i = 0; ranking->values && i < ranking->scoring->plan.n; i++)
        free(ranking->values[i]);
    free(ranking->values);
    free(ranking->common);
    arena_release(&ranking->reasons);
    arena_release(&ranking->scratch);
}

static bool is_input(const struct ranking *ranking, const struct score_node *node)
{
    return score_plan_in_pool(&ranking->scoring->plan, node, ranking->pool);
}

static bool is_output(const struct ranking *ranking, const struct score_node *node)
{
    return node->pool == ranking->pool;
}

static int ranking_init(struct ranking *ranking, struct error *err)
{
    const struct score_plan *plan = &ranking->scoring->plan;
    const size_t n = ranking->samples->n;

    arena_init(&ranking->reasons);
    arena_init(&ranking->scratch);
    ranking->common = calloc(n + 1, sizeof *ranking->common);
    ranking->values = calloc(plan->n, sizeof *ranking->values);
    if (!ranking->common || !ranking->values)
        return error_nomem(err);
    for (size_t i = 0; i < plan->n; i++) {
        if (!is_input(ranking, &plan->nodes[i]) && !is_output(ranking, &plan->nodes[i]))
            continue;
        ranking->values[i] = calloc(n + 1, sizeof **ranking->values);
        if (!ranking->values[i])
            return error_nomem(err);
    }
    return 0;
}

/* Why a sample is not in the pool: what its first input without a number says. */
static int keep_reason(struct ranking *ranking, const char *reason, struct score *common,
                       struct error *err)
{
    if (!reason || common->reason)
        return 0;
    common->reason = arena_copy(&ranking->reasons, slice_text(reason)).ptr;
    return common->reason ? 0 : error_nomem(err);
}

/* The next member's inputs; or, when one has no number, the reason why it is none. */
static int read_inputs(struct ranking *ranking, size_t sample, struct error *err)
{
    struct scoring *scoring = ranking->scoring;
    struct score *common = &ranking->common[sample];

    arena_clear(&ranking->scratch);
    for (size_t i = 0; i < scoring->plan.n; i++) {
        const struct score_node *node = &scoring->plan.nodes[i];
        struct score score;

        if (!is_input(ranking, node))
            continue;
        if (score_load_input(scoring, node, ranking->samples->ids[sample], &ranking->scratch,
                             &score, err) < 0 ||
            keep_reason(ranking, score.reason, common, err) < 0)
            return -1;
        ranking->values[i][ranking->n_members] = score.value;
        common->truncated = common->truncated || score.truncated;
        if (common->n_tokens == 0)
            common->n_tokens = score.n_tokens;
    }
    if (!common->reason)
        ranking->n_members++;
    return 0;
}

static int compute(struct ranking *ranking, struct error *err)
{
    const struct score_plan *plan = &ranking->scoring->plan;
    const struct scorer_options options = { .alpha = ranking->scoring->args->alpha };

    for (size_t i = 0; i < plan->n && ranking->n_members > 0; i++) {
        const struct score_node *node = &plan->nodes[i];
        const double *inputs[SCORER_INPUTS_MAX];

        if (!is_output(ranking, node))
            continue;
        for (size_t j = 0; j < node->n_inputs; j++)
            inputs[j] = ranking->values[node->inputs[j]];
        if (node->scorer->rank(&options, inputs, ranking->n_members, ranking->values[i], err) <
            0)
            return -1;
    }
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_score(const struct score *a, const struct score *b)
{
    return a->value == b->value && a->truncated == b->truncated && a->n_tokens == b->n_tokens &&
           same_text(a->reason, b->reason);
}

/* Store a score, unless it is there as it is. */
static int update(struct ranking *ranking, const struct score_node *node, int64_t sample_id,
                  const struct score *score, struct error *err)
{
    struct scoring *scoring = ranking->scoring;
    struct score stored;

    arena_clear(&ranking->scratch);
    const int found = score_load(scoring, node, sample_id, &ranking->scratch, &stored, err);
    if (found < 0)
        return -1;
    if (found == 0 || !same_score(&stored, score))
        return score_save(scoring, node, sample_id, score, err);
    scoring->n_cached++;
    return 0;
}

static int store_node(struct ranking *ranking, size_t index, struct error *err)
{
    const struct score_node *node = &ranking->scoring->plan.nodes[index];
    size_t member = 0;

    /* A condition can ask for what changes: who has left the pool has no place in it. */
    if (score_keep_only(ranking->scoring->context->store, node->set_id, ranking->samples, err) <
        0)
        return -1;
    for (size_t i = 0; i < ranking->samples->n; i++) {
        struct score score = ranking->common[i];

        if (score.reason)
            score.truncated = false;
        else
            score.value = ranking->values[index][member++];
        if (update(ranking, node, ranking->samples->ids[i], &score, err) < 0 ||
            (i % STOP_EVERY == 0 && score_check_stop(ranking->scoring, err) < 0))
            return -1;
    }
    return 0;
}

static int store_all(struct ranking *ranking, struct error *err)
{
    struct scoring *scoring = ranking->scoring;

    if (score_batch_begin(scoring, err) < 0)
        return -1;
    for (size_t i = 0; i < scoring->plan.n; i++)
        if (is_output(ranking, &scoring->plan.nodes[i]) && store_node(ranking, i, err) < 0)
            goto fail;
    if (score_batch_commit(scoring, err) == 0)
        return 0;
fail:
    score_batch_rollback(scoring);
    return -1;
}

int score_rank(struct scoring *scoring, const struct scorer *pool, struct error *err)
{
    struct ranking ranking = { .scoring = scoring, .pool = pool, .samples = &scoring->samples };
    int rc = -1;

    if (ranking_init(&ranking, err) < 0)
        goto done;
    for (size_t i = 0; i < ranking.samples->n; i++)
        if (read_inputs(&ranking, i, err) < 0 ||
            (i % STOP_EVERY == 0 && score_check_stop(scoring, err) < 0))
            goto done;
    if (compute(&ranking, err) < 0)
        goto done;
    rc = store_all(&ranking, err);
done:
    ranking_release(&ranking);
    return rc;
}
