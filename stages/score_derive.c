/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score_private.h"

#include "base/arena.h"
#include "base/error.h"
#include "stages/stage.h"

enum { BATCH_ROWS = 4096 };

static int derive_sample(struct scoring *scoring, const struct score_node *node,
                         int64_t sample_id, struct arena *arena, struct error *err)
{
    struct score inputs[SCORER_INPUTS_MAX], score;

    for (size_t i = 0; i < node->n_inputs; i++)
        if (score_load_input(scoring, &scoring->plan.nodes[node->inputs[i]], sample_id, arena,
                             &inputs[i], err) < 0)
            return -1;
    scorer_derive(node->scorer, inputs, &score);
    return score_save(scoring, node, sample_id, &score, err);
}

static int derive_batch(struct scoring *scoring, const struct score_node *node,
                        const int64_t *ids, size_t n, struct error *err)
{
    struct arena arena;

    arena_init(&arena);
    if (score_batch_begin(scoring, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (derive_sample(scoring, node, ids[i], &arena, err) < 0)
            goto fail;
    arena_release(&arena);
    if (score_batch_commit(scoring, err) == 0)
        return 0;
fail:
    arena_release(&arena);
    score_batch_rollback(scoring);
    return -1;
}

int score_derive(struct scoring *scoring, const struct score_node *node, struct error *err)
{
    struct id_list ids = { 0 };
    int rc = -1;

    if (score_list_lacking(scoring, node, &ids, err) < 0)
        return -1;
    scoring->n_cached += scoring->samples.n - ids.n;
    for (size_t i = 0; i < ids.n; i += BATCH_ROWS) {
        const size_t left = ids.n - i;

        if (score_check_stop(scoring, err) < 0 ||
            derive_batch(scoring, node, ids.ids + i, left < BATCH_ROWS ? left : BATCH_ROWS,
                         err) < 0)
            goto done;
    }
    rc = 0;
done:
    id_list_release(&ids);
    return rc;
}
