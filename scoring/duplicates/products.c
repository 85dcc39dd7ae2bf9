/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/duplicates/products.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"

enum {
    /* Columns of a task: their panels stay in the second-level cache, while the rows, in chunks
     * that fit beside them, are read once for all of them. */
    STRIP_BYTES = 512 << 10,
    CHUNK_ROWS = 48,
};

/* What a thread needs. */
struct worker {
    float *panels;      /* of a strip */
    float *tile;        /* CHUNK_ROWS x panel cosines */
    float *column_best; /* of a strip */
    float *row_best;    /* max_rows */
    struct product_pair *pairs;
    size_t n_pairs;
    size_t cap;
    bool failed; /* no memory for a pair */
};

struct products {
    struct product_options options;
    size_t strip; /* columns, a multiple of the panel */
    float floor;  /* the least product of a pair that can be similar enough */
    struct worker *workers;
    size_t n_workers;
    atomic_size_t n_found;
    struct product_pair *pairs; /* of the last call */
};

/* One call. */
struct comparison {
    struct products *products;
    const struct vector_block *rows;
    const struct vector_block *columns; /* the rows, if is_self */
    bool is_self;
    size_t n_strips;
};

bool vector_unit(float *vector, const double *mean, size_t width, const struct kernels *kernels,
                 double *square)
{
    double squares = 0;

    for (size_t l = 0; l < width; l++) {
        const double x = (double)vector[l] - (mean ? mean[l] : 0);

        squares += x * x;
    }
    if (!(squares > 0))
        return false;
    const double length = sqrt(squares);
    for (size_t l = 0; l < width; l++)
        vector[l] = (float)(((double)vector[l] - (mean ? mean[l] : 0)) / length);
    *square = kernels->dot_f32(vector, vector, width);
    return true;
}

static size_t strip_columns(const struct product_options *options)
{
    const size_t panel = options->kernels->panel;
    const size_t n = STRIP_BYTES / (options->width * panel * sizeof(float));

    return panel * (n > 0 ? n : 1);
}

/* Numbers of the arrays of a worker. */
static size_t worker_floats(const struct product_options *options, size_t max_rows)
{
    const size_t strip = strip_columns(options);

    return strip * options->width + CHUNK_ROWS * options->kernels->panel + strip + max_rows;
}

size_t products_bytes(const struct product_options *options, size_t max_rows)
{
    return pool_threads(options->pool) *
           (worker_floats(options, max_rows) * sizeof(float) + sizeof(struct worker));
}

int products_new(const struct product_options *options, size_t max_rows, struct products **out,
                 struct error *err)
{
    const size_t n_workers = pool_threads(options->pool);
    struct products *products = calloc(1, sizeof *products);

    if (!products)
        return error_nomem(err);
    products->options = *options;
    products->strip = strip_columns(options);
    /* Rounding to floats of length 1, and the bound of gemm_f32 for vectors of length 1. */
    products->floor = (float)(options->least - (double)(options->width + 4) * FLT_EPSILON);
    products->workers = calloc(n_workers, sizeof *products->workers);
    products->n_workers = products->workers ? n_workers : 0;
    for (size_t i = 0; i < products->n_workers; i++) {
        struct worker *worker = &products->workers[i];

        worker->panels = reallocarray(NULL, worker_floats(options, max_rows), sizeof(float));
        if (!worker->panels)
            break;
        worker->tile = worker->panels + products->strip * options->width;
        worker->column_best = worker->tile + CHUNK_ROWS * options->kernels->panel;
        worker->row_best = worker->column_best + products->strip;
    }
    if (!products->workers || !products->workers[n_workers - 1].panels) {
        products_free(products);
        return error_nomem(err);
    }
    *out = products;
    return 0;
}

void products_free(struct products *products)
{
    if (!products)
        return;
    for (size_t i = 0; i < products->n_workers; i++) {
        free(products->workers[i].panels);
        free(products->workers[i].pairs);
    }
    free(products->workers);
    free(products->pairs);
    free(products);
}

static void add_pair(struct products *products, struct worker *worker, struct product_pair pair)
{
    const size_t n = atomic_fetch_add_explicit(&products->n_found, 1, memory_order_relaxed);

    if (n >= products->options.max_pairs || worker->failed)
        return;
    if (worker->n_pairs == worker->cap) {
        const size_t cap = worker->cap > 0 ? 2 * worker->cap : 1024;
        struct product_pair *pairs = reallocarray(worker->pairs, cap, sizeof *pairs);

        worker->failed = !pairs;
        if (!pairs)
            return;
        worker->pairs = pairs;
        worker->cap = cap;
    }
    worker->pairs[worker->n_pairs++] = pair;
}

/* Compute a cosine that may be large enough in double. */
static void verify(const struct comparison *c, struct worker *worker, size_t row, size_t column)
{
    const size_t width = c->products->options.width;
    const double product = c->products->options.kernels->dot_f32(
        c->rows->vectors + row * width, c->columns->vectors + column * width, width);
    const double cosine = product / sqrt(c->rows->squares[row] * c->columns->squares[column]);

    if (cosine >= c->products->options.least)
        add_pair(c->products, worker,
                 (struct product_pair){ .row = (uint32_t)row,
                                        .column = (uint32_t)column,
                                        .cosine = cosine < 1 ? cosine : 1 });
}

/* Use the n cosines of a row with the columns from `column` on. */
static void scan_row(const struct comparison *c, struct worker *worker, const float *cosines,
                     float *column_best, size_t row, size_t column, size_t n)
{
    const struct products *products = c->products;
    const float best = products->options.kernels->max_f32(cosines, n);

    for (size_t j = 0; j < n; j++)
        column_best[j] = cosines[j] > column_best[j] ? cosines[j] : column_best[j];
    if (best > worker->row_best[row])
        worker->row_best[row] = best;
    for (size_t j = 0; best >= products->floor && j < n; j++)
        if (cosines[j] >= products->floor)
            verify(c, worker, row, column + j);
}

/* Compare rows first .. first + n_rows - 1 with a panel of n columns. */
static void compare_tile(const struct comparison *c, struct worker *worker, size_t first,
                         size_t n_rows, size_t panel_of_strip, size_t column, size_t n)
{
    const struct products *products = c->products;
    const struct kernels *kernels = products->options.kernels;
    const size_t panel = kernels->panel;
    const size_t width = products->options.width;
    float *tile = worker->tile;

    kernels->gemm_f32(n_rows, n, width, c->rows->vectors + first * width, width,
                      worker->panels + panel_of_strip * panel * width, panel, tile, panel,
                      false);
    for (size_t r = 0; r < n_rows; r++) {
        const size_t row = first + r;

        for (size_t j = 0; c->is_self && row >= column && j <= row - column && j < n; j++)
            tile[r * panel + j] = PRODUCTS_NONE;
        scan_row(c, worker, tile + r * panel, worker->column_best + panel_of_strip * panel, row,
                 column, n);
    }
}

static void pack_strip(const struct comparison *c, struct worker *worker, size_t first,
                       size_t n)
{
    const struct products *products = c->products;
    const struct kernels *kernels = products->options.kernels;
    const size_t width = products->options.width;

    for (size_t at = 0; at < n; at += kernels->panel)
        kernels->pack_f32(c->columns->vectors + (first + at) * width, width * sizeof(float),
                          n - at < kernels->panel ? n - at : kernels->panel, 0, width,
                          worker->panels + at * width);
}

static void compare_strip(void *arg, size_t item, size_t thread)
{
    const struct comparison *c = arg;
    struct worker *worker = &c->products->workers[thread];
    const size_t panel = c->products->options.kernels->panel;
    /* In a triangle, the last strips have the most rows: begin with them. */
    const size_t first = (c->n_strips - 1 - item) * c->products->strip;
    const size_t left = c->columns->n - first;
    const size_t n = left < c->products->strip ? left : c->products->strip;
    const size_t n_rows = c->is_self ? first + n : c->rows->n;

    pack_strip(c, worker, first, n);
    for (size_t j = 0; j < n; j++)
        worker->column_best[j] = PRODUCTS_NONE;
    for (size_t r = 0; r < n_rows; r += CHUNK_ROWS)
        for (size_t at = 0; at < n; at += panel)
            compare_tile(c, worker, r, n_rows - r < CHUNK_ROWS ? n_rows - r : CHUNK_ROWS,
                         at / panel, first + at, n - at < panel ? n - at : panel);
    for (size_t j = 0; j < n; j++) {
        const float best = worker->column_best[j] < 1 ? worker->column_best[j] : 1;

        if (best > c->columns->nearest[first + j])
            c->columns->nearest[first + j] = best;
    }
}

static int compare_pairs(const void *left, const void *right)
{
    const struct product_pair *a = left;
    const struct product_pair *b = right;

    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

/* Join the pairs of the threads. */
static int join_pairs(struct products *products, size_t n, struct error *err)
{
    size_t at = 0;

    free(products->pairs);
    products->pairs = reallocarray(NULL, n + 1, sizeof *products->pairs);
    if (!products->pairs)
        return error_nomem(err);
    for (size_t i = 0; i < products->n_workers; i++) {
        const struct worker *worker = &products->workers[i];

        if (worker->failed)
            return error_nomem(err);
        for (size_t p = 0; p < worker->n_pairs; p++)
            products->pairs[at++] = worker->pairs[p];
    }
    if (n > 0)
        qsort(products->pairs, n, sizeof *products->pairs, compare_pairs);
    return 0;
}

/* Raise the nearest cosines of the rows to those that the threads found. */
static void join_rows(const struct products *products, const struct vector_block *rows)
{
    for (size_t i = 0; i < products->n_workers; i++) {
        const float *best = products->workers[i].row_best;

        for (size_t r = 0; r < rows->n; r++) {
            const float cosine = best[r] < 1 ? best[r] : 1;

            if (cosine > rows->nearest[r])
                rows->nearest[r] = cosine;
        }
    }
}

int products_compare(struct products *products, const struct vector_block *rows,
                     const struct vector_block *columns, const struct product_pair **pairs,
                     size_t *n, struct error *err)
{
    struct comparison c = { .products = products,
                            .rows = rows,
                            .columns = columns ? columns : rows,
                            .is_self = !columns };

    c.n_strips = (c.columns->n + products->strip - 1) / products->strip;
    atomic_store(&products->n_found, 0);
    for (size_t i = 0; i < products->n_workers; i++) {
        products->workers[i].n_pairs = 0;
        products->workers[i].failed = false;
        for (size_t r = 0; r < rows->n; r++)
            products->workers[i].row_best[r] = PRODUCTS_NONE;
    }
    pool_run(products->options.pool, c.n_strips, compare_strip, &c);
    join_rows(products, rows);
    *n = atomic_load(&products->n_found);
    *pairs = NULL;
    if (*n > products->options.max_pairs)
        return 0;
    if (join_pairs(products, *n, err) < 0)
        return -1;
    *pairs = products->pairs;
    return 0;
}
