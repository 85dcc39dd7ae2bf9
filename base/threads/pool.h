/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - threads that share the items of one loop.
 *
 * pool_run() calls work(arg, item, thread) for every item in [0, n_items), on the calling
 * thread and the pool's others, and returns when all are done. Which thread does which item is
 * not fixed; a result must not depend on it. Work cannot fail and must not call pool_run().
 */
#ifndef CURATE_POOL_H
#define CURATE_POOL_H

#include <stddef.h>

struct error;
struct pool;

typedef void pool_work(void *arg, size_t item, size_t thread);

/* n_threads counts the caller: 1 starts no thread. */
int pool_new(size_t n_threads, struct pool **out, struct error *err);
void pool_free(struct pool *pool);
size_t pool_threads(const struct pool *pool);
void pool_run(struct pool *pool, size_t n_items, pool_work *work, void *arg);

/* Processors this process may use: affinity mask and cgroup quota, at least 1. */
size_t pool_cpu_count(void);

#endif
