/* SPDX-License-Identifier: Apache-2.0 */
/*
 * products.h - the cosines of all pairs of vectors, by blocked products.
 *
 * Products of 32-bit floats find the pairs that may be similar enough; each of these is
 * computed again in double, in one fixed order. So the pairs and their cosines are the same
 * bits for any number of threads, any division into blocks and any CPU. The cosine of the
 * nearest vector is that of the products: the same bits for any threads and blocks, and on CPUs
 * with AVX2 or AVX-512, whose kernels round alike.
 */
#ifndef CURATE_PRODUCTS_H
#define CURATE_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct kernels;
struct pool;

/* Below every cosine: no other vector was compared. */
#define PRODUCTS_NONE (-2.0F)

/* Subtract mean (NULL: nothing) from a vector, and scale it to length 1. *square is the sum of
 * the squares of its numbers, as rounded. Returns false, and changes nothing, if the vector has
 * no length. */
bool vector_unit(float *vector, const double *mean, size_t width, const struct kernels *kernels,
                 double *square);

struct vector_block {
    const float *vectors;  /* n rows of `width` numbers, by vector_unit() */
    const double *squares; /* n, by vector_unit() */
    size_t n;
    float *nearest; /* n: raised to the largest cosine, at most 1; PRODUCTS_NONE at first */
};

struct product_pair {
    uint32_t row; /* in their blocks */
    uint32_t column;
    double cosine;
};

struct product_options {
    size_t width;
    double least;     /* list pairs with this cosine or more */
    size_t max_pairs; /* of one call */
    const struct kernels *kernels;
    struct pool *pool;
};

struct products;
/* Returns 0, or -1 with err set: ERR_NOMEM. max_rows: the most rows of a call. */
int products_new(const struct product_options *options, size_t max_rows, struct products **out,
                 struct error *err);
void products_free(struct products *products);
/* The memory of products_new() in bytes, without the pairs. */
size_t products_bytes(const struct product_options *options, size_t max_rows);

/*
 * Compare each of the rows with each of the columns; columns NULL: the rows with each other,
 * each pair once, with row < column. *n is the number of pairs that are similar enough; *pairs
 * lists them by row and column, or is NULL if they are more than max_pairs. Valid until the
 * next call. Returns 0, or -1 with err set: ERR_NOMEM.
 */
int products_compare(struct products *products, const struct vector_block *rows,
                     const struct vector_block *columns, const struct product_pair **pairs,
                     size_t *n, struct error *err);

#endif
