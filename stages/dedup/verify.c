/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/crew.h"
#include "scoring/duplicates/sketch.h"
#include "stages/dedup/near_private.h"
#include "store/store.h"

enum { PAIRS_MAX = 65536 };

struct verifying {
    struct near_job *job;
    const uint64_t *candidates;
    size_t n;
    size_t next;
    uint32_t *places; /* by number of a sample: its index in the block that is read */
    size_t block_bytes;
    uint64_t *kept; /* candidates that are */
    size_t n_kept;
};

/* Get the place of a sample in the block; read it if it is not there yet. */
static int place_of(struct verifying *verifying, struct near_block *block, uint32_t number,
                    uint32_t *out, struct error *err)
{
    const struct near_job *job = verifying->job;
    const uint32_t place = verifying->places[number];

    if (place < block->n_items && block->items[place].number == number) {
        *out = place;
        return 0;
    }
    *out = (uint32_t)block->n_items;
    verifying->places[number] = *out;
    return near_block_add(block, job, job->samples.ids[number], number, err);
}

static int read_candidates(void *arg, void *to, struct error *err)
{
    struct verifying *verifying = arg;
    struct near_block *block = to;

    while (verifying->next < verifying->n && block->n_pairs < PAIRS_MAX &&
           block->texts.len < verifying->block_bytes) {
        const uint64_t pair = verifying->candidates[verifying->next++];
        uint32_t i = 0;
        uint32_t j = 0;

        if (place_of(verifying, block, (uint32_t)(pair >> 32), &i, err) < 0 ||
            place_of(verifying, block, (uint32_t)pair, &j, err) < 0 ||
            near_block_add_pair(block, i, j, err) < 0)
            return -1;
    }
    return block->n_pairs > 0;
}

static int make_sets(const struct near_job *job, struct near_block *block,
                     struct near_tools *tools, struct error *err)
{
    for (size_t i = 0; i < block->n_items; i++) {
        struct near_item *item = &block->items[i];

        if (near_make_shingles(job, block, item, tools, err) < 0)
            return -1;
        shingles_make_set(&tools->shingles);
        item->n_set = tools->shingles.n;
        item->set_start = block->made.len;
        if (buf_add(&block->made, tools->shingles.hashes, item->n_set * sizeof(uint64_t), err) <
            0)
            return -1;
    }
    return 0;
}

/* Do two samples agree in a band, or may one contain the other? */
static bool may_be_pair(const struct near_job *job, struct slice a, struct slice b)
{
    const size_t bytes = minhash_bytes(&job->minhash);
    const uint8_t *x = (const uint8_t *)a.ptr;
    const uint8_t *y = (const uint8_t *)b.ptr;

    if (a.len < bytes || b.len < bytes)
        return false;
    for (unsigned band = 0; band < job->minhash.n_bands; band++)
        if (minhash_band(&job->minhash, x, band) == minhash_band(&job->minhash, y, band))
            return true;
    return sketch_may_contain(x + bytes, (a.len - bytes) / SKETCH_HASH_BYTES, y + bytes,
                              (b.len - bytes) / SKETCH_HASH_BYTES,
                              job->rule->least_containment);
}

static int estimate_block(const void *arg, void *work, void *tools, struct error *err)
{
    const struct near_job *job = ((const struct verifying *)arg)->job;
    struct near_block *block = work;

    (void)tools;
    (void)err;
    for (size_t k = 0; k < block->n_pairs; k++) {
        struct near_pair *pair = &block->pairs[k];
        const struct near_item *a = &block->items[pair->i];
        const struct near_item *b = &block->items[pair->j];

        pair->overlap.jaccard = may_be_pair(job, slice_of(block->texts.data + a->start, a->len),
                                            slice_of(block->texts.data + b->start, b->len));
    }
    return 0;
}

static int keep_estimated(void *arg, void *done, struct error *err)
{
    struct verifying *verifying = arg;
    struct near_block *block = done;

    (void)err;
    for (size_t k = 0; k < block->n_pairs; k++) {
        const struct near_pair *pair = &block->pairs[k];

        if (pair->overlap.jaccard > 0)
            verifying->kept[verifying->n_kept++] =
                (uint64_t)block->items[pair->i].number << 32 | block->items[pair->j].number;
    }
    report_tick(verifying->job->report);
    near_block_clear(block);
    return 0;
}

static int compare_block(const void *arg, void *work, void *tools, struct error *err)
{
    const struct near_job *job = ((const struct verifying *)arg)->job;
    struct near_block *block = work;

    if (!job->reads_signatures && make_sets(job, block, tools, err) < 0)
        return -1;
    for (size_t k = 0; k < block->n_pairs; k++) {
        struct near_pair *pair = &block->pairs[k];
        const struct near_item *a = &block->items[pair->i];
        const struct near_item *b = &block->items[pair->j];

        if (job->reads_signatures)
            pair->overlap = (struct overlap){
                minhash_agreement(&job->minhash, (const uint8_t *)block->texts.data + a->start,
                                  (const uint8_t *)block->texts.data + b->start),
                -1
            };
        else /* a malloc()ed buffer with whole numbers is aligned */
            pair->overlap = shingles_compare(
                (const uint64_t *)(const void *)(block->made.data + a->set_start), a->n_set,
                (const uint64_t *)(const void *)(block->made.data + b->set_start), b->n_set);
    }
    return 0;
}

/* Is the pair one of the set? Without verification each one that agrees in a band is. */
static bool is_similar(const struct near_rule *rule, const struct overlap *overlap)
{
    return !rule->verify || overlap->jaccard >= rule->threshold ||
           (rule->least_containment > 0 && overlap->containment >= rule->least_containment);
}

static int put_pairs(struct near_job *job, const struct near_block *block, struct error *err)
{
    for (size_t k = 0; k < block->n_pairs; k++) {
        const struct near_pair *pair = &block->pairs[k];
        const struct dedup_pair found = { .a = block->items[pair->i].id,
                                          .b = block->items[pair->j].id,
                                          .similarity = pair->overlap.jaccard,
                                          .containment = pair->overlap.containment };

        if (!is_similar(job->rule, &pair->overlap))
            continue;
        if (dedup_put_pairs(job->store, job->dedup_set_id, &found, 1, err) < 0)
            return -1;
        job->n_pairs++;
    }
    return 0;
}

static int store_verified(void *arg, void *done, struct error *err)
{
    struct near_job *job = ((struct verifying *)arg)->job;
    struct near_block *block = done;

    if (store_begin(job->store, err) < 0)
        return -1;
    if (put_pairs(job, block, err) < 0 || store_commit(job->store, err) < 0) {
        store_rollback(job->store);
        return -1;
    }
    job->n_compared += block->n_pairs;
    report_tick(job->report);
    near_block_clear(block);
    return 0;
}

static int make_verifying_tools(const void *arg, void **out, struct error *err)
{
    return near_tools_new(((const struct verifying *)arg)->job, out, err);
}

static size_t drop_repeated(uint64_t *candidates, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (kept == 0 || candidates[i] != candidates[kept - 1])
            candidates[kept++] = candidates[i];
    return kept;
}

static uint32_t find_candidate_root(uint32_t *roots, uint32_t i)
{
    while (roots[i] != i) {
        roots[i] = roots[roots[i]];
        i = roots[i];
    }
    return i;
}

/* Order the candidates by component, so that samples that resemble each other are read once,
 * and components by a row id, so that reading goes through the file. `roots` has room for two
 * numbers of each sample. */
static void sort_by_component(uint64_t *candidates, uint64_t *spare, size_t n, uint32_t *roots,
                              const struct dedup_samples *samples)
{
    const size_t n_samples = samples->n;

    for (size_t i = 0; i < n_samples; i++)
        roots[i] = (uint32_t)i;
    for (size_t i = 0; i < n; i++) {
        const uint32_t a = find_candidate_root(roots, (uint32_t)(candidates[i] >> 32));
        const uint32_t b = find_candidate_root(roots, (uint32_t)candidates[i]);

        roots[a > b ? a : b] = a > b ? b : a;
    }
    /* A stable sort by root: count how many each has, then place them. */
    uint32_t *first = roots + n_samples;
    memset(first, 0, n_samples * sizeof *first);
    for (size_t i = 0; i < n; i++)
        first[find_candidate_root(roots, (uint32_t)candidates[i])]++;
    uint32_t sum = 0;
    for (size_t i = 0; i < n_samples; i++) {
        const uint32_t number = samples->numbers[i]; /* in the order of row ids */
        const uint32_t count = first[number];

        first[number] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        spare[first[find_candidate_root(roots, (uint32_t)candidates[i])]++] = candidates[i];
    memcpy(candidates, spare, n * sizeof *candidates);
}

/* Remove the candidates whose sketches say that neither contains the other. */
static int drop_unlikely(struct verifying *verifying, struct crew *crew, uint64_t *candidates,
                         uint64_t *spare, struct error *err)
{
    struct near_job *job = verifying->job;

    verifying->kept = spare;
    crew->work = estimate_block;
    crew->store = keep_estimated;
    job->reads_signatures = true;
    if (near_run_blocks(job, crew, err) < 0)
        return -1;
    memcpy(candidates, spare, verifying->n_kept * sizeof *candidates);
    verifying->n = verifying->n_kept;
    verifying->next = 0;
    sort_u64(candidates, spare, verifying->n);
    sort_by_component(candidates, spare, verifying->n, verifying->places, &job->samples);
    return 0;
}

int near_verify(struct near_job *job, uint64_t *candidates, uint64_t *spare, size_t n,
                struct error *err)
{
    struct verifying verifying = { .job = job,
                                   .candidates = candidates,
                                   .block_bytes = near_block_bytes(job) };
    struct crew crew = { .arg = &verifying,
                         .read = read_candidates,
                         .tools_new = make_verifying_tools,
                         .tools_free = near_tools_free };
    int rc = 0;

    if (n == 0)
        return 0;
    verifying.places = calloc(2 * job->samples.n, sizeof *verifying.places);
    if (!verifying.places)
        return error_nomem(err);
    sort_u64(candidates, spare, n);
    verifying.n = drop_repeated(candidates, n);
    sort_by_component(candidates, spare, verifying.n, verifying.places, &job->samples);
    if (job->rule->least_containment > 0)
        rc = drop_unlikely(&verifying, &crew, candidates, spare, err);
    crew.work = compare_block;
    crew.store = store_verified;
    job->reads_signatures = !job->rule->verify;
    if (rc == 0)
        rc = near_run_blocks(job, &crew, err);
    free(verifying.places);
    return rc;
}
