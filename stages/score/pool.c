/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of the run's samples together: made anew of what is stored, whenever asked for, since
 * every sample that joins can change all of them. Rows that come out as they are stay as they
 * are, and all change in one transaction.
 */
#include "stages/score/score_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "stages/stage.h"
#include "store/embedding.h"
#include "store/score.h"

enum { STOP_EVERY = 1024 }; /* samples between two looks at the stop signal */

struct pooling {
    struct scoring *scoring;
    const struct score_node *node;
    const struct id_list *samples;
    struct arena reasons; /* of scores */
    struct arena scratch; /* of the sample in hand */
    struct score *scores; /* of every sample: at first what its inputs say of it */
    size_t n;             /* samples that have every input */
    size_t *sample_of;    /* of each of these */
    double *values[SCORER_INPUTS_MAX];
    float *vectors; /* of input 0, where the metric takes them */
    size_t width;
    struct score *made; /* of the n */
};

static void pooling_release(struct pooling *pooling)
{
    for (size_t i = 0; i < SCORER_INPUTS_MAX; i++)
        free(pooling->values[i]);
    free(pooling->vectors);
    free(pooling->made);
    free(pooling->scores);
    free(pooling->sample_of);
    arena_release(&pooling->reasons);
    arena_release(&pooling->scratch);
}

static int pooling_init(struct pooling *pooling, struct error *err)
{
    const size_t n = pooling->samples->n + 1;

    arena_init(&pooling->reasons);
    arena_init(&pooling->scratch);
    pooling->scores = calloc(n, sizeof *pooling->scores);
    pooling->sample_of = calloc(n, sizeof *pooling->sample_of);
    pooling->made = calloc(n, sizeof *pooling->made);
    if (!pooling->scores || !pooling->sample_of || !pooling->made)
        return error_nomem(err);
    for (size_t i = 0; i < pooling->node->n_inputs; i++) {
        pooling->values[i] = calloc(n, sizeof *pooling->values[i]);
        if (!pooling->values[i])
            return error_nomem(err);
    }
    return 0;
}

/* A score of an input; of what is imported there may be none. */
static int load_input(struct pooling *pooling, const struct score_node *input,
                      int64_t sample_id, struct score *out, struct error *err)
{
    if (!input->scorer->imported)
        return score_load_input(pooling->scoring, input, sample_id, &pooling->scratch, out,
                                err);
    const int found =
        score_load(pooling->scoring, input, sample_id, &pooling->scratch, out, err);
    if (found == 0)
        *out = (struct score){ .reason = "not_imported" };
    return found < 0 ? -1 : 0;
}

/* The next member's inputs; or, when one has no number, the reason why it is none. */
static int read_inputs(struct pooling *pooling, size_t sample, struct error *err)
{
    const struct score_node *nodes = pooling->scoring->plan.nodes;
    struct score *common = &pooling->scores[sample];

    arena_clear(&pooling->scratch);
    for (size_t i = 0; i < pooling->node->n_inputs && !common->reason; i++) {
        const struct score_node *input = &nodes[pooling->node->inputs[i]];
        struct score score;

        if (load_input(pooling, input, pooling->samples->ids[sample], &score, err) < 0)
            return -1;
        pooling->values[i][pooling->n] = score.value;
        common->truncated = common->truncated || score.truncated;
        if (common->n_tokens == 0)
            common->n_tokens = score.n_tokens;
        if (!score.reason)
            continue;
        common->truncated = false;
        common->reason = arena_copy(&pooling->reasons, slice_text(score.reason)).ptr;
        if (!common->reason)
            return error_nomem(err);
    }
    if (!common->reason)
        pooling->sample_of[pooling->n++] = sample;
    return 0;
}

static int read_all(struct pooling *pooling, struct error *err)
{
    for (size_t i = 0; i < pooling->samples->n; i++)
        if (read_inputs(pooling, i, err) < 0 ||
            (i % STOP_EVERY == 0 && score_check_stop(pooling->scoring, err) < 0))
            return -1;
    return 0;
}

static int read_vectors(struct pooling *pooling, struct error *err)
{
    struct store *store = pooling->scoring->context->store;
    const int64_t set_id = pooling->scoring->plan.nodes[pooling->node->inputs[0]].set_id;
    const int64_t *ids = pooling->samples->ids;

    if (embedding_width(store, set_id, ids[pooling->sample_of[0]], &pooling->width, err) < 0)
        return -1;
    pooling->vectors = reallocarray(NULL, pooling->n, pooling->width * sizeof(float));
    if (!pooling->vectors)
        return error_nomem(err);
    for (size_t i = 0; i < pooling->n; i++)
        if (embedding_get(store, set_id, ids[pooling->sample_of[i]],
                          pooling->vectors + i * pooling->width, pooling->width, err) < 0)
            return -1;
    return 0;
}

static int compute(struct pooling *pooling, struct error *err)
{
    struct scoring *scoring = pooling->scoring;
    const struct scorer *scorer = pooling->node->scorer;
    struct pool_options options = { .neighbour = scoring->neighbour,
                                    .kernels = &scoring->kernels };
    struct pool_input inputs[SCORER_INPUTS_MAX] = { { .values = NULL } };

    if (pooling->n == 0)
        return 0;
    if (scorer->uses_vectors && read_vectors(pooling, err) < 0)
        return -1;
    for (size_t i = 0; i < pooling->node->n_inputs; i++)
        inputs[i].values = pooling->values[i];
    inputs[0].vectors = pooling->vectors;
    inputs[0].width = pooling->width;
    if (pool_new(scoring->context->n_threads, &options.threads, err) < 0)
        return -1;
    const int rc = scorer->pool(&options, inputs, pooling->n, pooling->made, err);
    pool_free(options.threads);
    for (size_t i = 0; rc == 0 && i < pooling->n; i++) {
        struct score *score = &pooling->scores[pooling->sample_of[i]];

        score->value = pooling->made[i].value;
        score->reason = pooling->made[i].reason;
        score_finalise(score);
    }
    return rc;
}

static bool same_score(const struct score *a, const struct score *b)
{
    const bool same_reason =
        a->reason && b->reason ? strcmp(a->reason, b->reason) == 0 : a->reason == b->reason;

    return same_reason && a->value == b->value && a->truncated == b->truncated &&
           a->n_tokens == b->n_tokens;
}

/* Store a score, unless it is there as it is. */
static int update(struct pooling *pooling, size_t sample, struct error *err)
{
    struct scoring *scoring = pooling->scoring;
    const int64_t sample_id = pooling->samples->ids[sample];
    struct score stored;

    arena_clear(&pooling->scratch);
    const int found =
        score_load(scoring, pooling->node, sample_id, &pooling->scratch, &stored, err);
    if (found < 0)
        return -1;
    if (found == 0 || !same_score(&stored, &pooling->scores[sample]))
        return score_save(scoring, pooling->node, sample_id, &pooling->scores[sample], err);
    scoring->n_cached++;
    return 0;
}

static int store_all(struct pooling *pooling, struct error *err)
{
    struct scoring *scoring = pooling->scoring;

    if (score_batch_begin(scoring, err) < 0)
        return -1;
    /* A condition can ask for what changes: who has left the pool has no place in it. */
    if (score_keep_only(scoring->context->store, pooling->node->set_id, pooling->samples, err) <
        0)
        goto fail;
    for (size_t i = 0; i < pooling->samples->n; i++)
        if (update(pooling, i, err) < 0 ||
            (i % STOP_EVERY == 0 && score_check_stop(scoring, err) < 0))
            goto fail;
    if (score_batch_commit(scoring, err) == 0)
        return 0;
fail:
    score_batch_rollback(scoring);
    return -1;
}

int score_pool(struct scoring *scoring, const struct score_node *node, struct error *err)
{
    struct pooling pooling = { .scoring = scoring, .node = node, .samples = &scoring->samples };
    int rc = -1;

    if (pooling_init(&pooling, err) == 0 && read_all(&pooling, err) == 0 &&
        compute(&pooling, err) == 0)
        rc = store_all(&pooling, err);
    pooling_release(&pooling);
    return rc;
}
