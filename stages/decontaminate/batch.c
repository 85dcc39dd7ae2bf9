/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "stages/decontaminate/decontaminate_private.h"
#include "store/sample.h"
#include "store/selection.h"
#include "store/store.h"

void search_batch_clear(struct search_batch *batch)
{
    arena_clear(&batch->arena);
    batch->n = 0;
    batch->n_bytes = 0;
}

static int add_searched_text(struct search_batch *batch, struct slice text, int64_t turn,
                             bool for_prompts, bool for_answers, struct error *err)
{
    const struct contamination_text searched = { .text = arena_copy(&batch->arena, text),
                                                 .turn = turn,
                                                 .for_prompts = for_prompts,
                                                 .for_answers = for_answers };

    if (!searched.text.ptr)
        return error_nomem(err);
    batch->n_bytes += text.len;
    batch->texts[batch->n][batch->n_texts[batch->n]++] = searched;
    return 0;
}

/* Copy the texts of a sample: prompts are looked for in the context and in all turns but the
 * assistant's, answers in those, and both in a text without turns. */
static int copy_texts(struct search_batch *batch, const struct search_job *job,
                      const struct sample *sample, struct error *err)
{
    const bool everywhere = job->everywhere;

    batch->n_texts[batch->n] = 0;
    batch->texts[batch->n] =
        arena_alloc(&batch->arena, sample->n_turns + 1, sizeof **batch->texts);
    if (!batch->texts[batch->n])
        return error_nomem(err);
    if (sample->context.ptr && sample->context.len > 0 &&
        add_searched_text(batch, sample->context, -1, true, everywhere || sample->n_turns == 0,
                          err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];
        const bool is_answer = slice_equal(turn->role, slice_text("assistant"));

        if (turn->content.len > 0 &&
            add_searched_text(batch, turn->content, (int64_t)i, everywhere || !is_answer,
                              everywhere || is_answer, err) < 0)
            return -1;
    }
    return 0;
}

int search_batch_read(struct search_batch *batch, const struct search_job *job,
                      struct sample_reader *reader, size_t *next, struct error *err)
{
    while (*next < job->ids->n && batch->n < SEARCH_BATCH_SAMPLES &&
           batch->n_bytes < job->batch_bytes) {
        const int64_t id = job->ids->ids[(*next)++];
        struct sample sample;
        const int rc = sample_read(reader, id, &sample, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        batch->ids[batch->n] = id;
        if (copy_texts(batch, job, &sample, err) < 0)
            return -1;
        batch->n++;
    }
    return 0;
}

/* Copy what was found into the arena of the batch. */
static int keep_found(struct search_batch *batch, struct contamination_found *found,
                      struct error *err)
{
    size_t n_spans = 0;

    if (found->n_hits == 0)
        return 0;
    for (size_t i = 0; i < found->n_hits; i++)
        n_spans += found->hits[i].n_spans;
    struct contamination_hit *hits =
        arena_alloc(&batch->arena, found->n_hits, sizeof *found->hits);
    struct contamination_span *spans =
        arena_alloc(&batch->arena, n_spans + 1, sizeof *found->spans);
    if (!hits || !spans)
        return error_nomem(err);
    memcpy(hits, found->hits, found->n_hits * sizeof *hits);
    memcpy(spans, found->spans, n_spans * sizeof *spans);
    found->hits = hits;
    found->spans = spans;
    return 0;
}

int search_batch_run(struct search_batch *batch, const struct search_job *job,
                     struct contamination_search *search, struct error *err)
{
    for (size_t i = 0; i < batch->n; i++) {
        batch->found[i] = arena_alloc(&batch->arena, job->n_evaluations, sizeof **batch->found);
        if (!batch->found[i])
            return error_nomem(err);
        if (contamination_search_run(search, batch->texts[i], batch->n_texts[i],
                                     batch->found[i], err) < 0)
            return -1;
        for (size_t e = 0; e < job->n_evaluations; e++)
            if (keep_found(batch, &batch->found[i][e], err) < 0)
                return -1;
    }
    return 0;
}

static int store_hit(struct store *store, const struct contamination_row *row,
                     const struct contamination_found *found,
                     const struct contamination_hit *hit, struct error *err)
{
    const struct contamination_hit_row stored = { .item = hit->item,
                                                  .covered = hit->covered,
                                                  .longest = hit->longest,
                                                  .answer_whole = hit->answer_whole,
                                                  .flagged = hit->flagged };

    if (contamination_add_hit(store, row, &stored, err) < 0)
        return -1;
    for (size_t i = 0; i < hit->n_spans; i++) {
        const struct contamination_span *span = &found->spans[hit->first_span + i];
        const struct contamination_span_row of_hit = { .item = hit->item,
                                                       .number = (int64_t)i,
                                                       .turn = span->turn,
                                                       .start = span->start,
                                                       .end = span->end,
                                                       .of_answer = span->of_answer,
                                                       .item_word = span->item_word,
                                                       .n_words = span->n_words };

        if (contamination_add_span(store, row, &of_hit, err) < 0)
            return -1;
    }
    return 0;
}

static int store_found(const struct search_batch *batch, const struct search_job *job, size_t i,
                       struct search_tally *tally, struct error *err)
{
    bool flagged = false;

    for (size_t e = 0; e < job->n_evaluations; e++) {
        const struct contamination_found *found = &batch->found[i][e];
        const struct contamination_row row = { .evaluation_id = job->evaluations[e].id,
                                               .sample_id = batch->ids[i],
                                               .covered = found->covered,
                                               .longest = found->longest,
                                               .flagged = found->flagged };

        if (contamination_put(job->store, &row, err) < 0)
            return -1;
        for (size_t h = 0; h < found->n_hits; h++)
            if (store_hit(job->store, &row, found, &found->hits[h], err) < 0)
                return -1;
        flagged |= found->flagged;
    }
    tally->n_flagged += flagged;
    return 0;
}

int search_batch_store(const struct search_batch *batch, const struct search_job *job,
                       struct search_tally *tally, struct error *err)
{
    int rc = store_begin(job->store, err);

    for (size_t i = 0; rc == 0 && i < batch->n; i++)
        rc = store_found(batch, job, i, tally, err);
    if (rc == 0)
        rc = store_commit(job->store, err);
    if (rc < 0) {
        store_rollback(job->store);
        return -1;
    }
    tally->n_searched += batch->n;
    tally->n_bytes += batch->n_bytes;
    return 0;
}
