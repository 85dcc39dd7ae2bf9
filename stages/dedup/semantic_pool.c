/* SPDX-License-Identifier: Apache-2.0 */
/* Which vectors there are, and which of them were compared by earlier runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/report.h"
#include "stages/dedup/semantic_private.h"
#include "stages/stage.h"
#include "store/embedding.h"

enum { STOP_EVERY = 1024, SIGNATURE_LEAST = 8, SIGNATURE_BYTES = 12 };

/* The vectors in the order of sample ids, with the signatures of earlier runs. */
struct listed {
    struct id_list ids;
    uint64_t *hashes;
    float *nearest;
    uint8_t *is_signed;
    size_t at;      /* of the next signature */
    bool changed;   /* a signature belongs to no vector */
    uint64_t *keys; /* number of the sample << 32 | index in ids, ascending */
};

static void release_listed(struct listed *listed)
{
    id_list_release(&listed->ids);
    free(listed->hashes);
    free(listed->nearest);
    free(listed->is_signed);
    free(listed->keys);
}

/* Read a number of n bytes, lowest byte first. */
static uint64_t signature_number(const char *bytes, size_t n)
{
    uint64_t value = 0;

    for (size_t b = 0; b < n; b++)
        value |= (uint64_t)(uint8_t)bytes[b] << 8 * b;
    return value;
}

static int use_signature(void *arg, int64_t sample_id, struct slice signature,
                         struct error *err)
{
    struct listed *listed = arg;

    (void)err;
    while (listed->at < listed->ids.n && listed->ids.ids[listed->at] < sample_id)
        listed->at++;
    if (listed->at == listed->ids.n || listed->ids.ids[listed->at] != sample_id ||
        signature.len < SIGNATURE_LEAST) {
        listed->changed = true;
        return 0;
    }
    listed->is_signed[listed->at] = 1;
    listed->hashes[listed->at] = signature_number(signature.ptr, SIGNATURE_LEAST);
    if (signature.len == SIGNATURE_BYTES) {
        const uint32_t bits = (uint32_t)signature_number(signature.ptr + SIGNATURE_LEAST,
                                                         SIGNATURE_BYTES - SIGNATURE_LEAST);
        memcpy(&listed->nearest[listed->at], &bits, sizeof bits);
        /* No cosine, not even NaN: the database was changed by another program. */
        if (!(fabsf(listed->nearest[listed->at]) <= 1))
            listed->changed = true;
    }
    return 0;
}

static int compare_keys(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

static int raise_no_vectors(const struct semantic_pool *pool, struct error *err)
{
    return error_set(err, ERR_NOT_FOUND,
                     "the scores have no vectors (%zu are missing for a reason): give the name "
                     "of a metric whose vectors are stored, as 'embedding', and score it first",
                     pool->missing.n);
}

static int list_vectors(const struct semantic_job *job, struct semantic_pool *pool,
                        struct listed *listed, struct error *err)
{
    struct store *store = job->context->store;

    if (dedup_samples_read(store, &pool->samples, err) < 0 ||
        dedup_find_vectors(store, job->score_set_id, &listed->ids, err) < 0 ||
        dedup_find_missing(store, job->score_set_id, &pool->missing, err) < 0)
        return -1;
    const size_t n = listed->ids.n;
    if (n == 0)
        return raise_no_vectors(pool, err);
    pool->n_unscored = pool->samples.n - n - pool->missing.n;
    listed->hashes = calloc(n, sizeof *listed->hashes);
    listed->nearest = calloc(n, sizeof *listed->nearest);
    listed->is_signed = calloc(n, 1);
    listed->keys = calloc(n, sizeof *listed->keys);
    if (!listed->hashes || !listed->nearest || !listed->is_signed || !listed->keys)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        uint32_t number = 0;

        listed->nearest[i] = PRODUCTS_NONE;
        if (!dedup_samples_number(&pool->samples, listed->ids.ids[i], &number))
            return error_set(err, ERR_INVARIANT, "an embedding has no sample: run curate fsck");
        listed->keys[i] = (uint64_t)number << 32 | i;
    }
    qsort(listed->keys, n, sizeof *listed->keys, compare_keys);
    if (job->dedup_set_id == 0)
        return 0;
    return dedup_each_signature(store, job->dedup_set_id, use_signature, listed, err);
}

/* Give the vectors places. */
static int make_places(const struct semantic_job *job, struct semantic_pool *pool,
                       const struct listed *listed, struct error *err)
{
    const size_t n = listed->ids.n;

    pool->ids = calloc(n, sizeof *pool->ids);
    pool->numbers = calloc(n, sizeof *pool->numbers);
    pool->hashes = calloc(n, sizeof *pool->hashes);
    pool->nearest = calloc(n, sizeof *pool->nearest);
    pool->stored = calloc(n, sizeof *pool->stored);
    pool->is_signed = calloc(n, 1);
    if (!pool->ids || !pool->numbers || !pool->hashes || !pool->nearest || !pool->stored ||
        !pool->is_signed)
        return error_nomem(err);
    for (int is_signed = 1; is_signed >= 0; is_signed--) {
        for (size_t k = 0; k < n; k++) {
            const size_t i = listed->keys[k] & UINT32_MAX;

            if (!job->centre && listed->is_signed[i] != is_signed)
                continue;
            pool->ids[pool->n] = listed->ids.ids[i];
            pool->numbers[pool->n] = (uint32_t)(listed->keys[k] >> 32);
            pool->hashes[pool->n] = listed->hashes[i];
            pool->is_signed[pool->n] = listed->is_signed[i];
            pool->nearest[pool->n++] = listed->nearest[i];
        }
        if (job->centre)
            break;
    }
    pool->changed = listed->changed;
    return embedding_width(job->context->store, job->score_set_id, pool->ids[0], &pool->width,
                           err) < 0
               ? -1
               : 0;
}

static bool is_zero(const float *vector, size_t n)
{
    for (size_t l = 0; l < n; l++)
        if (vector[l] != 0)
            return false;
    return true;
}

/* Move the vector of place `from` to place `to`, before it, which vectors without a length have
 * left. */
static void use_vector(struct semantic_pool *pool, const float *vector, size_t from, size_t to)
{
    const uint64_t hash =
        hash_u64(slice_of((const char *)vector, pool->width * sizeof *vector));

    /* The vectors that were compared must be the first ones, and unchanged. */
    if (pool->is_signed[from] && (hash != pool->hashes[from] || pool->n_compared != to))
        pool->changed = true;
    else if (pool->is_signed[from])
        pool->n_compared++;
    if (pool->is_signed[from])
        pool->sums.compared += hash;
    pool->sums.pool += hash;
    pool->ids[to] = pool->ids[from];
    pool->numbers[to] = pool->numbers[from];
    pool->nearest[to] = pool->nearest[from];
    pool->hashes[to] = hash;
    for (size_t l = 0; pool->mean && l < pool->width; l++)
        pool->mean[l] += (double)vector[l];
}

/* Read all vectors once. */
static int read_pool_vectors(const struct semantic_job *job, struct semantic_pool *pool,
                             struct semantic_room *room, struct error *err)
{
    const struct stage_context *context = job->context;
    size_t n = 0;

    context->report->unit = "vectors";
    context->report->total = pool->n;
    for (size_t i = 0; i < pool->n; i++) {
        float *vector = pool->vectors ? pool->vectors + n * pool->width : room->vectors;

        if (i % STOP_EVERY == 0) {
            context->report->done = i;
            report_tick(context->report);
            if (report_stop(context->report) != 0)
                return error_set_sys(err, ERR_CANCELLED, report_stop(context->report),
                                     "stopped by signal %d before anything was compared: give "
                                     "the same command again",
                                     report_stop(context->report));
        }
        if (semantic_read_vector(job, pool, i, vector, err) < 0)
            return -1;
        if (is_zero(vector, pool->width)) {
            pool->zero.ids[pool->zero.n++] = pool->ids[i];
            pool->changed = pool->changed || pool->is_signed[i];
        } else {
            use_vector(pool, vector, i, n++);
        }
    }
    pool->n = n;
    return 0;
}

/* Compare what the signatures say with what the vectors are now. */
static int check_sums(const struct semantic_job *job, struct semantic_pool *pool,
                      struct error *err)
{
    struct dedup_sums stored = { 0 };

    if (job->dedup_set_id != 0 &&
        dedup_get_sums(job->context->store, job->dedup_set_id, &stored, err) < 0)
        return -1;
    if (stored.compared != pool->sums.compared ||
        (job->centre && stored.compared != 0 && stored.pool != pool->sums.pool))
        pool->changed = true;
    if (pool->changed) {
        pool->n_compared = 0;
        pool->sums.compared = 0;
        for (size_t i = 0; i < pool->n; i++)
            pool->nearest[i] = PRODUCTS_NONE;
    }
    for (size_t i = 0; i < pool->n; i++)
        pool->stored[i] = pool->nearest[i];
    return 0;
}

int semantic_pool_read(const struct semantic_job *job, struct semantic_pool *pool,
                       struct error *err)
{
    struct semantic_room room = { .vectors = NULL };
    struct listed listed = { .at = 0 };
    int rc = -1;

    if (list_vectors(job, pool, &listed, err) < 0 || make_places(job, pool, &listed, err) < 0 ||
        semantic_plan_memory(job, pool, err) < 0 || semantic_room_init(pool, 1, &room, err) < 0)
        goto done;
    pool->zero.ids = calloc(pool->n, sizeof *pool->zero.ids);
    pool->mean = job->centre ? calloc(pool->width, sizeof *pool->mean) : NULL;
    if (!pool->zero.ids || (job->centre && !pool->mean)) {
        error_nomem(err);
        goto done;
    }
    if (read_pool_vectors(job, pool, &room, err) < 0 || check_sums(job, pool, err) < 0)
        goto done;
    for (size_t l = 0; pool->mean && pool->n > 0 && l < pool->width; l++)
        pool->mean[l] /= (double)pool->n;
    for (size_t i = 0; pool->vectors && i < pool->n; i++)
        semantic_make_unit(job, pool, pool->vectors + i * pool->width, &pool->squares[i]);
    rc = 0;
done:
    semantic_room_release(&room);
    release_listed(&listed);
    return rc;
}

void semantic_pool_release(struct semantic_pool *pool)
{
    dedup_samples_release(&pool->samples);
    id_list_release(&pool->missing);
    id_list_release(&pool->zero);
    free(pool->ids);
    free(pool->numbers);
    free(pool->hashes);
    free(pool->nearest);
    free(pool->stored);
    free(pool->is_signed);
    free(pool->mean);
    semantic_vectors_release(pool);
}
