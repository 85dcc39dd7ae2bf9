/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - threads that read blocks, work on them, and store them in the order of reading.
 *
 *   read ──> work ──> store
 *
 * Every thread of the crew works. Reading and storing use the database, so one thread at a time
 * does it: whichever is free. A crew of one thread is the calling thread, which reads, works
 * and stores in turn. The number of blocks bounds the memory.
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
    /* Fill an empty block. Returns 1, 0 if there is no more work, or -1. read() and store()
     * never run at the same time, but on different threads. */
    int (*read)(void *arg, void *block, struct error *err);
    /* Make and free what a thread needs to work; NULL is free already. Any threads at the same
     * time. */
    int (*tools_new)(const void *arg, void **out, struct error *err);
    void (*tools_free)(void *tools);
    /* Work on a block. Any threads at the same time. Returns 0 or -1. */
    int (*work)(const void *arg, void *block, void *tools, struct error *err);
    /* Store the results of a block, and empty it. Returns 0 or -1. */
    int (*store)(void *arg, void *block, struct error *err);
    const struct report *report; /* its signal to stop ends the run between blocks */
};

enum { CREW_THREADS_MAX = 64 };
/* How many blocks a crew of n threads has: those that are worked on, as many read ahead, and
 * two that wait for their turn. One thread needs one block. */
size_t crew_blocks(size_t n_threads);

/* Run until there is no more work. Returns 0; 1 after a signal to stop, when what was stored
 * stays; or -1 with err set. An error of a block is that of the first block that has one: the
 * blocks before it are stored. The calling thread is one of n_threads, which CREW_THREADS_MAX
 * limits. */
int crew_run(const struct crew *crew, size_t n_threads, struct error *err);

#endif
