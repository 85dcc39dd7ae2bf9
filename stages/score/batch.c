/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "stages/score/backlog_private.h"
#include "stages/score/rows.h"
#include "stages/stage.h"
#include "store/embedding.h"
#include "store/score.h"

/* True if the batch should be closed before sample i: sample i has other missing nodes; or the
 * batch has reached its goal and i has a different context; or it has reached twice its goal.
 */
static bool batch_is_full(const struct score_backlog *backlog, size_t i)
{
    const struct batch *batch = &backlog->batch;
    const uint64_t goal = backlog->batch_goal;

    if (backlog->pending.samples[i].nodes != batch->samples->nodes)
        return true;
    return batch->cost.n_new >= goal &&
           !(pending_shares_context(&backlog->pending, i) && batch->cost.n_new / 2 < goal);
}

static void clear_batch(struct batch *batch, const struct pending *samples)
{
    arena_clear(&batch->arena);
    batch->texts.n = 0;
    batch->n = 0;
    batch->cost = (struct token_cost){ 0 };
    batch->samples = samples;
}

int batch_read(struct score_backlog *backlog, size_t first, size_t end, struct error *err)
{
    struct batch *batch = &backlog->batch;
    const struct pending *samples = &backlog->pending.samples[first];

    clear_batch(batch, samples);
    for (; batch->n < BATCH_SAMPLES && first + batch->n < end; batch->n++) {
        if (batch_is_full(backlog, first + batch->n))
            break;
        struct token_cost cost = samples[batch->n].cost;
        if (batch->n == 0) /* the sample before is in another batch: nothing is shared */
            cost.n_new = cost.n_tokens;
        batch->first_text[batch->n] = batch->texts.n;
        if (score_texts_read(&batch->texts, backlog->reader, samples[batch->n].sample_id,
                             &backlog->setup->settings->responses, &batch->arena, err) < 0)
            return -1;
        token_cost_add(&batch->cost, &cost);
    }
    batch->first_text[batch->n] = batch->texts.n;
    batch->seen = arena_alloc(&batch->arena, batch->texts.n, sizeof *batch->seen);
    return batch->seen ? 0 : error_nomem(err);
}

/* Name the model and the first sample of a batch that failed. */
static int prefix_batch_error(const struct score_backlog *backlog, struct error *err)
{
    if (err->code == ERR_CANCELLED)
        return score_raise_stopped(err->sys, err);
    return error_prefix(err, "%s, samples from %lld on",
                        backlog->setup->models.of[backlog->request.role].path,
                        (long long)backlog->batch.samples[0].sample_id);
}

int batch_observe(struct score_backlog *backlog, size_t first, size_t end, struct error *err)
{
    struct batch *batch = &backlog->batch;

    if (batch_read(backlog, first, end, err) < 0)
        return -1;
    return observer_run(backlog->observer, batch->texts.texts, batch->texts.n,
                        backlog_needs(backlog, batch->samples->nodes), &batch->arena,
                        batch->seen, err) < 0
               ? prefix_batch_error(backlog, err)
               : 0;
}

/* Compute the score of one text. In a pass for attention only, a score that needs segments is
 * left for a later pass. */
static void observe_score(const struct score_backlog *backlog, const struct score_node *node,
                          struct observation *seen, struct score *out)
{
    seen->cas_options = backlog->setup->settings->cas;
    scorer_observe(node->scorer, seen, out);
    if (backlog->request.pass == SCORE_PASS_ATTENTION &&
        (node->scorer->needs & NEED_SEGMENTS) && seen->n_segments > 0)
        out->reason = SCORE_OUTSIDE_TOP;
}

/* Save the scores that texts [first, end) of a sample give a node. Segments are numbered by
 * their place in the context, so only those of the last response are stored. The embedding is
 * that of the whole dialogue. */
static int save_node(struct score_backlog *backlog, struct score_run *run,
                     const struct score_node *node, int64_t sample_id, size_t first, size_t end,
                     struct error *err)
{
    struct batch *batch = &backlog->batch;
    struct score *scores = arena_alloc(&batch->arena, end - first, sizeof *scores);
    const struct observation *last = &batch->seen[end - 1];

    if (!scores)
        return error_nomem(err);
    for (size_t i = first; i < end; i++)
        observe_score(backlog, node, &batch->seen[i], &scores[i - first]);
    if (score_save_turns(run, node, sample_id, scores, batch->texts.turns + first, end - first,
                         err) < 0)
        return -1;
    if ((node->scorer->needs & NEEDS_POOLED) && !scores[end - first - 1].reason &&
        embedding_put(backlog->setup->context->store, node->set_id, sample_id,
                      node->scorer->needs & NEED_POOLED ? last->pooled : last->pooled_weighted,
                      last->n_pooled, err) < 0)
        return -1;
    return score_node_stores_segments(node)
               ? score_save_segments(backlog->setup, node, sample_id, last,
                                     backlog->request.pass, err)
               : 0;
}

static int save_batch_sample(struct score_backlog *backlog, struct score_run *run, size_t i,
                             struct error *err)
{
    const struct batch *batch = &backlog->batch;
    const struct pending *pending = &batch->samples[i];
    const size_t first = batch->first_text[i], end = batch->first_text[i + 1];

    for (size_t j = 0; j < backlog->n_nodes; j++) {
        const struct backlog_node *part = &backlog->nodes[j];

        if (!(pending->nodes & 1U << j))
            continue;
        if ((part->is_tables ? score_save_tables(backlog->setup, part->node, pending->sample_id,
                                                 &batch->seen[end - 1], err)
                             : save_node(backlog, run, part->node, pending->sample_id, first,
                                         end, err)) < 0)
            return -1;
    }
    return 0;
}

int batch_save(struct score_backlog *backlog, struct score_run *run, struct error *err)
{
    if (score_batch_begin(run, err) < 0)
        return -1;
    for (size_t i = 0; i < backlog->batch.n; i++)
        if (save_batch_sample(backlog, run, i, err) < 0)
            goto fail;
    if (score_batch_commit(run, err) == 0)
        return 0;
fail:
    score_batch_rollback(run);
    return -1;
}
