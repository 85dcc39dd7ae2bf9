/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/compute.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "stages/score/rows.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/turn_score.h"

enum { DERIVE_BATCH = 4096 }; /* rows of a transaction */

/* Load the score of an input at a turn. Returns 1, 0 if it has none there, or -1. */
static int load_turn(const struct score_setup *setup, const struct score_node *input,
                     int64_t sample_id, int64_t turn, struct arena *arena, struct score *out,
                     struct error *err)
{
    struct turn_score_row row;
    const int found =
        turn_score_next(setup->context->store, input->set_id, sample_id, turn - 1, &row, err);

    if (found < 1 || row.turn != turn)
        return found < 0 ? -1 : 0;
    *out = (struct score){ .value = row.value, .n_tokens = row.n_tokens };
    return score_parse_status(out, row.status, arena, err) < 0 ? -1 : 1;
}

/* Derive a turn's score. Returns 1, 0 if an input has none there, or -1. */
static int derive_turn(struct score_run *run, const struct score_node *node, int64_t sample_id,
                       int64_t turn, struct arena *arena, struct score *out, struct error *err)
{
    struct score inputs[SCORER_INPUTS_MAX];

    for (size_t i = 0; i < node->n_inputs; i++) {
        const int found = load_turn(run->setup, &run->setup->plan.nodes[node->inputs[i]],
                                    sample_id, turn, arena, &inputs[i], err);
        if (found < 1)
            return found;
    }
    scorer_derive(node->scorer, inputs, out);
    return 1;
}

/* Derive the score of each turn that the inputs have; *n is the number of turns. */
static int derive_turns(struct score_run *run, const struct score_node *node, int64_t sample_id,
                        struct arena *arena, size_t *n, struct error *err)
{
    const struct score_node *first = &run->setup->plan.nodes[node->inputs[0]];
    struct store *store = run->setup->context->store;
    struct turn_score_row row = { .turn = -1 };
    size_t n_turns = 0, at = 0;
    int rc;

    *n = 0;
    while ((rc = turn_score_next(store, first->set_id, sample_id, row.turn, &row, err)) == 1)
        n_turns++;
    if (rc < 0 || n_turns == 0)
        return rc;
    struct score *scores = arena_alloc(arena, n_turns, sizeof *scores);
    int *turns = arena_alloc(arena, n_turns, sizeof *turns);
    if (!scores || !turns)
        return error_nomem(err);
    row.turn = -1;
    while ((rc = turn_score_next(store, first->set_id, sample_id, row.turn, &row, err)) == 1) {
        turns[at] = (int)row.turn;
        const int made = derive_turn(run, node, sample_id, row.turn, arena, &scores[at], err);
        if (made < 0)
            return -1;
        at += made == 1;
    }
    *n = at;
    if (rc < 0 || at == 0)
        return rc;
    return score_save_turns(run, node, sample_id, scores, turns, at, err);
}

static int derive_sample(struct score_run *run, const struct score_node *node,
                         int64_t sample_id, struct arena *arena, struct error *err)
{
    struct score inputs[SCORER_INPUTS_MAX], score;
    size_t n_turns = 0;

    if (run->setup->settings->all_turns &&
        derive_turns(run, node, sample_id, arena, &n_turns, err) < 0)
        return -1;
    if (n_turns > 0)
        return 0;
    for (size_t i = 0; i < node->n_inputs; i++)
        if (score_load_input(run->setup, &run->setup->plan.nodes[node->inputs[i]], sample_id,
                             arena, &inputs[i], err) < 0)
            return -1;
    scorer_derive(node->scorer, inputs, &score);
    return score_save(run, node, sample_id, &score, err);
}

/* Load a sample's segments as an observation, as if the model had just run. */
static int load_observation(const struct score_setup *setup, const struct score_node *segments,
                            int64_t sample_id, struct arena *arena, struct observation *out,
                            struct error *err)
{
    struct segment_row *rows;
    struct score score;
    size_t n;

    if (score_load_input(setup, segments, sample_id, arena, &score, err) < 0)
        return -1;
    *out = (struct observation){ .reason = score.reason,
                                 .truncated = score.truncated,
                                 .n_response_tokens = (size_t)score.n_tokens,
                                 .cas_options = setup->settings->cas };
    const bool partial = score.reason && strcmp(score.reason, SCORE_OUTSIDE_TOP) == 0;
    if (score.reason && !partial)
        return 0;
    if (segment_load(setup->context->store, segments->set_id, sample_id, arena, &rows, &n,
                     err) < 0)
        return -1;
    out->segments = arena_alloc(arena, n + 1, sizeof *out->segments);
    if (!out->segments)
        return error_nomem(err);
    out->n_segments = n;
    for (size_t i = 0; i < n; i++)
        out->segments[i] = (struct segment){ .tok_start = (size_t)rows[i].tok_start,
                                             .tok_end = (size_t)rows[i].tok_end,
                                             .attention = rows[i].attention,
                                             .nll_nats = rows[i].nll };
    /* Too few segments is a reason that needs no NLLs. */
    if (partial && n < 2 + (size_t)setup->settings->cas.drop_first)
        out->reason = NULL;
    return 0;
}

static int derive_from_segments(struct score_run *run, const struct score_node *node,
                                int64_t sample_id, struct arena *arena, struct error *err)
{
    struct observation observation;
    struct score score;

    if (load_observation(run->setup, &run->setup->plan.nodes[node->inputs[0]], sample_id, arena,
                         &observation, err) < 0)
        return -1;
    scorer_observe(node->scorer, &observation, &score);
    return score_save(run, node, sample_id, &score, err);
}

static int derive_batch(struct score_run *run, const struct score_node *node,
                        const int64_t *ids, size_t n, struct error *err)
{
    struct arena arena;

    arena_init(&arena);
    if (score_batch_begin(run, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if ((node->reads_segments ? derive_from_segments(run, node, ids[i], &arena, err)
                                  : derive_sample(run, node, ids[i], &arena, err)) < 0)
            goto fail;
    arena_release(&arena);
    if (score_batch_commit(run, err) == 0)
        return 0;
fail:
    arena_release(&arena);
    score_batch_rollback(run);
    return -1;
}

int score_derive(struct score_run *run, const struct score_node *node,
                 const struct id_list *samples, enum score_pass pass, struct error *err)
{
    struct id_list ids = { 0 };
    int rc = -1;

    if (score_list_missing(run->setup, node, samples, pass, &ids, err) < 0)
        return -1;
    run->n_cached += samples->n - ids.n;
    for (size_t i = 0; i < ids.n; i += DERIVE_BATCH) {
        const size_t left = ids.n - i;

        if (score_check_stop(run->setup, err) < 0 ||
            derive_batch(run, node, ids.ids + i, left < DERIVE_BATCH ? left : DERIVE_BATCH,
                         err) < 0)
            goto done;
    }
    rc = 0;
done:
    id_list_release(&ids);
    return rc;
}
