/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of the text alone: no model is opened for them. */
#include "stages/score/score_private.h"

#include "base/arena.h"
#include "base/error.h"
#include "stages/stage.h"
#include "store/sample.h"

enum { BATCH_ROWS = 256 };

struct measuring {
    struct scoring *scoring;
    const struct score_node *node;
    struct sample_reader *reader;
    struct arena arena; /* of the sample in hand */
    struct score_texts texts;
};

static int measure_sample(struct measuring *measuring, int64_t sample_id, struct error *err)
{
    struct score_texts *texts = &measuring->texts;
    struct sample sample;

    arena_clear(&measuring->arena);
    texts->n = 0;
    const int found = sample_read(measuring->reader, sample_id, &sample, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INVARIANT, "sample %lld went away while it was to be scored",
                         (long long)sample_id);
    if (score_texts_add(texts, sample_id, &sample, measuring->scoring->all_turns,
                        &measuring->arena, err) < 0)
        return -1;
    struct score *scores = arena_alloc(&measuring->arena, texts->n, sizeof *scores);
    if (!scores)
        return error_nomem(err);
    for (size_t i = 0; i < texts->n; i++)
        if (scorer_measure(measuring->node->scorer, &texts->texts[i], &scores[i], err) < 0)
            return -1;
    return score_save_turns(measuring->scoring, measuring->node, sample_id, scores,
                            texts->turns, texts->n, err);
}

static int measure_batch(struct measuring *measuring, const int64_t *ids, size_t n,
                         struct error *err)
{
    if (score_batch_begin(measuring->scoring, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (measure_sample(measuring, ids[i], err) < 0)
            goto fail;
    if (score_batch_commit(measuring->scoring, err) == 0)
        return 0;
fail:
    score_batch_rollback(measuring->scoring);
    return -1;
}

int score_measure(struct scoring *scoring, const struct score_node *node, struct error *err)
{
    struct measuring measuring = { .scoring = scoring, .node = node };
    struct id_list ids = { 0 };
    int rc = -1;

    arena_init(&measuring.arena);
    if (score_list_lacking(scoring, node, &ids, err) < 0 ||
        sample_reader_new(scoring->context->store, &measuring.reader, err) < 0)
        goto done;
    scoring->n_cached += scoring->samples.n - ids.n;
    for (size_t i = 0; i < ids.n; i += BATCH_ROWS) {
        const size_t left = ids.n - i;

        if (score_check_stop(scoring, err) < 0 ||
            measure_batch(&measuring, ids.ids + i, left < BATCH_ROWS ? left : BATCH_ROWS, err) <
                0)
            goto done;
    }
    rc = 0;
done:
    score_texts_release(&measuring.texts);
    sample_reader_free(measuring.reader);
    arena_release(&measuring.arena);
    id_list_release(&ids);
    return rc;
}
