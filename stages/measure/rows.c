/* SPDX-License-Identifier: Apache-2.0 */
/* Store measured samples, and measure those that need more memory than a thread has. */
#include "stages/measure/measure_private.h"
#include "store/sample.h"
#include "store/store.h"

enum {
    /* The texts of a sample are in memory as the database reads them, as the reader keeps
     * them, and once more while they are copied. */
    READER_TIMES = 3,
    /* The part of the memory of a sample alone that its spans may take. */
    SPANS_PART = 8,
};

static struct fact_cell *make_cells(const struct measure_columns *columns, struct arena *arena,
                                    struct error *err)
{
    const size_t n = columns->n_columns > columns->n_turn_columns ? columns->n_columns
                                                                  : columns->n_turn_columns;
    struct fact_cell *cells = arena_alloc(arena, n + 1, sizeof *cells);

    if (!cells)
        error_nomem(err);
    return cells;
}

static void convert_cells(const struct fact_value *values, size_t n, struct fact_cell *cells)
{
    for (size_t i = 0; i < n; i++)
        cells[i] = (struct fact_cell){ .reason = values[i].reason,
                                       .integer = values[i].integer,
                                       .real = values[i].real,
                                       .text = values[i].text };
}

/* What storing a batch uses. */
struct row_store {
    const struct measure_job *job;
    struct fact_writer *writer;
    struct measure_tally *tally;
    struct arena arena; /* of the row */
};

/* Store the spans of one sample, group by group. */
static int store_spans(struct row_store *rows, const struct span *spans, size_t n_spans,
                       struct error *err)
{
    const struct measure_choice *choice = rows->job->choice;
    struct fact_span *stored = arena_alloc(&rows->arena, n_spans + 1, sizeof *stored);

    if (!stored)
        return error_nomem(err);
    for (size_t g = 0; g < choice->n; g++) {
        const struct measurer *measurer = choice->measurers[g];
        size_t n = 0;

        if (!measurer->finds_spans)
            continue;
        for (size_t s = 0; s < n_spans; s++) {
            const struct span *span = &spans[s];

            if (span->measurer == measurer)
                stored[n++] = (struct fact_span){ .turn = span->turn,
                                                  .start = span->start,
                                                  .end = span->end,
                                                  .kind = span->kind,
                                                  .detail = span->detail };
        }
        if (fact_write_spans(rows->writer, measurer->name, stored, n, err) < 0)
            return -1;
        rows->tally->n_spans += n;
    }
    return 0;
}

static int store_row(struct row_store *rows, int64_t id, const struct measured_row *row,
                     size_t n_turns, const struct span *spans, size_t n_spans,
                     struct error *err)
{
    const struct measure_columns *columns = rows->job->columns;
    const size_t n_of_turn = columns->n_turn_columns;
    struct fact_cell *cells = make_cells(columns, &rows->arena, err);

    if (!cells)
        return -1;
    convert_cells(row->values, columns->n_columns, cells);
    if (fact_write(rows->writer, id, cells, err) < 0)
        return -1;
    for (size_t t = 0; n_of_turn > 0 && t < n_turns; t++) {
        convert_cells(row->turn_values + t * n_of_turn, n_of_turn, cells);
        if (fact_write_turn(rows->writer, id, (int64_t)t, cells, err) < 0)
            return -1;
    }
    return store_spans(rows, spans, n_spans, err);
}

static int report_too_large(int64_t id, size_t n_bytes, size_t limit, struct error *err)
{
    return error_set(
        err, ERR_NOMEM,
        "sample %lld: to measure its %zu bytes of text takes more than the %zu MiB "
        "that --max-memory leaves for one sample: raise --max-memory, or leave it "
        "out with --where \"sample_id <> %lld\"",
        (long long)id, n_bytes, limit >> 20, (long long)id);
}

/* Measure a sample with the memory that is set aside for one, and store it. The texts are those
 * of the reader. */
static int store_alone(struct row_store *rows, const struct sample *sample, int64_t id,
                       struct error *err)
{
    const struct measure_job *job = rows->job;
    const size_t limit = job->memory.alone_bytes;
    const size_t n_bytes = measure_sample_bytes(sample);
    struct measure_tools *tools = NULL;
    struct measured_sample measured;
    struct measured_row row;
    struct span_list spans = { .max = limit / SPANS_PART / sizeof(struct span) };
    int rc = -1;

    if (n_bytes >= limit / READER_TIMES)
        return report_too_large(id, n_bytes, limit, err);
    if (measure_tools_new(job, limit - READER_TIMES * n_bytes, &tools, err) == 0 &&
        measure_sample_copy(sample, true, &rows->arena, &measured, err) == 0)
        rc = measure_sample_run(job, tools, &measured, &row, &spans, err);
    measure_tools_free(tools);
    if (rc == 1)
        rc = report_too_large(id, n_bytes, limit, err);
    if (rc == 0)
        rc = store_row(rows, id, &row, sample->n_turns, spans.items, spans.n, err);
    span_list_release(&spans);
    return rc;
}

static int store_sample(struct row_store *rows, const struct measure_batch *batch, size_t i,
                        struct sample_reader *reader, struct error *err)
{
    const size_t first_span = i > 0 ? batch->spans_end[i - 1] : 0;
    struct sample sample;
    int rc;

    arena_clear(&rows->arena);
    if (!batch->is_alone[i])
        return store_row(rows, batch->ids[i], &batch->rows[i], batch->samples[i].n_turns,
                         batch->spans.items ? batch->spans.items + first_span : NULL,
                         batch->spans_end[i] - first_span, err);
    rc = sample_read(reader, batch->ids[i], &sample, err);
    return rc == 1 ? store_alone(rows, &sample, batch->ids[i], err) : rc;
}

int measure_batch_store(const struct measure_batch *batch, const struct measure_job *job,
                        struct sample_reader *reader, struct fact_writer *writer,
                        struct measure_tally *tally, struct error *err)
{
    struct row_store rows = { .job = job, .writer = writer, .tally = tally };
    int rc = 0;

    if (store_begin(job->store, err) < 0)
        return -1;
    arena_init(&rows.arena);
    for (size_t i = 0; rc == 0 && i < batch->n; i++)
        rc = store_sample(&rows, batch, i, reader, err);
    if (rc == 0)
        rc = store_commit(job->store, err);
    if (rc < 0)
        store_rollback(job->store);
    arena_release(&rows.arena);
    if (rc == 0)
        tally->n_measured += batch->n;
    return rc;
}
