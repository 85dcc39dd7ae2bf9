/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/compute.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "stages/score/rows.h"
#include "stages/stage.h"
#include "store/embedding.h"
#include "store/score.h"

enum { STOP_EVERY = 1024 }; /* samples between two checks of the stop signal */

struct pooling {
    struct score_run *run;
    const struct score_node *node;
    const struct id_list *samples;
    struct arena reasons;              /* of scores */
    struct arena scratch;              /* of the current sample */
    struct score *scores;              /* of every sample */
    size_t n;                          /* samples in the pool: those that have every input */
    size_t *sample_of;                 /* of each in the pool: its index in samples */
    double *values[SCORER_INPUTS_MAX]; /* of each in the pool */
    float *vectors;                    /* n rows of width: embeddings of input 0, or NULL */
    size_t width;
    struct score *made; /* of each in the pool */
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

/* Load a score of an input; an imported one may be missing. */
static int load_pool_input(struct pooling *pooling, const struct score_node *input,
                           int64_t sample_id, struct score *out, struct error *err)
{
    if (!input->scorer->imported)
        return score_load_input(pooling->run->setup, input, sample_id, &pooling->scratch, out,
                                err);
    const int found =
        score_load(pooling->run->setup, input, sample_id, &pooling->scratch, out, err);
    if (found == 0)
        *out = (struct score){ .reason = "not_imported" };
    return found < 0 ? -1 : 0;
}

/* Read the inputs of a sample. If one is missing, the sample's score gets its reason; else the
 * sample joins the pool. */
static int read_inputs(struct pooling *pooling, size_t sample, struct error *err)
{
    const struct score_node *nodes = pooling->run->setup->plan.nodes;
    struct score *common = &pooling->scores[sample];

    arena_clear(&pooling->scratch);
    for (size_t i = 0; i < pooling->node->n_inputs && !common->reason; i++) {
        const struct score_node *input = &nodes[pooling->node->inputs[i]];
        struct score score;

        if (load_pool_input(pooling, input, pooling->samples->ids[sample], &score, err) < 0)
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

static int read_all_inputs(struct pooling *pooling, struct error *err)
{
    for (size_t i = 0; i < pooling->samples->n; i++)
        if (read_inputs(pooling, i, err) < 0 ||
            (i % STOP_EVERY == 0 && score_check_stop(pooling->run->setup, err) < 0))
            return -1;
    return 0;
}

static int read_vectors(struct pooling *pooling, struct error *err)
{
    struct store *store = pooling->run->setup->context->store;
    const int64_t set_id = pooling->run->setup->plan.nodes[pooling->node->inputs[0]].set_id;
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

static int compute_pool(struct pooling *pooling, struct error *err)
{
    const struct score_setup *setup = pooling->run->setup;
    const struct scorer *scorer = pooling->node->scorer;
    struct pool_options options = { .neighbour = (size_t)setup->settings->args->neighbour,
                                    .kernels = &setup->models.kernels };
    struct pool_input inputs[SCORER_INPUTS_MAX] = { { .values = NULL } };

    if (pooling->n == 0)
        return 0;
    if (scorer->uses_vectors && read_vectors(pooling, err) < 0)
        return -1;
    for (size_t i = 0; i < pooling->node->n_inputs; i++)
        inputs[i].values = pooling->values[i];
    inputs[0].vectors = pooling->vectors;
    inputs[0].width = pooling->width;
    if (pool_new(setup->context->n_threads, &options.threads, err) < 0)
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

/* Store a score if it differs from the stored one. */
static int update_score(struct pooling *pooling, size_t sample, struct error *err)
{
    struct score_run *run = pooling->run;
    const int64_t sample_id = pooling->samples->ids[sample];
    struct score stored;

    arena_clear(&pooling->scratch);
    const int found =
        score_load(run->setup, pooling->node, sample_id, &pooling->scratch, &stored, err);
    if (found < 0)
        return -1;
    if (found == 0 || !same_score(&stored, &pooling->scores[sample]))
        return score_save(run, pooling->node, sample_id, &pooling->scores[sample], err);
    run->n_cached++;
    return 0;
}

static int store_pool(struct pooling *pooling, struct error *err)
{
    struct score_run *run = pooling->run;

    if (score_batch_begin(run, err) < 0)
        return -1;
    /* A condition can select by what changes: drop the scores of samples that left the pool. */
    if (score_keep_only(run->setup->context->store, pooling->node->set_id, pooling->samples,
                        err) < 0)
        goto fail;
    for (size_t i = 0; i < pooling->samples->n; i++)
        if (update_score(pooling, i, err) < 0 ||
            (i % STOP_EVERY == 0 && score_check_stop(run->setup, err) < 0))
            goto fail;
    if (score_batch_commit(run, err) == 0)
        return 0;
fail:
    score_batch_rollback(run);
    return -1;
}

int score_pool(struct score_run *run, const struct score_node *node, struct error *err)
{
    struct pooling pooling = { .run = run, .node = node, .samples = &run->setup->samples };
    int rc = -1;

    if (pooling_init(&pooling, err) == 0 && read_all_inputs(&pooling, err) == 0 &&
        compute_pool(&pooling, err) == 0)
        rc = store_pool(&pooling, err);
    pooling_release(&pooling);
    return rc;
}
