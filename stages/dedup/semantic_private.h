/* SPDX-License-Identifier: Apache-2.0 */
/*
 * semantic_private.h - the parts of `curate dedup semantic`.
 *
 * The vectors of a pool have places. Groups of vectors are compared in the order of their
 * places: each group with vectors of earlier places and with itself, then its pairs and its
 * signatures are stored in one transaction. So the vectors with a signature are always the
 * first ones, and a killed run continues behind them. New vectors get places behind the others.
 * With a mean or with clusters, which depend on all vectors, places are the same for the same
 * vectors only, and a changed pool is compared from the beginning.
 */
#ifndef CURATE_SEMANTIC_PRIVATE_H
#define CURATE_SEMANTIC_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/duplicates/products.h"
#include "scoring/kernels/kernels.h"
#include "store/dedup.h"
#include "store/dedup_vector.h"
#include "store/selection.h"

struct error;
struct pool;
struct stage_context;
struct stage_result;

/* Of the database, if memory is limited: vectors pass it, and are not read twice from it. */
enum { SEMANTIC_CACHE_BYTES = 16 << 20 };

/* What a run compares, and how. */
struct semantic_job {
    const struct stage_context *context;
    int64_t score_set_id;
    int64_t dedup_set_id; /* 0: a dry run, and the set does not exist */
    bool centre;
    double least;
    uint64_t max_pairs;
    uint64_t max_bytes;
    struct kernels kernels;
    struct pool *threads;
};

/* The vectors with a length; arrays by place. */
struct semantic_pool {
    struct dedup_samples samples;
    struct id_list missing; /* samples without a vector, for a reason */
    struct id_list zero;    /* samples whose vector has no length */
    size_t n_unscored;      /* samples that have no vector yet */
    size_t width;
    size_t n;
    int64_t *ids;
    uint32_t *numbers;  /* of the samples */
    uint64_t *hashes;   /* of the vectors as stored */
    float *nearest;     /* cosine of the nearest vector, or PRODUCTS_NONE */
    float *stored;      /* the same as in the signatures */
    uint8_t *is_signed; /* while the pool is read: an earlier run stored a signature */
    size_t n_compared;  /* vectors of the first places, compared by earlier runs */
    bool changed;       /* signatures of earlier runs are void */
    struct dedup_sums sums;
    double *mean; /* NULL: not subtracted */

    /* All vectors, of length 1, if they fit into memory; else both are NULL. */
    float *vectors;
    double *squares;
    size_t group;   /* vectors of a group */
    size_t columns; /* vectors that a group is compared with at a time */
};

/* semantic_pool.c: read the pool: which vectors there are, and which of them were compared. */
int semantic_pool_read(const struct semantic_job *job, struct semantic_pool *pool,
                       struct error *err);
void semantic_pool_release(struct semantic_pool *pool);

/* semantic_vectors.c: choose group and columns, so that all fits into the memory of the job.
 * ERR_NOMEM with the memory that is needed. */
int semantic_plan_memory(const struct semantic_job *job, struct semantic_pool *pool,
                         struct error *err);
/* Free the vectors that are in memory. */
void semantic_vectors_release(struct semantic_pool *pool);
/* Room for vectors that are read when they are needed. */
struct semantic_room {
    float *vectors;
    double *squares;
};
int semantic_room_init(const struct semantic_pool *pool, size_t n, struct semantic_room *room,
                       struct error *err);
void semantic_room_release(struct semantic_room *room);
/* Read the stored vector of a place. ERR_INPUT if it is damaged. */
int semantic_read_vector(const struct semantic_job *job, const struct semantic_pool *pool,
                         size_t place, float *out, struct error *err);
/* Subtract the mean and scale to length 1. A vector that equals the mean becomes zeros, whose
 * cosine with all others is 0. */
void semantic_make_unit(const struct semantic_job *job, const struct semantic_pool *pool,
                        float *vector, double *square);
/* Get the vectors of places first .. first + n - 1, from memory or read into the room. */
int semantic_block(const struct semantic_job *job, const struct semantic_pool *pool,
                   size_t first, size_t n, struct semantic_room *room, struct vector_block *out,
                   struct error *err);

/* semantic_compare.c: compare all vectors that were not compared yet, and store what is found.
 * ERR_CANCELLED after a signal; what was committed stays. */
int semantic_compare(const struct semantic_job *job, struct semantic_pool *pool,
                     struct error *err);

/* semantic_statistics.c: store the quantiles of the nearest cosines, and note them. */
int semantic_report(const struct semantic_job *job, const struct semantic_pool *pool,
                    double threshold, struct stage_result *result, struct error *err);

#endif
