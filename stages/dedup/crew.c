/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/dedup/crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "base/threads/queue.h"

/* A block on its way. */
struct crew_load {
    void *block;
    int rc; /* of the work */
    struct error err;
};

struct crew_run {
    const struct crew *crew;
    struct queue *work;
    struct queue *done;
    struct crew_load *loads;
    size_t *free; /* indices of loads, a stack */
    size_t n_free;
    size_t n_sent;
    size_t n_stored;
    bool ended; /* there is no more to read */
    pthread_t threads[CREW_THREADS_MAX];
    size_t n_threads;
};

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

static int start_crew(struct crew_run *run, void *const *blocks, size_t n_blocks,
                      size_t n_threads, struct error *err)
{
    run->loads = calloc(n_blocks, sizeof *run->loads);
    run->free = calloc(n_blocks, sizeof *run->free);
    if (!run->loads || !run->free)
        return error_nomem(err);
    for (size_t i = 0; i < n_blocks; i++) {
        run->loads[i].block = blocks[i];
        run->free[run->n_free++] = i;
    }
    if (queue_new(n_blocks, &run->work, err) < 0 || queue_new(n_blocks, &run->done, err) < 0)
        return -1;
    while (run->n_threads < n_threads && run->n_threads < CREW_THREADS_MAX) {
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
    free(run->loads);
    free(run->free);
}

/* Read blocks and give them to the threads, as long as there are free ones. */
static int send_loads(struct crew_run *run, struct error *err)
{
    while (run->n_free > 0 && !run->ended) {
        struct crew_load *load = &run->loads[run->free[run->n_free - 1]];
        const int rc = run->crew->read(run->crew->arg, load->block, err);

        if (rc < 0)
            return -1;
        if (rc == 0) {
            run->ended = true;
            continue;
        }
        run->n_free--;
        run->n_sent++;
        (void)queue_put(run->work, load);
    }
    return 0;
}

static int run_loads(struct crew_run *run, struct error *err)
{
    while (!run->ended || run->n_stored < run->n_sent) {
        const int signal = report_stop(run->crew->report);

        if (signal != 0)
            return error_set_sys(err, ERR_CANCELLED, signal,
                                 "stopped by signal %d: what is finished is stored; give the "
                                 "same command again to continue",
                                 signal);
        if (send_loads(run, err) < 0)
            return -1;
        if (run->n_stored == run->n_sent)
            continue;
        struct crew_load *load = queue_take(run->done);
        if (load->rc < 0) {
            *err = load->err;
            return -1;
        }
        if (run->crew->store(run->crew->arg, load->block, err) < 0)
            return -1;
        run->n_stored++;
        run->free[run->n_free++] = (size_t)(load - run->loads);
    }
    return 0;
}

int crew_run(const struct crew *crew, void *const *blocks, size_t n_blocks, size_t n_threads,
             struct error *err)
{
    struct crew_run run = { .crew = crew };
    int rc = start_crew(&run, blocks, n_blocks, n_threads, err);

    if (rc == 0)
        rc = run_loads(&run, err);
    end_crew(&run);
    return rc;
}
