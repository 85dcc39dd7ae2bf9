/* SPDX-License-Identifier: Apache-2.0 */
/* Compare groups of vectors, and store what is found. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/dedup/semantic_private.h"
#include "stages/stage.h"
#include "store/store.h"

/* The pairs of a call take 16 MiB in its lists. */
enum { PAIRS_OF_CALL = 1 << 18, SIGNATURE_BYTES = 12 };

struct comparing {
    const struct semantic_job *job;
    struct semantic_pool *pool;
    struct products *products;
    struct semantic_room rows;
    struct semantic_room columns;
    uint64_t n_pairs; /* of the set */
    struct dedup_pair *batch;
};

static int raise_too_many(const struct semantic_job *job, struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "more than %llu pairs have a cosine of %g or more: the vectors are too "
                     "alike for it: use "
                     "--centre, a higher --least, or --max-pairs if they are meant",
                     (unsigned long long)job->max_pairs, job->least);
}

/* Store pairs; the blocks begin at these places. */
static int store_pairs(struct comparing *c, const struct product_pair *pairs, size_t n,
                       size_t row_place, size_t column_place, struct error *err)
{
    const struct semantic_pool *pool = c->pool;

    for (size_t i = 0; i < n; i++) {
        const size_t row = row_place + pairs[i].row;
        const size_t column = column_place + pairs[i].column;
        const bool in_order = pool->numbers[row] < pool->numbers[column];

        c->batch[i] = (struct dedup_pair){ .a = pool->ids[in_order ? row : column],
                                           .b = pool->ids[in_order ? column : row],
                                           .similarity = pairs[i].cosine,
                                           .containment = -1 };
    }
    c->n_pairs += n;
    if (c->n_pairs > c->job->max_pairs)
        return raise_too_many(c->job, err);
    return dedup_put_pairs(c->job->context->store, c->job->dedup_set_id, c->batch, n, err);
}

static struct vector_block part_of(const struct semantic_pool *pool,
                                   const struct vector_block *block, size_t first, size_t n)
{
    return (struct vector_block){ .vectors = block->vectors + first * pool->width,
                                  .squares = block->squares + first,
                                  .n = n,
                                  .nearest = block->nearest + first };
}

/* Compare the rows with the columns, or with each other if columns is NULL, and store the
 * pairs. Rows with too many pairs for one call are divided. */
static int compare_blocks(struct comparing *c, const struct vector_block *rows,
                          const struct vector_block *columns, struct error *err)
{
    const struct semantic_pool *pool = c->pool;
    const size_t row_place = (size_t)(rows->nearest - pool->nearest);
    const size_t column_place =
        columns ? (size_t)(columns->nearest - pool->nearest) : row_place;
    const struct product_pair *pairs = NULL;
    size_t n = 0;

    if (products_compare(c->products, rows, columns, &pairs, &n, err) < 0)
        return -1;
    if (c->n_pairs + n > c->job->max_pairs)
        return raise_too_many(c->job, err);
    if (pairs)
        return store_pairs(c, pairs, n, row_place, column_place, err);
    const size_t half = rows->n / 2;
    const struct vector_block first = part_of(pool, rows, 0, half);
    const struct vector_block second = part_of(pool, rows, half, rows->n - half);
    if (compare_blocks(c, &first, columns, err) < 0 ||
        compare_blocks(c, &second, columns, err) < 0)
        return -1;
    return columns ? 0 : compare_blocks(c, &first, &second, err);
}

static int check_semantic_stop(const struct comparing *c, struct error *err)
{
    struct report *report = c->job->context->report;
    const int signal = report_stop(report);

    report_tick(report);
    if (signal == 0)
        return 0;
    return error_set_sys(
        err, ERR_CANCELLED, signal,
        "stopped by signal %d after %zu of %zu vectors, whose pairs are stored: "
        "give the same command again to continue",
        signal, c->pool->n_compared, c->pool->n);
}

/* Compare a group with places first .. end - 1. */
static int compare_range(struct comparing *c, const struct vector_block *rows, size_t first,
                         size_t end, struct error *err)
{
    const size_t most = c->pool->columns;
    struct vector_block columns;

    for (size_t at = first; at < end; at += most) {
        const size_t n = end - at < most ? end - at : most;

        if (semantic_block(c->job, c->pool, at, n, &c->columns, &columns, err) < 0 ||
            compare_blocks(c, rows, &columns, err) < 0)
            return -1;
        c->job->context->report->done += rows->n * n;
        if (check_semantic_stop(c, err) < 0)
            return -1;
    }
    return 0;
}

static int put_signature(const struct comparing *c, size_t place, struct error *err)
{
    const struct semantic_pool *pool = c->pool;
    const bool has_nearest = pool->nearest[place] > PRODUCTS_NONE;
    char bytes[SIGNATURE_BYTES];
    uint32_t bits;

    memcpy(&bits, &pool->nearest[place], sizeof bits);
    for (size_t b = 0; b < sizeof bytes; b++)
        bytes[b] = (char)(b < 8 ? pool->hashes[place] >> 8 * b : bits >> 8 * (b - 8));
    return dedup_put_signature(c->job->context->store, c->job->dedup_set_id, pool->ids[place],
                               slice_of(bytes, has_nearest ? sizeof bytes : 8), err);
}

/* Store the signatures of a group, and those of earlier places that have a nearer neighbour
 * now.
 */
static int put_signatures(struct comparing *c, size_t first, size_t end, struct error *err)
{
    struct semantic_pool *pool = c->pool;

    for (size_t i = 0; i < end; i++)
        if (i >= first || pool->nearest[i] > pool->stored[i])
            if (put_signature(c, i, err) < 0)
                return -1;
    for (size_t i = first; i < end; i++)
        pool->sums.compared += pool->hashes[i];
    return dedup_put_sums(c->job->context->store, c->job->dedup_set_id, &pool->sums, err);
}

static int compare_group(struct comparing *c, size_t first, size_t end, struct error *err)
{
    struct vector_block rows;

    if (semantic_block(c->job, c->pool, first, end - first, &c->rows, &rows, err) < 0 ||
        compare_range(c, &rows, 0, first, err) < 0 || compare_blocks(c, &rows, NULL, err) < 0)
        return -1;
    c->job->context->report->done += rows.n * (rows.n - 1) / 2;
    return put_signatures(c, first, end, err);
}

/* Compare a group, in one transaction. */
static int commit_group(struct comparing *c, size_t first, size_t end, struct error *err)
{
    struct store *store = c->job->context->store;

    if (store_begin(store, err) < 0)
        return -1;
    if (compare_group(c, first, end, err) < 0 || store_commit(store, err) < 0) {
        store_rollback(store);
        return -1;
    }
    memcpy(c->pool->stored, c->pool->nearest, end * sizeof *c->pool->stored);
    c->pool->n_compared = end;
    return check_semantic_stop(c, err);
}

static int compare_groups(struct comparing *c, struct error *err)
{
    struct semantic_pool *pool = c->pool;
    const uint64_t n = pool->n;
    const uint64_t done = pool->n_compared;
    struct report *report = c->job->context->report;

    report->unit = "comparisons";
    report->done = 0;
    report->total = (n * (n - (n > 0)) - done * (done - (done > 0))) / 2;
    if (dedup_count_pairs(c->job->context->store, c->job->dedup_set_id, &c->n_pairs, err) < 0)
        return -1;
    while (pool->n_compared < pool->n) {
        const size_t left = pool->n - pool->n_compared;

        if (commit_group(c, pool->n_compared,
                         pool->n_compared + (left < pool->group ? left : pool->group), err) < 0)
            return -1;
    }
    return 0;
}

int semantic_compare(const struct semantic_job *job, struct semantic_pool *pool,
                     struct error *err)
{
    const struct product_options options = {
        .width = pool->width,
        .least = job->least,
        .max_pairs = PAIRS_OF_CALL,
        .kernels = &job->kernels,
        .pool = job->threads,
    };
    struct comparing c = { .job = job, .pool = pool };
    int rc = -1;

    c.batch = reallocarray(NULL, PAIRS_OF_CALL, sizeof *c.batch);
    if (!c.batch)
        return error_nomem(err);
    if (semantic_room_init(pool, pool->group, &c.rows, err) == 0 &&
        semantic_room_init(pool, pool->columns, &c.columns, err) == 0 &&
        products_new(&options, pool->group, &c.products, err) == 0)
        rc = compare_groups(&c, err);
    products_free(c.products);
    semantic_room_release(&c.rows);
    semantic_room_release(&c.columns);
    free(c.batch);
    return rc;
}
