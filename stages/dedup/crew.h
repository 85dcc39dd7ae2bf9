/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - blocks of work that the calling thread reads and stores, and other threads work on.
 *
 *   free ──> read ──work──> threads ──done──> store ──> free
 *
 * Only the calling thread uses the database. The number of blocks bounds the memory. Blocks are
 * stored in any order, so what is stored must not depend on it.
 */
#ifndef CURATE_CREW_H
#define CURATE_CREW_H

#include <stddef.h>

struct error;
struct report;

struct crew {
    void *arg;
    /* Fill an empty block. Returns 1, 0 if there is no more work, or -1. */
    int (*read)(void *arg, void *block, struct error *err);
    /* Make and free what a thread needs to work. */
    int (*tools_new)(const void *arg, void **out, struct error *err);
    void (*tools_free)(void *tools);
    /* Work on a block, on any thread. Returns 0 or -1. */
    int (*work)(const void *arg, void *block, void *tools, struct error *err);
    /* Store the results of a block, and empty it. Returns 0 or -1. */
    int (*store)(void *arg, void *block, struct error *err);
    const struct report *report; /* its signal to stop ends the run between blocks */
};

enum { CREW_THREADS_MAX = 64 };
/* Blocks that keep n threads busy. */
static inline size_t crew_blocks(size_t n_threads)
{
    return 2 * n_threads + 2;
}

/* Run until there is no more work. Returns 0, or -1 with err set: ERR_CANCELLED after a signal;
 * what was stored before stays. */
int crew_run(const struct crew *crew, void *const *blocks, size_t n_blocks, size_t n_threads,
             struct error *err);

#endif
