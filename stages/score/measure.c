/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/compute.h"

#include "base/arena.h"
#include "base/error.h"
#include "stages/score/rows.h"
#include "stages/score/texts.h"
#include "stages/stage.h"
#include "store/sample.h"

enum { MEASURE_BATCH = 256 }; /* samples of a transaction */

struct measuring {
    struct score_run *run;
    const struct score_node *node;
    struct sample_reader *reader;
    struct arena arena; /* of the current sample */
    struct score_texts texts;
};

static int measure_sample(struct measuring *measuring, int64_t sample_id, struct error *err)
{
    struct score_texts *texts = &measuring->texts;

    arena_clear(&measuring->arena);
    texts->n = 0;
    if (score_texts_read(texts, measuring->reader, sample_id,
                         &measuring->run->setup->settings->responses, &measuring->arena,
                         err) < 0)
        return -1;
    struct score *scores = arena_alloc(&measuring->arena, texts->n, sizeof *scores);
    if (!scores)
        return error_nomem(err);
    for (size_t i = 0; i < texts->n; i++)
        if (scorer_measure(measuring->node->scorer, &texts->texts[i], &scores[i], err) < 0)
            return -1;
    return score_save_turns(measuring->run, measuring->node, sample_id, scores, texts->turns,
                            texts->n, err);
}

static int measure_batch(struct measuring *measuring, const int64_t *ids, size_t n,
                         struct error *err)
{
    if (score_batch_begin(measuring->run, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (measure_sample(measuring, ids[i], err) < 0)
            goto fail;
    if (score_batch_commit(measuring->run, err) == 0)
        return 0;
fail:
    score_batch_rollback(measuring->run);
    return -1;
}

int score_measure(struct score_run *run, const struct score_node *node, struct error *err)
{
    const struct id_list *samples = &run->setup->samples;
    struct measuring measuring = { .run = run, .node = node };
    struct id_list ids = { 0 };
    int rc = -1;

    arena_init(&measuring.arena);
    if (score_list_missing(run->setup, node, samples, SCORE_PASS_ALL, &ids, err) < 0 ||
        sample_reader_new(run->setup->context->store, &measuring.reader, err) < 0)
        goto done;
    run->n_cached += samples->n - ids.n;
    for (size_t i = 0; i < ids.n; i += MEASURE_BATCH) {
        const size_t left = ids.n - i;

        if (score_check_stop(run->setup, err) < 0 ||
            measure_batch(&measuring, ids.ids + i, left < MEASURE_BATCH ? left : MEASURE_BATCH,
                          err) < 0)
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
