/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads/crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "base/threads/queue.h"

/* A block on its way. */
struct crew_load {
    void *block;
    size_t number; /* in reading order, from 0 */
    int rc;        /* of the work */
    struct error err;
};

struct crew_run {
    const struct crew *crew;
    struct queue *work;
    struct queue *done;
    struct crew_load *loads;
    size_t n_loads;
    struct crew_load **free;    /* a stack */
    struct crew_load **waiting; /* done, not stored yet: number k is at k % n_loads */
    size_t n_free;
    size_t n_sent;
    size_t n_stored;
    bool ended; /* there is no more to read */
    pthread_t threads[CREW_THREADS_MAX];
    size_t n_threads;
};

static size_t limit_threads(size_t n)
{
    return n < CREW_THREADS_MAX ? n : CREW_THREADS_MAX;
}

size_t crew_blocks(size_t n_threads)
{
    return 2 * limit_threads(n_threads) + 2;
}

static void *run_crew_thread(void *arg)
{
    struct crew_run *run = arg;
    const struct crew *crew = run->crew;
    struct crew_load *load;
    struct error made_err = { 0 };
    void *tools = NULL;
    const int made = crew->tools_new(crew->arg, &tools, &made_err);

    while ((load = queue_take(run->work))) {
        load->rc = made;
        load->err = made_err;
        if (made == 0)
            load->rc = crew->work(crew->arg, load->block, tools, &load->err);
        if (!queue_put(run->done, load))
            break;
    }
    crew->tools_free(tools);
    return NULL;
}

static int make_loads(struct crew_run *run, size_t n, struct error *err)
{
    run->loads = calloc(n, sizeof *run->loads);
    run->free = calloc(n, sizeof *run->free);
    run->waiting = calloc(n, sizeof *run->waiting);
    if (!run->loads || !run->free || !run->waiting)
        return error_nomem(err);
    run->n_loads = n;
    for (size_t i = 0; i < n; i++) {
        run->loads[i].block = calloc(1, run->crew->block_size);
        if (!run->loads[i].block)
            return error_nomem(err);
        run->crew->init(run->loads[i].block);
        run->free[run->n_free++] = &run->loads[i];
    }
    return 0;
}

static int start_crew(struct crew_run *run, size_t n_threads, struct error *err)
{
    const size_t n = crew_blocks(n_threads);

    if (make_loads(run, n, err) < 0 || queue_new(n, &run->work, err) < 0 ||
        queue_new(n, &run->done, err) < 0)
        return -1;
    while (run->n_threads < limit_threads(n_threads)) {
        const int rc =
            pthread_create(&run->threads[run->n_threads], NULL, run_crew_thread, run);

        if (rc != 0)
            return thread_error(rc, err);
        run->n_threads++;
    }
    return 0;
}

static void free_crew_queue(struct queue *queue)
{
    while (queue && queue_drain(queue))
        ; /* the loads are freed below */
    queue_free(queue);
}

static void end_crew(struct crew_run *run)
{
    if (run->work)
        queue_cancel(run->work);
    if (run->done)
        queue_cancel(run->done);
    for (size_t i = 0; i < run->n_threads; i++)
        pthread_join(run->threads[i], NULL);
    free_crew_queue(run->work);
    free_crew_queue(run->done);
    for (size_t i = 0; i < run->n_loads && run->loads[i].block; i++) {
        run->crew->release(run->loads[i].block);
        free(run->loads[i].block);
    }
    free(run->loads);
    free(run->free);
    free(run->waiting);
}

/* Read blocks and give them to the threads, as long as there are free ones. */
static int send_loads(struct crew_run *run, struct error *err)
{
    while (run->n_free > 0 && !run->ended) {
        struct crew_load *load = run->free[run->n_free - 1];
        const int rc = run->crew->read(run->crew->arg, load->block, err);

        if (rc < 0)
            return -1;
        if (rc == 0) {
            run->ended = true;
            break;
        }
        run->n_free--;
        load->number = run->n_sent++;
        (void)queue_put(run->work, load);
    }
    return 0;
}

/* Store the finished blocks whose turn it is. */
static int store_loads(struct crew_run *run, struct error *err)
{
    struct crew_load **slot = &run->waiting[run->n_stored % run->n_loads];

    while (*slot) {
        struct crew_load *load = *slot;

        if (load->rc < 0) {
            *err = load->err;
            return -1;
        }
        if (run->crew->store(run->crew->arg, load->block, err) < 0)
            return -1;
        *slot = NULL;
        run->free[run->n_free++] = load;
        slot = &run->waiting[++run->n_stored % run->n_loads];
    }
    return 0;
}

static int run_loads(struct crew_run *run, struct error *err)
{
    for (;;) {
        if (run->ended && run->n_stored == run->n_sent)
            return 0;
        if (report_stop(run->crew->report) != 0)
            return 1;
        if (send_loads(run, err) < 0)
            return -1;
        if (run->n_stored == run->n_sent)
            continue;
        struct crew_load *load = queue_take(run->done);
        run->waiting[load->number % run->n_loads] = load;
        if (store_loads(run, err) < 0)
            return -1;
    }
}

int crew_run(const struct crew *crew, size_t n_threads, struct error *err)
{
    struct crew_run run = { .crew = crew };
    int rc = start_crew(&run, n_threads, err);

    if (rc == 0)
        rc = run_loads(&run, err);
    end_crew(&run);
    return rc;
}
