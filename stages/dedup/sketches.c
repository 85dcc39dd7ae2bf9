/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/duplicates/buckets.h"
#include "scoring/duplicates/sketch.h"
#include "stages/dedup/near_private.h"

enum { SKETCHED_LEAST = 1 << 16, SKETCHED_STOP_EVERY = 1024 };

/* The hashes of all sketches, a part of them at a time: equal ones make a bucket. */
struct sketching {
    const struct near_job *job;
    unsigned shift;
    uint64_t part;
    uint64_t n_parts;
    uint64_t *entries;
    uint64_t *spare;
    size_t n;
    size_t cap;
    uint64_t n_read;
};

static int grow_entries(struct sketching *sketching, struct error *err)
{
    const size_t cap = sketching->cap + sketching->cap / 2 + SKETCHED_LEAST;
    uint64_t *entries = realloc(sketching->entries, cap * sizeof *entries);

    if (entries)
        sketching->entries = entries;
    uint64_t *spare = realloc(sketching->spare, cap * sizeof *spare);
    if (spare)
        sketching->spare = spare;
    if (!entries || !spare)
        return error_nomem(err);
    sketching->cap = cap;
    return 0;
}

static int read_sketch(void *arg, int64_t id, struct slice signature, struct error *err)
{
    struct sketching *sketching = arg;
    const struct near_job *job = sketching->job;
    const size_t start = minhash_bytes(&job->minhash);
    uint32_t number = 0;

    if (++sketching->n_read % SKETCHED_STOP_EVERY == 0 && near_stop(job, err) < 0)
        return -1;
    if (!dedup_samples_number(&job->samples, id, &number) || signature.len < start ||
        (job->flags[number] & BUCKET_IS_COPY))
        return 0;
    for (size_t i = 0; i < (signature.len - start) / SKETCH_HASH_BYTES; i++) {
        const uint64_t hash =
            sketch_mix(sketch_hash((const uint8_t *)signature.ptr + start, i));

        if (hash % sketching->n_parts != sketching->part)
            continue;
        if (sketching->n == sketching->cap && grow_entries(sketching, err) < 0)
            return -1;
        sketching->entries[sketching->n++] = bucket_entry(hash, number, sketching->shift);
    }
    return 0;
}

int near_each_contained(struct near_job *job, uint64_t n_hashes,
                        int (*fn)(void *arg, uint32_t a, uint32_t b, struct error *err),
                        void *arg, struct error *err)
{
    /* An eighth of the memory: entries, and as many to sort them. */
    const uint64_t at_once = job->memory / 8 / (2 * sizeof(uint64_t)) + 1;
    struct sketching sketching = { .job = job,
                                   .shift = bucket_shift(job->samples.n),
                                   .n_parts = n_hashes / at_once + 1 };
    int rc = 0;

    for (; sketching.part < sketching.n_parts && rc == 0; sketching.part++) {
        sketching.n = 0;
        rc = dedup_each_signature(job->store, job->dedup_set_id, read_sketch, &sketching, err);
        if (rc < 0 || sketching.n == 0)
            continue;
        sort_u64(sketching.entries, sketching.spare, sketching.n);
        rc = buckets_each_pair(sketching.entries, sketching.n, sketching.shift, job->flags, fn,
                               arg, &job->n_big, err);
        report_tick(job->report);
    }
    free(sketching.entries);
    free(sketching.spare);
    return rc;
}
