/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads/pool.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

/*
 * How a run works: the caller writes work, arg and n_items, then publishes the items by storing
 * n_left. A thread claims an item by lowering n_left by one, and only then reads work and arg.
 * The run cannot end while a claimed item is unfinished. So a thread always reads the members
 * that belong to its item, even if it comes late from an earlier run. The run ends when n_done
 * reaches n_items.
 *
 * Loops follow each other within microseconds, so threads spin for SPIN_NS before they sleep.
 */
enum { SPIN_NS = 10000, MAX_THREADS = 4096 };

struct worker {
    struct pool *pool;
    size_t thread;
    pthread_t id;
};

struct pool {
    size_t n_threads;
    size_t n_started;
    struct worker *workers;
    pthread_mutex_t lock;
    pthread_cond_t work_ready;
    pthread_cond_t work_done;

    /* The current run; constant while one of its items is unfinished. */
    pool_work *work;
    void *arg;
    size_t n_items;

    _Alignas(64) atomic_size_t n_left; /* items that no thread has claimed */
    _Alignas(64) atomic_size_t n_done;
    _Alignas(64) atomic_size_t n_asleep; /* workers waiting for work_ready */
    atomic_bool caller_asleep;
    atomic_bool quit;
};

static bool claim_item(struct pool *pool, size_t *item)
{
    size_t left = atomic_load_explicit(&pool->n_left, memory_order_acquire);

    while (left > 0) {
        if (atomic_compare_exchange_weak(&pool->n_left, &left, left - 1)) {
            *item = pool->n_items - left;
            return true;
        }
    }
    return false;
}

static void wake_caller(struct pool *pool)
{
    if (!atomic_load(&pool->caller_asleep))
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->work_done);
    pthread_mutex_unlock(&pool->lock);
}

static void run_items(struct pool *pool, size_t thread)
{
    size_t item;

    while (claim_item(pool, &item)) {
        const size_t n_items = pool->n_items;

        pool->work(pool->arg, item, thread);
        if (atomic_fetch_add(&pool->n_done, 1) + 1 == n_items)
            wake_caller(pool);
    }
}

static bool pool_has_work(struct pool *pool)
{
    return atomic_load(&pool->n_left) > 0 || atomic_load(&pool->quit);
}

static bool pool_is_done(struct pool *pool)
{
    return atomic_load(&pool->n_done) == pool->n_items;
}

/* Spin until the condition holds. Returns false if it does not hold within SPIN_NS. */
static bool spin_until(bool (*holds)(struct pool *), struct pool *pool)
{
    const int64_t stop_ns = clock_mono_ns() + SPIN_NS;

    do {
        if (holds(pool))
            return true;
    } while (clock_mono_ns() < stop_ns);
    return false;
}

static void *pool_worker(void *arg)
{
    const struct worker *self = arg;
    struct pool *pool = self->pool;

    while (!atomic_load(&pool->quit)) {
        run_items(pool, self->thread);
        if (spin_until(pool_has_work, pool))
            continue;
        pthread_mutex_lock(&pool->lock);
        /* Raise n_asleep before reading n_left. pool_run() stores n_left before reading
         * n_asleep, so at least one of the two sees the other's write. */
        atomic_fetch_add(&pool->n_asleep, 1);
        while (!pool_has_work(pool))
            pthread_cond_wait(&pool->work_ready, &pool->lock);
        atomic_fetch_sub(&pool->n_asleep, 1);
        pthread_mutex_unlock(&pool->lock);
    }
    return NULL;
}

int thread_error(int rc, struct error *err)
{
    if (rc == EAGAIN)
        return error_set_sys(err, ERR_NOMEM, rc,
                             "no thread can be started: no memory is left, or a limit on "
                             "threads is reached: raise 'ulimit -v' or 'ulimit -u', or use "
                             "fewer --threads");
    return error_errno(err, rc, "starting a thread");
}

static int start_pool_workers(struct pool *pool, struct error *err)
{
    for (size_t i = 0; i + 1 < pool->n_threads; i++) {
        struct worker *worker = &pool->workers[i];

        worker->pool = pool;
        worker->thread = i + 1;
        const int rc = pthread_create(&worker->id, NULL, pool_worker, worker);
        if (rc != 0)
            return thread_error(rc, err);
        pool->n_started++;
    }
    return 0;
}

int pool_new(size_t n_threads, struct pool **out, struct error *err)
{
    if (n_threads < 1 || n_threads > MAX_THREADS)
        return error_set(err, ERR_USAGE, "%zu threads: must be 1 to %d", n_threads,
                         MAX_THREADS);

    struct pool *pool = aligned_alloc(_Alignof(struct pool), sizeof *pool);
    if (!pool)
        return error_nomem(err);
    memset(pool, 0, sizeof *pool);
    pool->n_threads = n_threads;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work_ready, NULL);
    pthread_cond_init(&pool->work_done, NULL);
    pool->workers = calloc(n_threads, sizeof *pool->workers);
    if (!pool->workers) {
        pool_free(pool);
        return error_nomem(err);
    }
    if (start_pool_workers(pool, err) < 0) {
        pool_free(pool);
        return -1;
    }
    *out = pool;
    return 0;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->quit, true);
    pthread_cond_broadcast(&pool->work_ready);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->n_started; i++)
        pthread_join(pool->workers[i].id, NULL);
    pthread_cond_destroy(&pool->work_done);
    pthread_cond_destroy(&pool->work_ready);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

size_t pool_threads(const struct pool *pool)
{
    return pool->n_threads;
}

static void wait_for_items(struct pool *pool)
{
    if (spin_until(pool_is_done, pool))
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_asleep, true);
    while (!pool_is_done(pool))
        pthread_cond_wait(&pool->work_done, &pool->lock);
    atomic_store(&pool->caller_asleep, false);
    pthread_mutex_unlock(&pool->lock);
}

void pool_run(struct pool *pool, size_t n_items, pool_work *work, void *arg)
{
    if (pool->n_threads == 1 || n_items <= 1) {
        for (size_t i = 0; i < n_items; i++)
            work(arg, i, 0);
        return;
    }
    pool->work = work;
    pool->arg = arg;
    pool->n_items = n_items;
    atomic_store(&pool->n_done, 0);
    atomic_store(&pool->n_left, n_items);
    if (atomic_load(&pool->n_asleep) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->work_ready);
        pthread_mutex_unlock(&pool->lock);
    }
    run_items(pool, 0);
    wait_for_items(pool);
}

/* Read the first line of a file. Returns false if there is none. */
static bool read_first_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return false;
    const bool ok = fgets(line, size, file) != NULL;
    fclose(file);
    return ok;
}

/* Convert a CPU quota to a number of processors, rounded up. No quota gives SIZE_MAX. */
static size_t quota_cpus(long long quota_us, long long period_us)
{
    if (quota_us <= 0 || period_us <= 0)
        return SIZE_MAX;
    return (size_t)(quota_us / period_us + (quota_us % period_us != 0));
}

static size_t cgroup_v2_cpus(const char *folder)
{
    char path[PATH_MAX];
    char line[64];
    long long quota_us, period_us;

    if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path)
        return SIZE_MAX;
    /* "max 100000" means no limit. */
    if (!read_first_line(path, line, sizeof line) ||
        sscanf(line, "%lld %lld", &quota_us, &period_us) != 2)
        return SIZE_MAX;
    return quota_cpus(quota_us, period_us);
}

static size_t cgroup_v1_cpus(void)
{
    char quota[64], period[64];

    if (!read_first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota) ||
        !read_first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period))
        return SIZE_MAX;
    return quota_cpus(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* Get the smallest quota of our cgroup and the cgroups around it. */
static size_t cgroup_cpus(void)
{
    static const char root[] = "/sys/fs/cgroup";
    char folder[PATH_MAX];
    char line[PATH_MAX / 2] = "";
    size_t min_cpus = cgroup_v1_cpus();

    /* With version 2 alone, the file has one line: "0::/our/group". */
    if (!read_first_line("/proc/self/cgroup", line, sizeof line) ||
        strncmp(line, "0::/", 4) != 0)
        snprintf(line, sizeof line, "0::/");
    line[strcspn(line, "\n")] = '\0';
    snprintf(folder, sizeof folder, "%s%s", root, line + 3);
    for (;;) {
        const size_t n = cgroup_v2_cpus(folder);
        char *slash = strrchr(folder, '/');

        if (n < min_cpus)
            min_cpus = n;
        if (!slash || (size_t)(slash - folder) < sizeof root - 1)
            return min_cpus;
        *slash = '\0';
    }
}

size_t pool_cpu_count(void)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = online > 0 ? (size_t)online : 1;
    cpu_set_t mask;

    /* Fails if there are more processors than a cpu_set_t has bits; then use all of them. */
    if (sched_getaffinity(0, sizeof mask, &mask) == 0 && CPU_COUNT(&mask) > 0)
        n = (size_t)CPU_COUNT(&mask);

    const size_t quota = cgroup_cpus();
    if (quota < n)
        n = quota;
    return n > 0 ? n : 1;
}
