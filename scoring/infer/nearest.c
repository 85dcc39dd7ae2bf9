/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/nearest.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"

enum {
    SPARE = 16, /* neighbours kept beyond nth: float cosines may misorder close ones, so the
                   distances of all that are kept are computed in double */
    ROWS = 64,  /* vectors of a task */
};

struct neighbour {
    float cosine;
    uint32_t index;
};

struct search {
    const float *vectors;
    float *panels; /* the same in panels: element l of vector j of a panel at [l * panel + j] */
    size_t n;
    size_t width;
    size_t nth;
    size_t n_kept;
    const struct kernels *kernels;
    double *out;
    float *cosines;         /* per thread: ROWS x panel */
    struct neighbour *kept; /* per thread: ROWS x n_kept, the nearest first */
};

static void normalise_vectors(float *vectors, size_t n, size_t width)
{
    for (size_t v = 0; v < n; v++) {
        double squares = 0;

        for (size_t c = 0; c < width; c++)
            squares += (double)vectors[v * width + c] * (double)vectors[v * width + c];
        for (size_t c = 0; c < width; c++)
            vectors[v * width + c] = (float)((double)vectors[v * width + c] / sqrt(squares));
    }
}

static void nearest_pack(void *arg, size_t item, size_t thread)
{
    const struct search *search = arg;
    const size_t panel = search->kernels->panel;
    const size_t first = item * panel;
    const size_t n = search->n - first < panel ? search->n - first : panel;

    (void)thread;
    search->kernels->pack_f32(search->vectors + first * search->width,
                              search->width * sizeof *search->vectors, n, 0, search->width,
                              search->panels + first * search->width);
}

/* Insert a neighbour into the list of the n_max nearest. Equal ones stay ordered by index. */
static void keep_nearest(struct neighbour *kept, size_t *n_kept, size_t n_max,
                         struct neighbour found)
{
    size_t at = *n_kept;

    if (at == n_max && found.cosine <= kept[n_max - 1].cosine)
        return;
    if (at == n_max)
        at--;
    else
        ++*n_kept;
    for (; at > 0 && kept[at - 1].cosine < found.cosine; at--)
        kept[at] = kept[at - 1];
    kept[at] = found;
}

static double distance(const struct search *search, size_t a, size_t b)
{
    const float *x = search->vectors + a * search->width;
    const float *y = search->vectors + b * search->width;
    double squares = 0;

    for (size_t c = 0; c < search->width; c++) {
        const double difference = (double)x[c] - (double)y[c];

        squares += difference * difference;
    }
    return sqrt(squares);
}

static int compare_distances(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

static double nth_distance(const struct search *search, size_t row,
                           const struct neighbour *kept, size_t n_kept)
{
    double distances[NEAREST_NTH_MAX + SPARE];

    for (size_t i = 0; i < n_kept; i++)
        distances[i] = distance(search, row, kept[i].index);
    qsort(distances, n_kept, sizeof *distances, compare_distances);
    return distances[search->nth - 1];
}

/* Find the nearest neighbours of ROWS vectors among all vectors. */
static void nearest_search(void *arg, size_t item, size_t thread)
{
    const struct search *search = arg;
    const size_t panel = search->kernels->panel;
    const size_t first = item * ROWS;
    const size_t n_rows = search->n - first < ROWS ? search->n - first : ROWS;
    float *cosines = search->cosines + thread * ROWS * panel;
    struct neighbour *kept = search->kept + thread * ROWS * search->n_kept;
    size_t n_kept[ROWS] = { 0 };

    for (size_t p = 0; p < search->n; p += panel) {
        const size_t n = search->n - p < panel ? search->n - p : panel;

        search->kernels->gemm_f32(
            n_rows, n, search->width, search->vectors + first * search->width, search->width,
            search->panels + p * search->width, panel, cosines, panel, false);
        for (size_t r = 0; r < n_rows; r++)
            for (size_t j = 0; j < n; j++)
                if (p + j != first + r)
                    keep_nearest(
                        kept + r * search->n_kept, &n_kept[r], search->n_kept,
                        (struct neighbour){ cosines[r * panel + j], (uint32_t)(p + j) });
    }
    for (size_t r = 0; r < n_rows; r++)
        search->out[first + r] =
            nth_distance(search, first + r, kept + r * search->n_kept, n_kept[r]);
}

int nearest_distances(float *vectors, size_t n, size_t width, size_t nth,
                      const struct kernels *kernels, struct pool *pool, double *out,
                      struct error *err)
{
    const size_t n_threads = pool_threads(pool);
    const size_t n_panels = (n + kernels->panel - 1) / kernels->panel;
    const size_t n_max = nth + SPARE < n - 1 ? nth + SPARE : n - 1;
    struct search search = {
        .vectors = vectors,
        .panels = reallocarray(NULL, n_panels * kernels->panel, width * sizeof *vectors),
        .n = n,
        .width = width,
        .nth = nth,
        .n_kept = n_max,
        .kernels = kernels,
        .out = out,
        .cosines = calloc(n_threads * ROWS * kernels->panel, sizeof(float)),
        .kept = calloc(n_threads * ROWS * n_max, sizeof(struct neighbour)),
    };
    int rc = -1;

    if (!search.panels || !search.cosines || !search.kept) {
        error_nomem(err);
        goto done;
    }
    normalise_vectors(vectors, n, width);
    pool_run(pool, n_panels, nearest_pack, &search);
    pool_run(pool, (n + ROWS - 1) / ROWS, nearest_search, &search);
    rc = 0;
done:
    free(search.panels);
    free(search.cosines);
    free(search.kept);
    return rc;
}
