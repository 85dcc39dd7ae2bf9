/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "stages/measure/measure_private.h"
#include "store/sample.h"
#include "store/selection.h"
#include "store/store.h"

void measure_batch_clear(struct measure_batch *batch)
{
    arena_clear(&batch->arena);
    batch->n = 0;
    batch->n_bytes = 0;
    batch->spans.n = 0;
}

static int copy_measured(struct measure_batch *batch, struct slice from, struct slice *out,
                         struct error *err)
{
    *out = from;
    if (!from.ptr)
        return 0;
    *out = arena_copy(&batch->arena, from);
    batch->n_bytes += from.len;
    return out->ptr ? 0 : error_nomem(err);
}

static int copy_turns(struct measure_batch *batch, const struct sample *sample,
                      struct measured_sample *out, struct error *err)
{
    struct measured_turn *turns =
        arena_alloc(&batch->arena, sample->n_turns + 1, sizeof *turns);

    if (!turns)
        return error_nomem(err);
    out->turns = turns;
    out->n_turns = sample->n_turns;
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (copy_measured(batch, turn->role, &turns[i].role, err) < 0 ||
            copy_measured(batch, turn->content, &turns[i].content, err) < 0 ||
            copy_measured(batch, turn->thought, &turns[i].thought, err) < 0 ||
            copy_measured(batch, turn->calls, &turns[i].calls, err) < 0 ||
            copy_measured(batch, turn->extra, &turns[i].extra, err) < 0)
            return -1;
    }
    return 0;
}

/* Copy what measurers look at into the batch. */
static int copy_sample(struct measure_batch *batch, const struct sample *sample,
                       struct measured_sample *out, struct error *err)
{
    *out = (struct measured_sample){ .instruction_turn = sample->instruction_turn,
                                     .response_turn = sample->response_turn,
                                     .arena = &batch->arena };
    if (copy_measured(batch, sample->system, &out->system, err) < 0 ||
        copy_measured(batch, sample->context, &out->context, err) < 0 ||
        copy_measured(batch, sample->tools, &out->tools, err) < 0 ||
        copy_measured(batch, sample->meta, &out->meta, err) < 0)
        return -1;
    return copy_turns(batch, sample, out, err);
}

int measure_batch_read(struct measure_batch *batch, const struct measure_job *job,
                       struct sample_reader *reader, size_t *next, struct error *err)
{
    while (*next < job->ids->n && batch->n < MEASURE_BATCH_SAMPLES &&
           batch->n_bytes < job->batch_bytes) {
        const int64_t id = job->ids->ids[(*next)++];
        struct sample sample;
        const int rc = sample_read(reader, id, &sample, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        batch->ids[batch->n] = id;
        if (copy_sample(batch, &sample, &batch->samples[batch->n], err) < 0)
            return -1;
        batch->n++;
    }
    return 0;
}

static size_t count_turns(const struct measure_batch *batch)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->n; i++)
        n += batch->samples[i].n_turns;
    return n;
}

/* Measure the turns of all samples. */
static int run_turns(struct measure_batch *batch, const struct measure_job *job,
                     struct measuring *measuring, struct error *err)
{
    const struct measure_choice *choice = job->choice;
    const size_t n_columns = job->columns->n_turn_columns;

    batch->turn_values = arena_alloc(&batch->arena, count_turns(batch) * n_columns + 1,
                                     sizeof(struct fact_value));
    if (!batch->turn_values)
        return error_nomem(err);
    struct fact_value *out = batch->turn_values;
    for (size_t i = 0; i < batch->n; i++) {
        for (size_t t = 0; t < batch->samples[i].n_turns; t++) {
            if (measuring_run_turn(measuring, batch->samples[i].turns[t].content,
                                   choice->measurers, choice->n, out, err) < 0)
                return -1;
            out += n_columns;
        }
    }
    return 0;
}

int measure_batch_run(struct measure_batch *batch, const struct measure_job *job,
                      struct measuring *measuring, struct label_reader *labels,
                      struct error *err)
{
    const struct measure_choice *choice = job->choice;
    const size_t n_columns = job->columns->n_columns;
    const size_t first_label = n_columns - job->labels->n;

    batch->values = arena_alloc(&batch->arena, batch->n * n_columns + 1, sizeof *batch->values);
    if (!batch->values)
        return error_nomem(err);
    for (size_t i = 0; i < batch->n; i++) {
        struct fact_value *values = batch->values + i * n_columns;

        if (measuring_run(measuring, &batch->samples[i], choice->measurers, choice->n, values,
                          &batch->spans, err) < 0 ||
            label_reader_run(labels, job->labels, &batch->samples[i], values + first_label,
                             err) < 0)
            return -1;
        batch->spans_end[i] = batch->spans.n;
    }
    return job->columns->n_turn_columns > 0 ? run_turns(batch, job, measuring, err) : 0;
}

static int convert_cells(const struct fact_value *values, size_t n, struct arena *arena,
                         struct fact_cell **out, struct error *err)
{
    struct fact_cell *cells = arena_alloc(arena, n + 1, sizeof *cells);

    if (!cells)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        cells[i] = (struct fact_cell){ .reason = values[i].reason,
                                       .integer = values[i].integer,
                                       .real = values[i].real,
                                       .text = values[i].text };
    *out = cells;
    return 0;
}

/* Store the spans of one sample, group by group. */
static int store_spans(const struct measure_batch *batch, const struct measure_job *job,
                       size_t i, struct fact_writer *writer, struct arena *arena,
                       struct measure_tally *tally, struct error *err)
{
    const size_t first = i > 0 ? batch->spans_end[i - 1] : 0;
    const size_t end = batch->spans_end[i];
    struct fact_span *spans = arena_alloc(arena, end - first + 1, sizeof *spans);

    if (!spans)
        return error_nomem(err);
    for (size_t g = 0; g < job->choice->n; g++) {
        const struct measurer *measurer = job->choice->measurers[g];
        size_t n = 0;

        if (!measurer->finds_spans)
            continue;
        for (size_t s = first; s < end; s++) {
            const struct span *span = &batch->spans.items[s];

            if (span->measurer == measurer)
                spans[n++] = (struct fact_span){ .turn = span->turn,
                                                 .start = span->start,
                                                 .end = span->end,
                                                 .kind = span->kind,
                                                 .detail = span->detail };
        }
        if (fact_write_spans(writer, measurer->name, spans, n, err) < 0)
            return -1;
        tally->n_spans += n;
    }
    return 0;
}

static int store_turns(const struct measure_batch *batch, const struct measure_job *job,
                       size_t i, struct fact_writer *writer, size_t *turn, struct arena *arena,
                       struct error *err)
{
    const size_t n_columns = job->columns->n_turn_columns;
    struct fact_cell *cells = NULL;

    for (size_t t = 0; n_columns > 0 && t < batch->samples[i].n_turns; t++) {
        if (convert_cells(batch->turn_values + (*turn)++ * n_columns, n_columns, arena, &cells,
                          err) < 0 ||
            fact_write_turn(writer, batch->ids[i], (int64_t)t, cells, err) < 0)
            return -1;
    }
    return 0;
}

static int store_rows(const struct measure_batch *batch, const struct measure_job *job,
                      struct fact_writer *writer, struct measure_tally *tally,
                      struct arena *arena, struct error *err)
{
    const size_t n_columns = job->columns->n_columns;
    struct fact_cell *cells = NULL;
    size_t turn = 0;

    for (size_t i = 0; i < batch->n; i++) {
        arena_clear(arena);
        if (convert_cells(batch->values + i * n_columns, n_columns, arena, &cells, err) < 0 ||
            fact_write(writer, batch->ids[i], cells, err) < 0 ||
            store_turns(batch, job, i, writer, &turn, arena, err) < 0 ||
            store_spans(batch, job, i, writer, arena, tally, err) < 0)
            return -1;
    }
    return 0;
}

int measure_batch_store(const struct measure_batch *batch, const struct measure_job *job,
                        struct fact_writer *writer, struct measure_tally *tally,
                        struct error *err)
{
    struct arena arena;
    int rc = -1;

    arena_init(&arena);
    if (store_begin(job->store, err) == 0) {
        rc = store_rows(batch, job, writer, tally, &arena, err);
        if (rc == 0)
            rc = store_commit(job->store, err);
        if (rc < 0)
            store_rollback(job->store);
    }
    arena_release(&arena);
    if (rc == 0)
        tally->n_measured += batch->n;
    return rc;
}
