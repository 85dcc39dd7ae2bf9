/* SPDX-License-Identifier: Apache-2.0 */
#include "base/report.h"
#include "base/threads/crew.h"
#include "stages/decontaminate/decontaminate_private.h"
#include "store/sample.h"
#include "store/selection.h"

/* What one thread at a time uses. */
struct search_run {
    const struct search_job *job;
    struct sample_reader *reader;
    struct search_tally *tally;
    size_t next; /* index of the next id to read */
};

static void free_search(void *search)
{
    contamination_search_free(search);
}

static int make_search(const void *arg, void **out, struct error *err)
{
    const struct search_run *run = arg;
    struct contamination_search *search = NULL;
    const int rc =
        contamination_search_new(run->job->indexes, run->job->n_evaluations, &search, err);

    *out = search;
    return rc;
}

static void init_searched(void *batch)
{
    arena_init(&((struct search_batch *)batch)->arena);
}

static void release_searched(void *batch)
{
    arena_release(&((struct search_batch *)batch)->arena);
}

static int read_searched(void *arg, void *batch, struct error *err)
{
    struct search_run *run = arg;

    if (run->next == run->job->ids->n)
        return 0;
    return search_batch_read(batch, run->job, run->reader, &run->next, err) < 0 ? -1 : 1;
}

static int search_batch(const void *arg, void *batch, void *search, struct error *err)
{
    return search_batch_run(batch, ((const struct search_run *)arg)->job, search, err);
}

static int store_searched(void *arg, void *batch, struct error *err)
{
    struct search_run *run = arg;

    if (search_batch_store(batch, run->job, run->tally, err) < 0)
        return -1;
    search_batch_clear(batch);
    run->job->report->done = run->tally->n_searched;
    report_tick(run->job->report);
    return 0;
}

int search_run_threads(const struct search_job *job, struct search_tally *tally,
                       struct error *err)
{
    struct search_run run = { .job = job, .tally = tally };
    const struct crew crew = { .arg = &run,
                               .block_size = sizeof(struct search_batch),
                               .init = init_searched,
                               .release = release_searched,
                               .read = read_searched,
                               .tools_new = make_search,
                               .tools_free = free_search,
                               .work = search_batch,
                               .store = store_searched,
                               .report = job->report };
    int rc = -1;

    if (sample_reader_new(job->store, &run.reader, err) == 0)
        rc = crew_run(&crew, job->n_threads, err);
    sample_reader_free(run.reader);
    return rc;
}
