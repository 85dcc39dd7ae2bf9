/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "base/report.h"
#include "base/threads/pool.h"
#include "base/threads/queue.h"
#include "stages/decontaminate/decontaminate_private.h"
#include "store/sample.h"
#include "store/selection.h"

enum { SEARCH_THREADS_MAX = 64, SEARCH_SPARE_BATCHES = 2 };

/* The threads of a run and the batches that they pass on. */
struct search_run {
    const struct search_job *job;
    struct search_batch *batches;
    size_t n_batches;
    struct search_batch **waiting; /* searched, not stored yet: batch k is at k % n_batches */
    struct search_batch **free;    /* a stack */
    size_t n_free;
    struct queue *work;
    struct queue *done;
    pthread_t threads[SEARCH_THREADS_MAX];
    size_t n_threads;
    size_t next;     /* index of the next id to read */
    uint64_t n_sent; /* batches */
    uint64_t n_stored;
};

static void *run_searching(void *arg)
{
    struct search_run *run = arg;
    struct contamination_search *search = NULL;
    struct search_batch *batch;
    struct error err;
    const int made =
        contamination_search_new(run->job->indexes, run->job->n_evaluations, &search, &err);

    while ((batch = queue_take(run->work))) {
        batch->rc = made;
        batch->err = err;
        if (made == 0)
            batch->rc = search_batch_run(batch, run->job, search, &batch->err);
        if (!queue_put(run->done, batch))
            break;
    }
    contamination_search_free(search);
    return NULL;
}

static int make_search(struct search_run *run, struct error *err)
{
    const size_t wanted = run->job->n_threads;
    const size_t n_threads = wanted < SEARCH_THREADS_MAX ? wanted : SEARCH_THREADS_MAX;
    const size_t n = 2 * n_threads + SEARCH_SPARE_BATCHES;

    run->batches = calloc(n, sizeof *run->batches);
    run->waiting = calloc(n, sizeof *run->waiting);
    run->free = calloc(n, sizeof *run->free);
    if (!run->batches || !run->waiting || !run->free)
        return error_nomem(err);
    run->n_batches = n;
    for (size_t i = 0; i < n; i++) {
        arena_init(&run->batches[i].arena);
        run->free[run->n_free++] = &run->batches[i];
    }
    if (queue_new(n, &run->work, err) < 0 || queue_new(n, &run->done, err) < 0)
        return -1;
    while (run->n_threads < n_threads) {
        const int rc = pthread_create(&run->threads[run->n_threads], NULL, run_searching, run);

        if (rc != 0)
            return thread_error(rc, err);
        run->n_threads++;
    }
    return 0;
}

static void free_search_queue(struct queue *queue)
{
    while (queue && queue_drain(queue))
        ; /* the batches are freed below */
    queue_free(queue);
}

static void end_search(struct search_run *run)
{
    if (run->work)
        queue_cancel(run->work);
    if (run->done)
        queue_cancel(run->done);
    for (size_t i = 0; i < run->n_threads; i++)
        pthread_join(run->threads[i], NULL);
    free_search_queue(run->work);
    free_search_queue(run->done);
    for (size_t i = 0; i < run->n_batches; i++)
        arena_release(&run->batches[i].arena);
    free(run->batches);
    free(run->waiting);
    free(run->free);
}

/* Read batches and give them to the threads, as long as there are free ones. */
static int send_to_search(struct search_run *run, struct sample_reader *reader,
                          struct error *err)
{
    while (run->n_free > 0 && run->next < run->job->ids->n) {
        struct search_batch *batch = run->free[run->n_free - 1];

        search_batch_clear(batch);
        if (search_batch_read(batch, run->job, reader, &run->next, err) < 0)
            return -1;
        run->n_free--;
        batch->number = run->n_sent++;
        (void)queue_put(run->work, batch);
    }
    return 0;
}

/* Store the searched batches whose turn it is. */
static int store_searched(struct search_run *run, struct search_tally *tally, struct error *err)
{
    struct search_batch **slot = &run->waiting[run->n_stored % run->n_batches];

    while (*slot) {
        struct search_batch *batch = *slot;

        if (batch->rc < 0) {
            *err = batch->err;
            return -1;
        }
        if (search_batch_store(batch, run->job, tally, err) < 0)
            return -1;
        *slot = NULL;
        run->free[run->n_free++] = batch;
        slot = &run->waiting[++run->n_stored % run->n_batches];
    }
    run->job->report->done = tally->n_searched;
    report_tick(run->job->report);
    return 0;
}

/* Read, search and store until all is done or a signal asks to stop. */
static int search_all_batches(struct search_run *run, struct sample_reader *reader,
                              struct search_tally *tally, struct error *err)
{
    while (run->n_stored < run->n_sent || run->next < run->job->ids->n) {
        tally->stop_signal = report_stop(run->job->report);
        if (tally->stop_signal != 0)
            return 0;
        if (send_to_search(run, reader, err) < 0)
            return -1;
        struct search_batch *batch = queue_take(run->done);
        run->waiting[batch->number % run->n_batches] = batch;
        if (store_searched(run, tally, err) < 0)
            return -1;
    }
    return 0;
}

int search_run_threads(const struct search_job *job, struct search_tally *tally,
                       struct error *err)
{
    struct search_run run = { .job = job };
    struct sample_reader *reader = NULL;
    int rc = -1;

    if (sample_reader_new(job->store, &reader, err) == 0 && make_search(&run, err) == 0)
        rc = search_all_batches(&run, reader, tally, err);
    end_search(&run);
    sample_reader_free(reader);
    return rc;
}
