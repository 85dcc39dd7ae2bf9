/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/whiten.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"

enum {
    TILE_ROWS = 32,   /* rows of the covariance that one item computes */
    BLOCK_ROWS = 256, /* vectors that one item transforms */
};

struct whitening {
    size_t width;
    double *mean;
    double *factor; /* the inverse Cholesky factor; element (i, j), i >= j, is at j * width + i,
                       so a column of it is contiguous */
};

/* Write the vector, scaled to length 1. */
static void scale_to_one(const float *vector, size_t width, double *out)
{
    double square = 0;

    for (size_t l = 0; l < width; l++)
        square += (double)vector[l] * vector[l];
    const double length = square > 0 ? sqrt(square) : 1;
    for (size_t l = 0; l < width; l++)
        out[l] = vector[l] / length;
}

struct whiten_job {
    const struct whitening *whitening;
    const float *vectors; /* to learn from */
    float *changed;       /* to transform */
    size_t n;
    double *covariance; /* rows of the lower triangle */
    double *room;       /* 2 * width numbers for each thread */
};

static void find_mean(struct whitening *whitening, const struct whiten_job *job)
{
    const size_t width = whitening->width;

    for (size_t i = 0; i < job->n; i++) {
        scale_to_one(job->vectors + i * width, width, job->room);
        for (size_t l = 0; l < width; l++)
            whitening->mean[l] += job->room[l];
    }
    for (size_t l = 0; l < width; l++)
        whitening->mean[l] /= (double)job->n;
}

/* Compute TILE_ROWS rows of the covariance. Each element is a sum over the vectors in their
 * order, so threads do not matter. */
static void add_covariance(void *arg, size_t item, size_t thread)
{
    const struct whiten_job *job = arg;
    const size_t width = job->whitening->width, from = item * TILE_ROWS;
    const size_t to = from + TILE_ROWS < width ? from + TILE_ROWS : width;
    double *centred = job->room + 2 * thread * width;

    for (size_t k = 0; k < job->n; k++) {
        scale_to_one(job->vectors + k * width, width, centred);
        for (size_t l = 0; l < to; l++)
            centred[l] -= job->whitening->mean[l];
        for (size_t i = from; i < to; i++) {
            double *row = job->covariance + i * width;
            const double factor = centred[i];

            for (size_t j = 0; j <= i; j++)
                row[j] += factor * centred[j];
        }
    }
}

/* Divide by n and add the ridge to the diagonal. ERR_INPUT if nothing varies. */
static int add_ridge(double *covariance, size_t n, size_t width, struct error *err)
{
    double trace = 0;

    for (size_t i = 0; i < width; i++) {
        for (size_t j = 0; j <= i; j++)
            covariance[i * width + j] /= (double)n;
        trace += covariance[i * width + i];
    }
    /* Equal vectors leave what rounding leaves: less than 1e-30 of a length of 1. */
    if (!(trace > 1e-24))
        return error_set(err, ERR_INPUT, "the vectors do not differ, so none can be whitened");
    for (size_t i = 0; i < width; i++)
        covariance[i * width + i] += WHITEN_RIDGE * trace / (double)width;
    return 0;
}

/* Replace the lower triangle by its Cholesky factor. */
static void factorise(double *a, size_t width)
{
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j <= i; j++) {
            double rest = a[i * width + j];

            for (size_t k = 0; k < j; k++)
                rest -= a[i * width + k] * a[j * width + k];
            /* The ridge keeps the diagonal above 0. */
            a[i * width + j] = i == j ? sqrt(rest) : rest / a[j * width + j];
        }
}

/* Solve for one column of the inverse of the factor. */
static void invert_column(void *arg, size_t item, size_t thread)
{
    const struct whiten_job *job = arg;
    const size_t width = job->whitening->width;
    double *column = job->whitening->factor + item * width;

    (void)thread;
    column[item] = 1 / job->covariance[item * width + item];
    for (size_t i = item + 1; i < width; i++) {
        double rest = 0;

        for (size_t k = item; k < i; k++)
            rest -= job->covariance[i * width + k] * column[k];
        column[i] = rest / job->covariance[i * width + i];
    }
}

int whitening_new(const float *vectors, size_t n, size_t width, struct pool *pool,
                  struct whitening **out, struct error *err)
{
    struct whitening *whitening = calloc(1, sizeof *whitening);
    struct whiten_job job = { .whitening = whitening, .vectors = vectors, .n = n };
    int rc = -1;

    *out = NULL;
    if (!whitening)
        return error_nomem(err);
    whitening->width = width;
    whitening->mean = calloc(width, sizeof *whitening->mean);
    whitening->factor = calloc(width, width * sizeof *whitening->factor);
    job.room = calloc(pool_threads(pool), 2 * width * sizeof *job.room);
    job.covariance = calloc(width, width * sizeof *job.covariance);
    if (!whitening->mean || !whitening->factor || !job.room || !job.covariance) {
        error_nomem(err);
        goto done;
    }
    find_mean(whitening, &job);
    pool_run(pool, (width + TILE_ROWS - 1) / TILE_ROWS, add_covariance, &job);
    if (add_ridge(job.covariance, n, width, err) < 0)
        goto done;
    factorise(job.covariance, width);
    pool_run(pool, width, invert_column, &job);
    *out = whitening;
    rc = 0;
done:
    free(job.covariance);
    free(job.room);
    if (rc < 0)
        whitening_free(whitening);
    return rc;
}

void whitening_free(struct whitening *whitening)
{
    if (!whitening)
        return;
    free(whitening->mean);
    free(whitening->factor);
    free(whitening);
}

/* Transform BLOCK_ROWS vectors. The room holds the centred vector, and after it the result. */
static void transform_block(void *arg, size_t item, size_t thread)
{
    const struct whiten_job *job = arg;
    const size_t width = job->whitening->width;
    const size_t to = (item + 1) * BLOCK_ROWS < job->n ? (item + 1) * BLOCK_ROWS : job->n;
    double *centred = job->room + 2 * thread * width, *result = centred + width;

    for (size_t k = item * BLOCK_ROWS; k < to; k++) {
        float *vector = job->changed + k * width;

        scale_to_one(vector, width, centred);
        for (size_t l = 0; l < width; l++) {
            centred[l] -= job->whitening->mean[l];
            result[l] = 0;
        }
        for (size_t j = 0; j < width; j++) {
            const double *column = job->whitening->factor + j * width;
            const double factor = centred[j];

            for (size_t i = j; i < width; i++)
                result[i] += factor * column[i];
        }
        for (size_t l = 0; l < width; l++)
            vector[l] = (float)result[l];
    }
}

int whitening_apply(const struct whitening *whitening, float *vectors, size_t n,
                    struct pool *pool, struct error *err)
{
    struct whiten_job job = { .whitening = whitening, .changed = vectors, .n = n };

    job.room = calloc(pool_threads(pool), 2 * whitening->width * sizeof *job.room);
    if (!job.room)
        return error_nomem(err);
    pool_run(pool, (n + BLOCK_ROWS - 1) / BLOCK_ROWS, transform_block, &job);
    free(job.room);
    return 0;
}
