/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/report.h"
#include "base/threads/crew.h"
#include "stages/measure/measure_private.h"
#include "store/sample.h"
#include "store/selection.h"

/* What one thread at a time uses. */
struct measure_run {
    const struct measure_job *job;
    struct sample_reader *reader;
    struct fact_writer *writer;
    struct measure_tally *tally;
    size_t next; /* index of the next id to read */
};

void measure_tools_free(struct measure_tools *tools)
{
    if (!tools)
        return;
    label_reader_free(tools->labels);
    measuring_free(tools->measuring);
    free(tools);
}

int measure_tools_new(const struct measure_job *job, size_t max_bytes,
                      struct measure_tools **out, struct error *err)
{
    struct measure_tools *tools = calloc(1, sizeof *tools);

    *out = tools;
    if (!tools)
        return error_nomem(err);
    if (measuring_new(&job->options, &tools->measuring, err) < 0)
        return -1;
    if (max_bytes > 0)
        measuring_limit(tools->measuring, max_bytes);
    return label_reader_new(&tools->labels, err);
}

static int make_tools(const void *arg, void **out, struct error *err)
{
    const struct measure_run *run = arg;
    struct measure_tools *tools = NULL;
    const int rc = measure_tools_new(run->job, run->job->memory.thread_bytes, &tools, err);

    *out = tools;
    return rc;
}

static void free_tools(void *tools)
{
    measure_tools_free(tools);
}

static void init_batch(void *batch)
{
    arena_init(&((struct measure_batch *)batch)->arena);
}

static void release_batch(void *block)
{
    struct measure_batch *batch = block;

    arena_release(&batch->arena);
    span_list_release(&batch->spans);
}

static int read_samples_batch(void *arg, void *batch, struct error *err)
{
    struct measure_run *run = arg;

    if (run->next == run->job->ids->n)
        return 0;
    return measure_batch_read(batch, run->job, run->reader, &run->next, err) < 0 ? -1 : 1;
}

static int measure_batch_texts(const void *arg, void *batch, void *made, struct error *err)
{
    return measure_batch_run(batch, ((const struct measure_run *)arg)->job, made, err);
}

static int store_batch(void *arg, void *batch, struct error *err)
{
    struct measure_run *run = arg;

    if (measure_batch_store(batch, run->job, run->reader, run->writer, run->tally, err) < 0)
        return -1;
    measure_batch_clear(batch);
    run->job->report->done = run->tally->n_measured;
    report_tick(run->job->report);
    return 0;
}

int measure_run_threads(const struct measure_job *job, struct measure_tally *tally,
                        struct error *err)
{
    struct measure_run run = { .job = job, .tally = tally };
    const struct crew crew = { .arg = &run,
                               .block_size = sizeof(struct measure_batch),
                               .init = init_batch,
                               .release = release_batch,
                               .read = read_samples_batch,
                               .tools_new = make_tools,
                               .tools_free = free_tools,
                               .work = measure_batch_texts,
                               .store = store_batch,
                               .report = job->report };
    int rc = -1;

    if (sample_reader_new(job->store, &run.reader, err) == 0 &&
        fact_writer_open(job->store, job->columns->groups, job->columns->n_groups, &run.writer,
                         err) == 0)
        rc = crew_run(&crew, job->n_threads, err);
    fact_writer_close(run.writer);
    sample_reader_free(run.reader);
    return rc;
}
