/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/duplicates/buckets.h"
#include "stages/dedup/near_private.h"
#include "store/dedup_text.h"
#include "store/store.h"

enum {
    /* Bytes a sample takes beside its entries: id twice, numbers, flags, places, a root. */
    SAMPLE_BYTES = 8 + 8 + 4 + 1 + 4 + 4,
    CANDIDATES_LEAST = 1 << 16,
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
    uint64_t n_read;
};

static int add_candidate(void *arg, uint32_t a, uint32_t b, struct error *err)
{
    struct finding *finding = arg;

    finding->candidates[finding->n_candidates++] =
        a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    if (finding->n_candidates < finding->candidates_cap)
        return 0;
    const size_t n = finding->n_candidates;
    finding->n_candidates = 0;
    return near_verify(finding->job, finding->candidates, finding->candidates_spare, n, err);
}

static int check_signature(struct finding *finding, int64_t id, struct slice signature,
                           uint32_t *number, struct error *err)
{
    const struct near_job *job = finding->job;

    if (++finding->n_read % STOP_EVERY == 0) {
        const int signal = report_stop(job->report);

        if (signal != 0)
            return error_set_sys(err, ERR_CANCELLED, signal,
                                 "stopped by signal %d: what is finished is stored; give the "
                                 "same command again to continue",
                                 signal);
        report_tick(job->report);
    }
    if (signature.len != minhash_bytes(&job->minhash) ||
        !dedup_samples_number(&job->samples, id, number))
        return error_set(err, ERR_INPUT,
                         "sample %lld: its signature has %zu bytes, not %zu: remove the set "
                         "with 'curate dedup drop' and compare again",
                         (long long)id, signature.len, minhash_bytes(&job->minhash));
    return 0;
}

static int read_digest(void *arg, int64_t id, struct slice signature, struct error *err)
{
    struct finding *finding = arg;
    uint32_t number = 0;

    if (check_signature(finding, id, signature, &number, err) < 0)
        return -1;
    finding->digests[finding->n++] =
        (struct digest_entry){ .digest = minhash_digest(&finding->job->minhash,
                                                        (const uint8_t *)signature.ptr),
                               .rank = finding->job->flags[number] & BUCKET_IS_ASKED ? 0 : 1,
                               .number = number };
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
    struct near_job *job = finding->job;
    int rc = 0;

    finding->n = 0;
    finding->digests = calloc(job->samples.n + 1, sizeof *finding->digests);
    if (!finding->digests)
        return error_nomem(err);
    if (dedup_each_signature(job->store, job->dedup_set_id, read_digest, finding, err) < 0) {
        free(finding->digests);
        return -1;
    }
    qsort(finding->digests, finding->n, sizeof *finding->digests, compare_digests);
    for (size_t start = 0, end; start < finding->n && rc == 0; start = end) {
        for (end = start + 1; end < finding->n &&
                              finding->digests[end].digest == finding->digests[start].digest;)
            end++;
        rc = add_copies(finding, finding->digests + start, end - start, err);
    }
    free(finding->digests);
    return rc;
}

static int read_bands(void *arg, int64_t id, struct slice signature, struct error *err)
{
    struct finding *finding = arg;
    const struct near_job *job = finding->job;
    uint32_t number = 0;

    if (check_signature(finding, id, signature, &number, err) < 0)
        return -1;
    if (job->flags[number] & BUCKET_IS_COPY)
        return 0;
    for (unsigned i = 0; i < finding->n_bands; i++)
        finding->entries[i * job->samples.n + finding->n] = bucket_entry(
            minhash_band(&job->minhash, (const uint8_t *)signature.ptr, finding->band + i),
            number, finding->shift);
    finding->n++;
    return 0;
}

/* Find the pairs of the bands of a pass. */
static int find_in_bands(struct finding *finding, struct error *err)
{
    struct near_job *job = finding->job;

    finding->n = 0;
    if (dedup_each_signature(job->store, job->dedup_set_id, read_bands, finding, err) < 0)
        return -1;
    for (unsigned i = 0; i < finding->n_bands; i++) {
        uint64_t *entries = finding->entries + i * job->samples.n;

        sort_u64(entries, finding->spare, finding->n);
        if (buckets_each_pair(entries, finding->n, finding->shift, job->flags, add_candidate,
                              finding, &job->n_big, err) < 0)
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
    const uint64_t fixed = n * (SAMPLE_BYTES + sizeof(uint64_t));
    const uint64_t least = fixed + n * sizeof(struct digest_entry);

    if (half < least)
        return error_set(err, ERR_USAGE,
                         "%llu samples take at least %.0f MiB to compare: raise --max-memory",
                         (unsigned long long)n, 2 * (double)least / 0x1p20 + 1);
    const uint64_t bands = n > 0 ? (half - fixed) / (n * sizeof(uint64_t)) : 1;
    const unsigned most = job->minhash.n_bands > 0 ? job->minhash.n_bands : 1;
    finding->n_bands = bands < most ? (unsigned)bands : most;
    finding->candidates_cap = (size_t)(job->memory / 4 / (2 * sizeof(uint64_t)));
    if (finding->candidates_cap > (size_t)1 << 30)
        finding->candidates_cap = (size_t)1 << 30;
    if (finding->candidates_cap < CANDIDATES_LEAST)
        finding->candidates_cap = CANDIDATES_LEAST;
    return 0;
}

static int find_all(struct finding *finding, struct error *err)
{
    struct near_job *job = finding->job;
    const unsigned at_once = finding->n_bands;

    if (find_copies(finding, err) < 0)
        return -1;
    job->report->unit = "bands";
    job->report->done = 0;
    job->report->total = job->minhash.n_bands;
    for (; finding->band < job->minhash.n_bands; finding->band += finding->n_bands) {
        const unsigned left = job->minhash.n_bands - finding->band;

        finding->n_bands = at_once < left ? at_once : left;
        if (find_in_bands(finding, err) < 0)
            return -1;
    }
    return near_verify(job, finding->candidates, finding->candidates_spare,
                       finding->n_candidates, err);
}

int near_find_pairs(struct near_job *job, struct error *err)
{
    struct finding finding = { .job = job, .shift = bucket_shift(job->samples.n) };
    const size_t n = job->samples.n + 1;
    int rc = -1;

    if (plan_memory(&finding, err) < 0)
        return -1;
    finding.entries = malloc(n * finding.n_bands * sizeof *finding.entries);
    finding.spare = malloc(n * sizeof *finding.spare);
    finding.candidates = malloc(finding.candidates_cap * sizeof *finding.candidates);
    finding.candidates_spare =
        malloc(finding.candidates_cap * sizeof *finding.candidates_spare);
    if (finding.entries && finding.spare && finding.candidates && finding.candidates_spare)
        rc = find_all(&finding, err);
    else
        error_nomem(err);
    free(finding.entries);
    free(finding.spare);
    free(finding.candidates);
    free(finding.candidates_spare);
    return rc;
}
