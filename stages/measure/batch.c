/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "stages/measure/measure_private.h"
#include "store/sample.h"
#include "store/selection.h"

/* What agent_loops keeps of a turn in the arena of the batch. */
enum { TURN_STEP_BYTES = 128 };

void measure_batch_clear(struct measure_batch *batch)
{
    arena_clear(&batch->arena);
    batch->n = 0;
    batch->n_bytes = 0;
    batch->spans.n = 0;
}

/* Copy a text into the arena, unless arena is NULL: then borrow it. */
static int copy_measured(struct arena *arena, struct slice from, struct slice *out,
                         struct error *err)
{
    *out = from;
    if (!from.ptr || !arena)
        return 0;
    *out = arena_copy(arena, from);
    return out->ptr ? 0 : error_nomem(err);
}

static int copy_turns(struct arena *arena, const struct sample *sample,
                      struct measured_turn *turns, struct error *err)
{
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (copy_measured(arena, turn->role, &turns[i].role, err) < 0 ||
            copy_measured(arena, turn->content, &turns[i].content, err) < 0 ||
            copy_measured(arena, turn->thought, &turns[i].thought, err) < 0 ||
            copy_measured(arena, turn->calls, &turns[i].calls, err) < 0 ||
            copy_measured(arena, turn->extra, &turns[i].extra, err) < 0)
            return -1;
    }
    return 0;
}

int measure_sample_copy(const struct sample *sample, bool borrows, struct arena *arena,
                        struct measured_sample *out, struct error *err)
{
    struct arena *texts = borrows ? NULL : arena;
    struct measured_turn *turns = arena_alloc(arena, sample->n_turns + 1, sizeof *turns);

    if (!turns)
        return error_nomem(err);
    *out = (struct measured_sample){ .turns = turns,
                                     .n_turns = sample->n_turns,
                                     .instruction_turn = sample->instruction_turn,
                                     .response_turn = sample->response_turn,
                                     .arena = arena };
    if (copy_measured(texts, sample->system, &out->system, err) < 0 ||
        copy_measured(texts, sample->context, &out->context, err) < 0 ||
        copy_measured(texts, sample->tools, &out->tools, err) < 0 ||
        copy_measured(texts, sample->meta, &out->meta, err) < 0)
        return -1;
    return copy_turns(texts, sample, turns, err);
}

size_t measure_sample_bytes(const struct sample *sample)
{
    size_t n = sample->system.len + sample->context.len + sample->tools.len + sample->meta.len;

    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        n += turn->role.len + turn->content.len + turn->thought.len + turn->calls.len +
             turn->extra.len;
    }
    return n;
}

/* The memory of a sample in a batch, with its values. */
static size_t bytes_in_batch(const struct sample *sample, const struct measure_columns *columns)
{
    const size_t of_turn = sizeof(struct measured_turn) + TURN_STEP_BYTES +
                           columns->n_turn_columns * sizeof(struct fact_value);

    return measure_sample_bytes(sample) + columns->n_columns * sizeof(struct fact_value) +
           sample->n_turns * of_turn;
}

static int add_sample(struct measure_batch *batch, const struct measure_job *job,
                      const struct sample *sample, int64_t id, struct error *err)
{
    const size_t n_bytes = bytes_in_batch(sample, job->columns);
    const bool is_alone = job->memory.is_limited && n_bytes > job->memory.batch_bytes;

    batch->ids[batch->n] = id;
    batch->is_alone[batch->n] = is_alone;
    if (!is_alone) {
        if (measure_sample_copy(sample, false, &batch->arena, &batch->samples[batch->n], err) <
            0)
            return -1;
        batch->n_bytes += n_bytes;
    }
    batch->n++;
    return 0;
}

int measure_batch_read(struct measure_batch *batch, const struct measure_job *job,
                       struct sample_reader *reader, size_t *next, struct error *err)
{
    while (*next < job->ids->n && batch->n < MEASURE_BATCH_SAMPLES &&
           batch->n_bytes < job->memory.batch_bytes) {
        const int64_t id = job->ids->ids[(*next)++];
        struct sample sample;
        const int rc = sample_read(reader, id, &sample, err);

        if (rc < 0 || (rc > 0 && add_sample(batch, job, &sample, id, err) < 0))
            return -1;
    }
    return 0;
}

/* Measure the turns of a sample. Returns 0, 1 for the limit, or -1. */
static int measure_turns(const struct measure_job *job, struct measuring *measuring,
                         const struct measured_sample *sample, const struct fact_value *values,
                         struct fact_value *out, struct error *err)
{
    const struct measure_choice *choice = job->choice;
    int rc = 0;

    for (size_t t = 0; rc == 0 && t < sample->n_turns; t++) {
        rc = measuring_run_turn(measuring, sample, t, choice->measurers, choice->n, values, out,
                                err);
        out += job->columns->n_turn_columns;
    }
    return rc;
}

int measure_sample_run(const struct measure_job *job, const struct measure_tools *tools,
                       const struct measured_sample *sample, struct measured_row *out,
                       struct span_list *spans, struct error *err)
{
    const struct measure_choice *choice = job->choice;
    const struct measure_columns *columns = job->columns;
    const size_t first_span = spans->n;
    int rc;

    out->values = arena_alloc(sample->arena, columns->n_columns + 1, sizeof *out->values);
    out->turn_values = arena_alloc(sample->arena, sample->n_turns * columns->n_turn_columns + 1,
                                   sizeof *out->turn_values);
    if (!out->values || !out->turn_values)
        return error_nomem(err);
    rc = measuring_run(tools->measuring, sample, choice->measurers, choice->n, out->values,
                       spans, err);
    if (rc == 0 && columns->n_turn_columns > 0)
        rc = measure_turns(job, tools->measuring, sample, out->values, out->turn_values, err);
    if (rc == 0)
        rc = label_reader_run(tools->labels, job->labels, sample,
                              out->values + columns->n_columns - job->labels->n, err);
    if (rc != 0)
        spans->n = first_span;
    return rc;
}

int measure_batch_run(struct measure_batch *batch, const struct measure_job *job,
                      const struct measure_tools *tools, struct error *err)
{
    if (job->memory.is_limited)
        batch->spans.max = job->memory.batch_bytes / sizeof(struct span);
    for (size_t i = 0; i < batch->n; i++) {
        int rc = 0;

        if (!batch->is_alone[i])
            rc = measure_sample_run(job, tools, &batch->samples[i], &batch->rows[i],
                                    &batch->spans, err);
        if (rc < 0)
            return -1;
        batch->is_alone[i] |= rc > 0;
        batch->spans_end[i] = batch->spans.n;
    }
    return 0;
}
