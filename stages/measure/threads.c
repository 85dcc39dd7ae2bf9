/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "base/report.h"
#include "base/threads/pool.h"
#include "base/threads/queue.h"
#include "stages/measure/measure_private.h"
#include "store/sample.h"
#include "store/selection.h"

enum { MEASURE_THREADS_MAX = 64, MEASURE_SPARE_BATCHES = 2 };

/* The threads of a run and the batches that they pass on. */
struct measure_run {
    const struct measure_job *job;
    struct measure_batch *batches;
    size_t n_batches;
    struct measure_batch **waiting; /* measured, not stored yet: batch k is at k % n_batches */
    struct measure_batch **free;    /* a stack */
    size_t n_free;
    struct queue *work;
    struct queue *done;
    pthread_t threads[MEASURE_THREADS_MAX];
    size_t n_threads;
    size_t next;     /* index of the next id to read */
    uint64_t n_sent; /* batches */
    uint64_t n_stored;
};

static void *run_measuring(void *arg)
{
    struct measure_run *run = arg;
    struct measuring *measuring = NULL;
    struct label_reader *labels = NULL;
    struct measure_batch *batch;
    struct error err;
    int made = measuring_new(&run->job->options, &measuring, &err);

    if (made == 0)
        made = label_reader_new(&labels, &err);

    while ((batch = queue_take(run->work))) {
        batch->rc = made;
        batch->err = err;
        if (made == 0)
            batch->rc = measure_batch_run(batch, run->job, measuring, labels, &batch->err);
        if (!queue_put(run->done, batch))
            break;
    }
    label_reader_free(labels);
    measuring_free(measuring);
    return NULL;
}

static int make_run(struct measure_run *run, struct error *err)
{
    const size_t wanted = run->job->n_threads;
    const size_t n_threads = wanted < MEASURE_THREADS_MAX ? wanted : MEASURE_THREADS_MAX;
    const size_t n = 2 * n_threads + MEASURE_SPARE_BATCHES;

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
        const int rc = pthread_create(&run->threads[run->n_threads], NULL, run_measuring, run);

        if (rc != 0)
            return thread_error(rc, err);
        run->n_threads++;
    }
    return 0;
}

static void free_run_queue(struct queue *queue)
{
    while (queue && queue_drain(queue))
        ; /* the batches are freed below */
    queue_free(queue);
}

static void end_run(struct measure_run *run)
{
    if (run->work)
        queue_cancel(run->work);
    if (run->done)
        queue_cancel(run->done);
    for (size_t i = 0; i < run->n_threads; i++)
        pthread_join(run->threads[i], NULL);
    free_run_queue(run->work);
    free_run_queue(run->done);
    for (size_t i = 0; i < run->n_batches; i++) {
        arena_release(&run->batches[i].arena);
        span_list_release(&run->batches[i].spans);
    }
    free(run->batches);
    free(run->waiting);
    free(run->free);
}

/* Read batches and give them to the threads, as long as there are free ones. */
static int send_batches(struct measure_run *run, struct sample_reader *reader,
                        struct error *err)
{
    while (run->n_free > 0 && run->next < run->job->ids->n) {
        struct measure_batch *batch = run->free[run->n_free - 1];

        measure_batch_clear(batch);
        if (measure_batch_read(batch, run->job, reader, &run->next, err) < 0)
            return -1;
        run->n_free--;
        batch->number = run->n_sent++;
        (void)queue_put(run->work, batch);
    }
    return 0;
}

/* Store the measured batches whose turn it is. */
static int store_batches(struct measure_run *run, struct fact_writer *writer,
                         struct measure_tally *tally, struct error *err)
{
    struct measure_batch **slot = &run->waiting[run->n_stored % run->n_batches];

    while (*slot) {
        struct measure_batch *batch = *slot;

        if (batch->rc < 0) {
            *err = batch->err;
            return -1;
        }
        if (measure_batch_store(batch, run->job, writer, tally, err) < 0)
            return -1;
        *slot = NULL;
        run->free[run->n_free++] = batch;
        slot = &run->waiting[++run->n_stored % run->n_batches];
    }
    run->job->report->done = tally->n_measured;
    report_tick(run->job->report);
    return 0;
}

/* Read, measure and store until all is done or a signal asks to stop. */
static int measure_all(struct measure_run *run, struct sample_reader *reader,
                       struct fact_writer *writer, struct measure_tally *tally,
                       struct error *err)
{
    while (run->n_stored < run->n_sent || run->next < run->job->ids->n) {
        tally->stop_signal = report_stop(run->job->report);
        if (tally->stop_signal != 0)
            return 0;
        if (send_batches(run, reader, err) < 0)
            return -1;
        struct measure_batch *batch = queue_take(run->done);
        run->waiting[batch->number % run->n_batches] = batch;
        if (store_batches(run, writer, tally, err) < 0)
            return -1;
    }
    return 0;
}

int measure_run_threads(const struct measure_job *job, struct measure_tally *tally,
                        struct error *err)
{
    struct measure_run run = { .job = job };
    struct sample_reader *reader = NULL;
    struct fact_writer *writer = NULL;
    int rc = -1;

    if (sample_reader_new(job->store, &reader, err) == 0 &&
        fact_writer_open(job->store, job->columns->groups, job->columns->n_groups, &writer,
                         err) == 0 &&
        make_run(&run, err) == 0)
        rc = measure_all(&run, reader, writer, tally, err);
    end_run(&run);
    fact_writer_close(writer);
    sample_reader_free(reader);
    return rc;
}
