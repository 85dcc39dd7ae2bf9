/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/duplicates/buckets.h"
#include "scoring/duplicates/sketch.h"
#include "stages/dedup/near_private.h"
#include "store/dedup_text.h"
#include "store/store.h"

enum {
    /* Bytes a sample takes beside its entries: id twice, numbers, flags, places, a root. */
    SAMPLE_BYTES = 8 + 8 + 4 + 1 + 4 + 4,
    CANDIDATES_LEAST = 1 << 16,
    CANDIDATES_MOST = 1 << 30,
    STOP_EVERY = 4096, /* signatures between two looks at the signal to stop */
};

/* A digest of a sample. */
struct digest_entry {
    uint64_t digest;
    uint32_t rank; /* of equal ones, those that are asked for come first */
    uint32_t number;
};

struct finding {
    struct near_job *job;
    unsigned shift;
    unsigned band; /* first of the pass */
    unsigned n_bands;
    uint64_t *entries; /* n_bands times samples.n */
    uint64_t *spare;   /* samples.n */
    struct digest_entry *digests;
    size_t n; /* entries of a band, or digests */
    uint64_t *candidates;
    uint64_t *candidates_spare;
    size_t n_candidates;
    size_t candidates_cap;
    size_t candidates_max; /* of the cap; more are verified in parts */
    uint64_t n_read;
    uint64_t n_hashes; /* of all sketches */
};

/* Make room for more candidates, within the memory. Returns false if there is none. */
static bool grow_candidates(struct finding *finding)
{
    const size_t wanted = 2 * finding->candidates_cap + CANDIDATES_LEAST;
    const size_t cap = wanted < finding->candidates_max ? wanted : finding->candidates_max;

    if (cap <= finding->candidates_cap)
        return false;
    uint64_t *grown = reallocarray(finding->candidates, cap, sizeof *grown);
    if (grown)
        finding->candidates = grown;
    uint64_t *spare = reallocarray(finding->candidates_spare, cap, sizeof *spare);
    if (spare)
        finding->candidates_spare = spare;
    if (grown && spare)
        finding->candidates_cap = cap;
    return grown && spare;
}

static int add_candidate(void *arg, uint32_t a, uint32_t b, struct error *err)
{
    struct finding *finding = arg;

    if (finding->n_candidates == finding->candidates_cap && !grow_candidates(finding)) {
        const size_t n = finding->n_candidates;

        finding->n_candidates = 0;
        if (n == 0)
            return error_nomem(err);
        if (near_verify(finding->job, finding->candidates, finding->candidates_spare, n, err) <
            0)
            return -1;
    }
    finding->candidates[finding->n_candidates++] =
        a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    return 0;
}

static int check_signature(struct finding *finding, int64_t id, struct slice signature,
                           uint32_t *number, struct error *err)
{
    const struct near_job *job = finding->job;

    if (++finding->n_read % STOP_EVERY == 0 && near_stop(job, err) < 0)
        return -1;
    const size_t bytes = minhash_bytes(&job->minhash);
    const size_t most =
        bytes + (job->rule->least_containment > 0 ? SKETCH_MAX * SKETCH_HASH_BYTES : 0);
    if (signature.len < bytes || signature.len > most ||
        !dedup_samples_number(&job->samples, id, number))
        return error_set(err, ERR_INPUT,
                         "sample %lld: its signature of %zu bytes is damaged: remove the set "
                         "with 'curate dedup drop' and compare again",
                         (long long)id, signature.len);
    return 0;
}

/* Read the bands of the pass, and in the first pass the digest. */
static int read_bands(void *arg, int64_t id, struct slice signature, struct error *err)
{
    struct finding *finding = arg;
    const struct near_job *job = finding->job;
    const uint8_t *bytes = (const uint8_t *)signature.ptr;
    uint32_t number = 0;

    if (check_signature(finding, id, signature, &number, err) < 0)
        return -1;
    if (finding->band == 0)
        finding->digests[finding->n] =
            (struct digest_entry){ .digest = minhash_digest(&job->minhash, bytes),
                                   .rank = job->flags[number] & BUCKET_IS_ASKED ? 0 : 1,
                                   .number = number };
    for (unsigned i = 0; i < finding->n_bands; i++)
        finding->entries[i * job->samples.n + finding->n] = bucket_entry(
            minhash_band(&job->minhash, bytes, finding->band + i), number, finding->shift);
    if (finding->band == 0)
        finding->n_hashes += (signature.len - minhash_bytes(&job->minhash)) / SKETCH_HASH_BYTES;
    finding->n++;
    return 0;
}

static int compare_digests(const void *a, const void *b)
{
    const struct digest_entry *x = a;
    const struct digest_entry *y = b;

    if (x->digest != y->digest)
        return x->digest < y->digest ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int drop_old_pairs(const struct near_job *job, const struct digest_entry *old, size_t n,
                          struct error *err)
{
    if (store_begin(job->store, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (job->flags[old[i].number] & BUCKET_IS_NEW)
            continue;
        if (dedup_drop_pairs_of(job->store, job->dedup_set_id, job->samples.ids[old[i].number],
                                err) < 0) {
            store_rollback(job->store);
            return -1;
        }
        job->flags[old[i].number] |= BUCKET_IS_NEW;
    }
    return store_commit(job->store, err);
}

/*
 * Samples with the same shingles: each has a pair with the first one, which has the pairs with
 * all others. If the first one is new, those of the group that are not have to be compared
 * again.
 */
static int add_copies(struct finding *finding, const struct digest_entry *group, size_t n,
                      struct error *err)
{
    uint8_t *flags = finding->job->flags;

    if (n > 1 && (flags[group[0].number] & BUCKET_IS_NEW) &&
        drop_old_pairs(finding->job, group, n, err) < 0)
        return -1;
    for (size_t i = 1; i < n; i++) {
        const uint8_t either = flags[group[0].number] | flags[group[i].number];

        flags[group[i].number] |= BUCKET_IS_COPY;
        if ((either & BUCKET_IS_NEW) && (either & BUCKET_IS_ASKED) &&
            add_candidate(finding, group[0].number, group[i].number, err) < 0)
            return -1;
    }
    return 0;
}

/* Find samples with the same shingles. */
static int find_copies(struct finding *finding, struct error *err)
{
    const struct digest_entry *digests = finding->digests;

    qsort(finding->digests, finding->n, sizeof *digests, compare_digests);
    for (size_t start = 0, end; start < finding->n; start = end) {
        for (end = start + 1; end < finding->n && digests[end].digest == digests[start].digest;)
            end++;
        if (add_copies(finding, digests + start, end - start, err) < 0)
            return -1;
    }
    return 0;
}

/* Remove the entries of copies. */
static size_t drop_copies(const struct finding *finding, uint64_t *entries)
{
    const uint64_t mask = ((uint64_t)1 << finding->shift) - 1;
    size_t n = 0;

    for (size_t i = 0; i < finding->n; i++)
        if (!(finding->job->flags[entries[i] & mask] & BUCKET_IS_COPY))
            entries[n++] = entries[i];
    return n;
}

/* Find the pairs of the bands of a pass. */
static int find_in_bands(struct finding *finding, struct error *err)
{
    struct near_job *job = finding->job;

    finding->n = 0;
    if (dedup_each_signature(job->store, job->dedup_set_id, read_bands, finding, err) < 0 ||
        (finding->band == 0 && find_copies(finding, err) < 0))
        return -1;
    for (unsigned i = 0; i < finding->n_bands; i++) {
        uint64_t *entries = finding->entries + i * job->samples.n;
        const size_t n = drop_copies(finding, entries);

        sort_u64(entries, finding->spare, n);
        if (buckets_each_pair(entries, n, finding->shift, job->flags, add_candidate, finding,
                              &job->n_big, err) < 0)
            return -1;
        job->report->done = finding->band + i + 1;
        report_tick(job->report);
    }
    return 0;
}

/* Divide the memory: a quarter each for candidates and for the texts of their samples, half for
 * the samples and for as many bands at once as possible. */
static int plan_memory(struct finding *finding, struct error *err)
{
    const struct near_job *job = finding->job;
    const uint64_t n = job->samples.n;
    const uint64_t half = job->memory / 2;
    const uint64_t fixed = n * (SAMPLE_BYTES + sizeof(uint64_t) + sizeof(struct digest_entry));
    const uint64_t least = fixed + n * sizeof(uint64_t);

    if (half < least)
        return error_set(err, ERR_USAGE,
                         "%llu samples take at least %.0f MiB to compare: raise --max-memory",
                         (unsigned long long)n, 2 * (double)least / 0x1p20 + 1);
    const uint64_t bands = n > 0 ? (half - fixed) / (n * sizeof(uint64_t)) : 1;
    finding->n_bands = bands < job->minhash.n_bands ? (unsigned)bands : job->minhash.n_bands;
    const uint64_t max = job->memory / 4 / (2 * sizeof(uint64_t));
    finding->candidates_max = max < CANDIDATES_MOST ? (size_t)max : CANDIDATES_MOST;
    return 0;
}

/* The first pass is done for digests alone, too. */
static int find_all(struct finding *finding, struct error *err)
{
    struct near_job *job = finding->job;
    const unsigned at_once = finding->n_bands;

    job->report->unit = "bands";
    job->report->done = 0;
    job->report->total = job->minhash.n_bands;
    do {
        const unsigned left = job->minhash.n_bands - finding->band;

        finding->n_bands = at_once < left ? at_once : left;
        if (find_in_bands(finding, err) < 0)
            return -1;
        finding->band += finding->n_bands;
    } while (finding->band < job->minhash.n_bands);
    if (finding->n_hashes > 0 &&
        near_each_contained(job, finding->n_hashes, add_candidate, finding, err) < 0)
        return -1;
    return near_verify(job, finding->candidates, finding->candidates_spare,
                       finding->n_candidates, err);
}

static int make_finding(struct finding *finding, struct error *err)
{
    const size_t n = finding->job->samples.n + 1;

    finding->entries = calloc(n * (finding->n_bands + 1), sizeof *finding->entries);
    finding->spare = calloc(n, sizeof *finding->spare);
    finding->digests = calloc(n, sizeof *finding->digests);
    return finding->entries && finding->spare && finding->digests ? 0 : error_nomem(err);
}

int near_find_pairs(struct near_job *job, struct error *err)
{
    struct finding finding = { .job = job, .shift = bucket_shift(job->samples.n) };
    int rc = plan_memory(&finding, err);

    if (rc == 0)
        rc = make_finding(&finding, err);
    if (rc == 0)
        rc = find_all(&finding, err);
    free(finding.entries);
    free(finding.spare);
    free(finding.digests);
    free(finding.candidates);
    free(finding.candidates_spare);
    return rc;
}
