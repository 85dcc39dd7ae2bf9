/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - a thread pool that runs the items of one loop in parallel.
 */
#ifndef CURATE_POOL_H
#define CURATE_POOL_H

#include <stddef.h>

struct error;
struct pool;

typedef void pool_work(void *arg, size_t item, size_t thread);

/* Set the error of a pthread_create() that returned rc, not 0. ERR_NOMEM if there is no memory
 * for the stack or if a limit on threads is reached: the system does not say which. */
int thread_error(int rc, struct error *err);

/* Start a pool. n_threads includes the calling thread, so 1 starts no thread. Returns 0, or -1
 * with err set. */
int pool_new(size_t n_threads, struct pool **out, struct error *err);
void pool_free(struct pool *pool);
size_t pool_threads(const struct pool *pool);
/* Call work(arg, item, thread) for every item in [0, n_items), on the calling thread and the
 * other threads of the pool, and return when all calls have returned. Any thread may run any
 * item, so results must not depend on it. Work cannot fail and must not call pool_run(). */
void pool_run(struct pool *pool, size_t n_items, pool_work *work, void *arg);

/* Get the number of processors that the affinity mask and the cgroup quota of this process
 * allow, at least 1. */
size_t pool_cpu_count(void);

#endif
