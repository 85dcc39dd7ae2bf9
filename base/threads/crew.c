/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads/crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"

/* A block on its way. */
struct crew_load {
    void *block;
    bool is_done;
    int rc; /* of the work */
    struct error err;
};

/* Blocks have numbers in reading order, from 0. They are begun and stored in this order, too,
 * so block k is in loads[k % n_loads]. */
struct crew_run {
    const struct crew *crew;
    size_t n_threads;
    pthread_t started[CREW_THREADS_MAX]; /* all but the calling thread */
    size_t n_started;
    struct crew_load *loads;
    size_t n_loads;

    pthread_mutex_t mutex; /* of what is below */
    pthread_cond_t changed;
    size_t n_read;
    size_t n_begun;
    size_t n_stored;
    bool in_store; /* a thread reads or stores */
    bool no_more;  /* nothing is left to read */
    bool is_over;  /* after a failure or a signal */
    int rc;        /* of the run */
    struct error err;
};

enum crew_step { CREW_READ, CREW_WORK, CREW_STORE, CREW_WAIT, CREW_END };

static size_t limit_threads(size_t n)
{
    if (n == 0)
        return 1;
    return n < CREW_THREADS_MAX ? n : CREW_THREADS_MAX;
}

size_t crew_blocks(size_t n_threads)
{
    const size_t n = limit_threads(n_threads);

    return n == 1 ? 1 : 2 * n + 2;
}

static struct crew_load *load_of(const struct crew_run *run, size_t number)
{
    return &run->loads[number % run->n_loads];
}

/* What a free thread does next. Storing comes first, because it frees a block. Then a block for
 * every thread is read ahead, so that no thread waits for the database. */
static enum crew_step choose_step(const struct crew_run *run)
{
    if (run->is_over || (run->no_more && run->n_stored == run->n_read))
        return CREW_END;
    if (!run->in_store) {
        if (run->n_stored < run->n_begun && load_of(run, run->n_stored)->is_done)
            return CREW_STORE;
        if (!run->no_more && run->n_read - run->n_begun < run->n_threads &&
            run->n_read - run->n_stored < run->n_loads)
            return CREW_READ;
    }
    return run->n_begun < run->n_read ? CREW_WORK : CREW_WAIT;
}

/* End the run. The caller holds the mutex. */
static void end_run(struct crew_run *run, int rc, const struct error *err)
{
    run->is_over = true;
    run->rc = rc;
    if (err)
        run->err = *err;
}

/* The steps are called with the mutex, and leave it while they read, work or store. */
static void read_load(struct crew_run *run)
{
    struct crew_load *load = load_of(run, run->n_read);
    struct error err = { 0 };

    run->in_store = true;
    pthread_mutex_unlock(&run->mutex);
    const int rc = run->crew->read(run->crew->arg, load->block, &err);
    pthread_mutex_lock(&run->mutex);
    run->in_store = false;
    load->is_done = false;
    if (rc > 0)
        run->n_read++;
    else if (rc == 0)
        run->no_more = true;
    else
        end_run(run, -1, &err);
}

static void store_load(struct crew_run *run)
{
    struct crew_load *load = load_of(run, run->n_stored);
    struct error err = load->err;
    int rc = load->rc;

    run->in_store = true;
    pthread_mutex_unlock(&run->mutex);
    if (rc == 0)
        rc = run->crew->store(run->crew->arg, load->block, &err);
    pthread_mutex_lock(&run->mutex);
    run->in_store = false;
    if (rc == 0)
        run->n_stored++;
    else
        end_run(run, -1, &err);
}

/* What a thread works with, or why it cannot. */
struct crew_tools {
    void *tools;
    int rc;
    struct error err;
};

static void work_on_load(struct crew_run *run, const struct crew_tools *made)
{
    struct crew_load *load = load_of(run, run->n_begun++);

    pthread_mutex_unlock(&run->mutex);
    load->rc = made->rc;
    load->err = made->err;
    if (made->rc == 0)
        load->rc = run->crew->work(run->crew->arg, load->block, made->tools, &load->err);
    pthread_mutex_lock(&run->mutex);
    load->is_done = true;
}

/* Read, work and store until the run ends. */
static void run_crew_steps(struct crew_run *run, const struct crew_tools *made)
{
    enum crew_step step;

    pthread_mutex_lock(&run->mutex);
    while ((step = choose_step(run)) != CREW_END) {
        if (step == CREW_WAIT) {
            pthread_cond_wait(&run->changed, &run->mutex);
            continue;
        }
        if (step == CREW_WORK)
            work_on_load(run, made);
        else if (report_stop(run->crew->report) != 0)
            end_run(run, 1, NULL);
        else if (step == CREW_READ)
            read_load(run);
        else
            store_load(run);
        pthread_cond_broadcast(&run->changed);
    }
    pthread_mutex_unlock(&run->mutex);
}

static void *run_crew_thread(void *arg)
{
    struct crew_run *run = arg;
    const struct crew *crew = run->crew;
    struct crew_tools made = { .tools = NULL };

    made.rc = crew->tools_new(crew->arg, &made.tools, &made.err);
    run_crew_steps(run, &made);
    crew->tools_free(made.tools);
    return NULL;
}

static int make_loads(struct crew_run *run, struct error *err)
{
    const size_t n = crew_blocks(run->n_threads);

    run->loads = calloc(n, sizeof *run->loads);
    if (!run->loads)
        return error_nomem(err);
    run->n_loads = n;
    for (size_t i = 0; i < n; i++) {
        run->loads[i].block = calloc(1, run->crew->block_size);
        if (!run->loads[i].block)
            return error_nomem(err);
        run->crew->init(run->loads[i].block);
    }
    return 0;
}

static void free_loads(struct crew_run *run)
{
    for (size_t i = 0; i < run->n_loads && run->loads[i].block; i++) {
        run->crew->release(run->loads[i].block);
        free(run->loads[i].block);
    }
    free(run->loads);
}

/* Start all threads but the calling one. */
static int start_crew(struct crew_run *run, struct error *err)
{
    while (run->n_started + 1 < run->n_threads) {
        const int rc =
            pthread_create(&run->started[run->n_started], NULL, run_crew_thread, run);

        if (rc != 0)
            return thread_error(rc, err);
        run->n_started++;
    }
    return 0;
}

int crew_run(const struct crew *crew, size_t n_threads, struct error *err)
{
    struct crew_run run = { .crew = crew,
                            .n_threads = limit_threads(n_threads),
                            .mutex = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER };

    if (make_loads(&run, err) < 0) {
        free_loads(&run);
        return -1;
    }
    if (start_crew(&run, err) < 0) {
        pthread_mutex_lock(&run.mutex);
        end_run(&run, -1, err);
        pthread_mutex_unlock(&run.mutex);
        pthread_cond_broadcast(&run.changed);
    } else {
        run_crew_thread(&run);
    }
    for (size_t i = 0; i < run.n_started; i++)
        pthread_join(run.started[i], NULL);
    free_loads(&run);
    pthread_cond_destroy(&run.changed);
    pthread_mutex_destroy(&run.mutex);
    if (run.rc < 0)
        *err = run.err;
    return run.rc;
}
