/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of a pool: in memory, or read in blocks. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "stages/dedup/semantic_private.h"
#include "stages/stage.h"
#include "store/embedding.h"

enum {
    /* Vectors that are in memory are committed by groups of this size, and compared with so
     * many at a time, which is enough for 64 threads. */
    GROUP = 4096,
    COLUMNS = 8192,
    /* The least with which streaming is worth its name. */
    GROUP_LEAST = 64,
    COLUMNS_LEAST = 64,
    COLUMNS_STREAMED = 2048,
    /* The cache of the database, the pairs of a call, and what the program takes anyhow. */
    RESERVED_BYTES = SEMANTIC_CACHE_BYTES + (16 << 20) + (16 << 20),
};

/* Bytes that each sample and each place takes, with what is needed to make the places. */
enum { SAMPLE_BYTES = 20, PLACE_BYTES = 64 };

static size_t vector_bytes(const struct semantic_pool *pool)
{
    return pool->width * sizeof(float) + sizeof(double);
}

static size_t bytes_beside_vectors(const struct semantic_job *job,
                                   const struct semantic_pool *pool, size_t group)
{
    const struct product_options options = { .width = pool->width,
                                             .kernels = &job->kernels,
                                             .pool = job->threads };

    return RESERVED_BYTES + pool->samples.n * SAMPLE_BYTES + pool->n * PLACE_BYTES +
           pool->width * sizeof(double) + products_bytes(&options, group);
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Divide the memory that is left between the vectors of a group and those it is compared with.
 * A large group reads the others less often. */
static int plan_streaming(const struct semantic_job *job, struct semantic_pool *pool,
                          struct error *err)
{
    const size_t each = vector_bytes(pool);
    const size_t least =
        bytes_beside_vectors(job, pool, GROUP_LEAST) + (GROUP_LEAST + COLUMNS_LEAST) * each;

    if (job->max_bytes < least)
        return error_set(err, ERR_NOMEM,
                         "comparing %zu vectors of %zu numbers needs %zu MiB at least, and "
                         "--max-memory or this machine leaves %" PRIu64,
                         pool->n, pool->width, (least >> 20) + 1, job->max_bytes >> 20);
    /* A group adds to the memory of each thread, too. */
    const size_t per_row = each + pool_threads(job->threads) * sizeof(float);
    const size_t n = (job->max_bytes - least) / per_row;
    pool->columns = lesser(COLUMNS_STREAMED, COLUMNS_LEAST + n / 4);
    pool->group = lesser(GROUP_LEAST + COLUMNS_LEAST + n - pool->columns, pool->n);
    return 0;
}

int semantic_plan_memory(const struct semantic_job *job, struct semantic_pool *pool,
                         struct error *err)
{
    const size_t fixed = bytes_beside_vectors(job, pool, GROUP);

    if (fixed > job->max_bytes || pool->n > (job->max_bytes - fixed) / vector_bytes(pool))
        return plan_streaming(job, pool, err);
    pool->group = GROUP;
    pool->columns = COLUMNS;
    pool->vectors = reallocarray(NULL, pool->n + 1, pool->width * sizeof(float));
    pool->squares = calloc(pool->n + 1, sizeof *pool->squares);
    return pool->vectors && pool->squares ? 0 : error_nomem(err);
}

void semantic_vectors_release(struct semantic_pool *pool)
{
    free(pool->vectors);
    free(pool->squares);
    pool->vectors = NULL;
    pool->squares = NULL;
}

int semantic_room_init(const struct semantic_pool *pool, size_t n, struct semantic_room *room,
                       struct error *err)
{
    *room = (struct semantic_room){ .vectors = NULL };
    if (pool->vectors)
        return 0;
    room->vectors = reallocarray(NULL, n + 1, pool->width * sizeof(float));
    room->squares = calloc(n + 1, sizeof *room->squares);
    return room->vectors && room->squares ? 0 : error_nomem(err);
}

void semantic_room_release(struct semantic_room *room)
{
    free(room->vectors);
    free(room->squares);
}

int semantic_read_vector(const struct semantic_job *job, const struct semantic_pool *pool,
                         size_t place, float *out, struct error *err)
{
    return embedding_get(job->context->store, job->score_set_id, pool->ids[place], out,
                         pool->width, err);
}

void semantic_make_unit(const struct semantic_job *job, const struct semantic_pool *pool,
                        float *vector, double *square)
{
    if (vector_unit(vector, pool->mean, pool->width, &job->kernels, square))
        return;
    for (size_t l = 0; l < pool->width; l++)
        vector[l] = 0;
    *square = 1;
}

int semantic_block(const struct semantic_job *job, const struct semantic_pool *pool,
                   size_t first, size_t n, struct semantic_room *room, struct vector_block *out,
                   struct error *err)
{
    *out = (struct vector_block){ .n = n, .nearest = pool->nearest + first };
    if (pool->vectors) {
        out->vectors = pool->vectors + first * pool->width;
        out->squares = pool->squares + first;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        float *vector = room->vectors + i * pool->width;

        if (semantic_read_vector(job, pool, first + i, vector, err) < 0)
            return -1;
        semantic_make_unit(job, pool, vector, &room->squares[i]);
    }
    out->vectors = room->vectors;
    out->squares = room->squares;
    return 0;
}
