/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "base/threads/queue.h"
#include "stages/ingest/ingest_private.h"
#include "stages/stage.h"

/* Two batches for each parser, and these for the reader, the writer and one between them. */
enum { SPARE_BATCHES = 3 };

struct ingest_threads {
    pthread_t reader;
    bool has_reader;
    pthread_t parsers[PARSERS_MAX];
    size_t n_parsers;
};

void ingest_cancel(struct ingest *ingest)
{
    atomic_store(&ingest->cancelled, true);
    queue_cancel(ingest->free);
    queue_cancel(ingest->filled);
    queue_cancel(ingest->done);
}

void ingest_fail(struct ingest *ingest, const struct error *err)
{
    pthread_mutex_lock(&ingest->mutex);
    if (!ingest->failed)
        ingest->failure = *err;
    ingest->failed = true;
    pthread_mutex_unlock(&ingest->mutex);
    ingest_cancel(ingest);
}

static int parse_batch(const struct ingest *ingest, struct parser *parser, struct batch *batch,
                       struct error *err)
{
    const bool forced = ingest->settings.forced;

    for (size_t i = 0; i < batch->n; i++)
        if (parse_record(parser, &batch->records[i], batch->format, forced, &batch->arena,
                         &batch->parsed[i], err) < 0)
            return -1;
    return 0;
}

static int parse_batches(struct ingest *ingest, struct parser *parser, struct error *err)
{
    struct batch *batch;

    while ((batch = queue_take(ingest->filled))) {
        if (parse_batch(ingest, parser, batch, err) < 0)
            return -1;
        (void)queue_put(ingest->done, batch); /* fails only when the run is over */
    }
    return 0;
}

static void *run_parser(void *arg)
{
    struct ingest *ingest = arg;
    struct parser *parser = NULL;
    struct error err;

    if (parser_new(&ingest->settings.format_options, &parser, &err) < 0 ||
        parse_batches(ingest, parser, &err) < 0)
        ingest_fail(ingest, &err);
    parser_free(parser);
    if (atomic_fetch_sub(&ingest->n_parsing, 1) == 1)
        queue_close(ingest->done);
    return NULL;
}

static int make_batches(struct ingest *ingest, size_t n_parsers, struct error *err)
{
    const size_t n = 2 * n_parsers + SPARE_BATCHES;

    ingest->batches = calloc(n, sizeof *ingest->batches);
    if (!ingest->batches)
        return error_nomem(err);
    ingest->n_batches = n;
    if (queue_new(n, &ingest->free, err) < 0 || queue_new(n, &ingest->filled, err) < 0 ||
        queue_new(n, &ingest->done, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        batch_init(&ingest->batches[i]);
        (void)queue_put(ingest->free, &ingest->batches[i]);
    }
    return 0;
}

static void free_queue(struct queue *queue)
{
    while (queue && queue_drain(queue))
        ; /* the batches are freed below */
    queue_free(queue);
}

static void free_batches(struct ingest *ingest)
{
    free_queue(ingest->free);
    free_queue(ingest->filled);
    free_queue(ingest->done);
    for (size_t i = 0; i < ingest->n_batches; i++)
        batch_release(&ingest->batches[i]);
    free(ingest->batches);
}

static int start_threads(struct ingest *ingest, size_t n_parsers,
                         struct ingest_threads *threads, struct error *err)
{
    int rc = 0;

    atomic_store(&ingest->n_parsing, n_parsers);
    while (rc == 0 && threads->n_parsers < n_parsers) {
        rc = pthread_create(&threads->parsers[threads->n_parsers], NULL, run_parser, ingest);
        threads->n_parsers += rc == 0;
    }
    if (rc == 0)
        rc = pthread_create(&threads->reader, NULL, ingest_read, ingest);
    threads->has_reader = rc == 0;
    return rc == 0 ? 0 : thread_error(rc, err);
}

static void join_threads(const struct ingest_threads *threads)
{
    if (threads->has_reader)
        pthread_join(threads->reader, NULL);
    for (size_t i = 0; i < threads->n_parsers; i++)
        pthread_join(threads->parsers[i], NULL);
}

int ingest_run_threads(struct ingest *ingest, struct ingest_tally *tally, struct error *err)
{
    const size_t wanted = ingest->context->n_threads > 2 ? ingest->context->n_threads - 1 : 1;
    const size_t most = ingest->settings.memory.n_parsers;
    const size_t n_parsers = wanted < most ? wanted : most;
    struct ingest_threads threads = { .n_parsers = 0 };
    int rc = make_batches(ingest, n_parsers, err);

    if (rc == 0) {
        rc = start_threads(ingest, n_parsers, &threads, err);
        if (rc == 0)
            rc = ingest_write(ingest, tally, err);
        if (rc < 0)
            ingest_fail(ingest, err);
        else if (tally->stop_signal != 0)
            ingest_cancel(ingest);
        join_threads(&threads);
    }
    free_batches(ingest);
    if (ingest->failed) {
        *err = ingest->failure;
        return -1;
    }
    return rc;
}
