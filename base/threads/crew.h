/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - blocks of work that the calling thread reads and stores, and other threads work on.
 *
 *   free ──> read ──work──> threads ──done──> store ──> free
 *
 * Only the calling thread uses the database. The number of blocks bounds the memory. Blocks are
 * stored in the order in which they were read.
 */
#ifndef CURATE_CREW_H
#define CURATE_CREW_H

#include <stddef.h>

struct error;
struct report;

struct crew {
    void *arg;
    size_t block_size; /* bytes of a block */
    /* Initialise a zeroed block, and release what it holds. */
    void (*init)(void *block);
    void (*release)(void *block);
    /* Fill an empty block. Returns 1, 0 if there is no more work, or -1. */
    int (*read)(void *arg, void *block, struct error *err);
    /* Make and free what a thread needs to work; NULL is free already. */
    int (*tools_new)(const void *arg, void **out, struct error *err);
    void (*tools_free)(void *tools);
    /* Work on a block, on any thread. Returns 0 or -1. */
    int (*work)(const void *arg, void *block, void *tools, struct error *err);
    /* Store the results of a block, and empty it. Returns 0 or -1. */
    int (*store)(void *arg, void *block, struct error *err);
    const struct report *report; /* its signal to stop ends the run between blocks */
};

enum { CREW_THREADS_MAX = 64 };
/* How many blocks a crew of n threads has: what keeps them busy. */
size_t crew_blocks(size_t n_threads);

/* Run until there is no more work. Returns 0; 1 after a signal to stop, when what was stored
 * stays; or -1 with err set. Starts CREW_THREADS_MAX threads at most. */
int crew_run(const struct crew *crew, size_t n_threads, struct error *err);

#endif
