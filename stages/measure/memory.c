/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Divide a limit on memory. The cache of the database takes an eighth. Of what the vocabulary,
 * the list of flagged words and the ids of the samples leave, half is for one large sample: its
 * texts, and what it is measured with. A quarter is for the batches, and a quarter for what the
 * threads measure other samples with.
 */
#include "base/error.h"
#include "base/memory.h"
#include "base/threads/crew.h"
#include "stages/measure/measure_private.h"

enum {
    BATCH_BYTES_MOST = 4 << 20,
    BATCH_BYTES_LEAST = 64 << 10,
    THREAD_BYTES_LEAST = 256 << 10,
    /* Of the process besides all that. */
    PROCESS_BYTES = 8 << 20,
    CACHE_PART = 8,
    /* A batch is full behind a sample that may be as large as the batch, and its spans may
     * take as much. */
    BATCH_TIMES = 3,
};

int measure_share_memory(uint64_t max_memory, uint64_t held, size_t n_threads,
                         struct measure_memory *out, struct error *err)
{
    const uint64_t cache = max_memory / CACHE_PART;
    const uint64_t taken = held + cache + PROCESS_BYTES;
    const uint64_t left = max_memory > taken ? max_memory - taken : 0;

    *out = (struct measure_memory){ .batch_bytes = BATCH_BYTES_MOST };
    if (max_memory == 0)
        return 0;
    if (left < max_memory / 4)
        return error_set(err, ERR_NOMEM,
                         "the vocabulary, the list of flagged words and the ids of the samples "
                         "need %llu MiB, too much of the %llu MiB of --max-memory: allow more",
                         (unsigned long long)(held >> 20) + 1,
                         (unsigned long long)(max_memory >> 20));
    const uint64_t batch = left / 4 / crew_blocks(n_threads) / BATCH_TIMES;
    const uint64_t thread =
        left / 4 / (n_threads < CREW_THREADS_MAX ? n_threads : CREW_THREADS_MAX);
    out->is_limited = true;
    out->cache_bytes = (size_t)cache;
    out->batch_bytes = batch > BATCH_BYTES_MOST    ? BATCH_BYTES_MOST
                       : batch < BATCH_BYTES_LEAST ? BATCH_BYTES_LEAST
                                                   : (size_t)batch;
    out->thread_bytes = thread < THREAD_BYTES_LEAST ? THREAD_BYTES_LEAST : (size_t)thread;
    out->alone_bytes = (size_t)(left / 2);
    memory_return_blocks();
    return 0;
}
