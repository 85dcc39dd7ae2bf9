/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facility location and QDIT (2311.14736) by lazy greedy: gains only fall, so an old gain is an
 * upper bound. The heap's top is computed again until it stays the top; the result is that of
 * plain greedy. The first upper bounds come from products of 32-bit floats, which are fast,
 * plus all that they can be wrong by; gains that decide are computed in double.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse_private.h"

enum { ROWS = 48, TRIES = 64 }; /* rows of a task; gains computed again at a time */

struct bound {
    double gain;
    uint32_t sample;
    uint32_t n_picks; /* of which it is the gain; UINT32_MAX: an upper bound only */
};

struct facility {
    struct diverse *d;
    double alpha;
    uint32_t *points;
    size_t n_points;
    double *nearest; /* of each point: largest similarity with a pick, 0 before the first */
    struct bound *heap;
    size_t n_heap;
    float *panels;  /* unit vectors of the points, in panels */
    float *scratch; /* per thread: ROWS unit vectors and ROWS x panel products */
    double *parts;  /* of the gains of TRIES samples, for each block of points */
    struct bound tries[TRIES];
    size_t n_tries;
};

static bool is_above(const struct bound *a, const struct bound *b)
{
    if (a->gain != b->gain)
        return a->gain > b->gain;
    return a->sample < b->sample;
}

static void sift_down(struct facility *f, size_t at)
{
    const struct bound moved = f->heap[at];

    for (size_t child; (child = 2 * at + 1) < f->n_heap; at = child) {
        if (child + 1 < f->n_heap && is_above(&f->heap[child + 1], &f->heap[child]))
            child++;
        if (!is_above(&f->heap[child], &moved))
            break;
        f->heap[at] = f->heap[child];
    }
    f->heap[at] = moved;
}

static struct bound pop_bound(struct facility *f)
{
    const struct bound top = f->heap[0];

    f->heap[0] = f->heap[--f->n_heap];
    if (f->n_heap > 0)
        sift_down(f, 0);
    return top;
}

static void push_bound(struct facility *f, struct bound bound)
{
    size_t at = f->n_heap++;

    for (; at > 0 && is_above(&bound, &f->heap[(at - 1) / 2]); at = (at - 1) / 2)
        f->heap[at] = f->heap[(at - 1) / 2];
    f->heap[at] = bound;
}

static double similarity(const struct facility *f, size_t point, size_t sample)
{
    return (1 + diverse_cosine(f->d, f->points[point], sample)) / 2;
}

/* The part of the gains of all tries that a block of points adds: the points stay in a cache.
 */
static void add_points(void *arg, size_t item, size_t thread)
{
    const struct facility *f = arg;
    const size_t first = item * DIVERSE_BLOCK;
    const size_t end =
        f->n_points - first < DIVERSE_BLOCK ? f->n_points : first + DIVERSE_BLOCK;

    (void)thread;
    for (size_t t = 0; t < f->n_tries; t++) {
        double sum = 0;

        for (size_t v = first; v < end; v++)
            sum += fmax(0, similarity(f, v, f->tries[t].sample) - f->nearest[v]);
        f->parts[item * TRIES + t] = sum;
    }
}

static void compute_gains(struct facility *f)
{
    const size_t n_blocks = (f->n_points + DIVERSE_BLOCK - 1) / DIVERSE_BLOCK;

    pool_run(f->d->input->pool, n_blocks, add_points, f);
    for (size_t t = 0; t < f->n_tries; t++) {
        double sum = 0;

        for (size_t b = 0; b < n_blocks; b++)
            sum += f->parts[b * TRIES + t];
        f->tries[t].gain = (1 - f->alpha) * sum + f->alpha * f->d->quality[f->tries[t].sample];
        f->tries[t].n_picks = (uint32_t)f->d->result->n_picks;
    }
}

static void unit_vector(const struct facility *f, size_t sample, float *out)
{
    const size_t width = f->d->input->width;

    for (size_t c = 0; c < width; c++)
        out[c] =
            (float)((double)f->d->input->vectors[sample * width + c] * f->d->inverse[sample]);
}

static void pack_points(void *arg, size_t item, size_t thread)
{
    const struct facility *f = arg;
    const struct kernels *kernels = f->d->input->kernels;
    const size_t width = f->d->input->width;
    const size_t first = item * kernels->panel;
    float *rows = f->scratch + thread * KERNELS_PANEL_MAX * (width + KERNELS_PANEL_MAX);
    size_t n = 0;

    for (; n < kernels->panel && first + n < f->n_points; n++)
        unit_vector(f, f->points[first + n], rows + n * width);
    kernels->pack_f32(rows, width * sizeof *rows, n, 0, width, f->panels + first * width);
}

/* Upper bounds of the gains of the first pick. */
static void bound_gains(void *arg, size_t item, size_t thread)
{
    const struct facility *f = arg;
    const struct kernels *kernels = f->d->input->kernels;
    const size_t n = f->d->input->n, width = f->d->input->width, panel = kernels->panel;
    const size_t first = item * ROWS;
    float *rows = f->scratch + thread * KERNELS_PANEL_MAX * (width + KERNELS_PANEL_MAX);
    float *products = rows + KERNELS_PANEL_MAX * width;
    /* Rounding of the unit vectors, and of their product. */
    const double off = ((double)width + 8) * (double)FLT_EPSILON;
    double sums[ROWS] = { 0 };
    size_t n_rows = 0;

    for (; n_rows < ROWS && first + n_rows < n; n_rows++)
        unit_vector(f, first + n_rows, rows + n_rows * width);
    for (size_t p = 0; p < f->n_points; p += panel) {
        const size_t count = f->n_points - p < panel ? f->n_points - p : panel;

        kernels->gemm_f32(n_rows, count, width, rows, width, f->panels + p * width, panel,
                          products, panel, false);
        for (size_t r = 0; r < n_rows; r++)
            for (size_t j = 0; j < count; j++)
                sums[r] += (1 + (double)products[r * panel + j] + off) / 2;
    }
    for (size_t r = 0; r < n_rows; r++) {
        const double worth = f->alpha * f->d->quality[first + r];
        const double gain = (1 - f->alpha) * sums[r];

        /* Sums of doubles in another order. */
        f->heap[first + r] = (struct bound){ gain + worth + 1e-9 * (gain + fabs(worth)),
                                             (uint32_t)(first + r), UINT32_MAX };
    }
}

static void raise_nearest(void *arg, size_t v)
{
    struct facility *f = arg;
    const struct diverse_result *result = f->d->result;

    f->nearest[v] = fmax(f->nearest[v], similarity(f, v, result->picks[result->n_picks - 1]));
}

/* Choose the samples. The heap has an upper bound of each that may be taken. */
static int choose_facilities(struct facility *f, struct error *err)
{
    size_t n_tries = 1;

    while (f->n_heap > 0 && diverse_is_open(f->d)) {
        const uint32_t n_picks = (uint32_t)f->d->result->n_picks;

        if (!diverse_may_take(f->d, f->heap[0].sample)) {
            pop_bound(f);
            continue;
        }
        if (f->heap[0].n_picks == n_picks) {
            const struct bound best = pop_bound(f);

            if (diverse_take(f->d, best.sample, best.gain, err) < 0)
                return -1;
            diverse_for_all(f->d, f->n_points, raise_nearest, f);
            n_tries = 1;
            continue;
        }
        /* Each failed try makes it likelier that many more are needed. */
        for (f->n_tries = 0; f->n_tries < n_tries && f->n_tries < TRIES && f->n_heap > 0 &&
                             f->heap[0].n_picks != n_picks;)
            f->tries[f->n_tries++] = pop_bound(f);
        compute_gains(f);
        for (size_t i = 0; i < f->n_tries; i++)
            push_bound(f, f->tries[i]);
        n_tries = 2 * n_tries < TRIES ? 2 * n_tries : TRIES;
    }
    return 0;
}

static int run_facility(struct diverse *d, double alpha, struct error *err)
{
    const struct diverse_input *input = d->input;
    const size_t n = input->n, room = n ? n : 1, panel = input->kernels->panel;
    struct facility f = { .d = d, .alpha = alpha };
    int rc = -1;

    f.n_points = n <= DIVERSE_ALL_POINTS ? n : DIVERSE_POINTS;
    const size_t n_panels = (f.n_points + panel - 1) / panel;
    f.points = calloc(room, sizeof *f.points);
    f.nearest = calloc(room, sizeof *f.nearest);
    f.heap = calloc(room, sizeof *f.heap);
    f.parts = calloc(f.n_points / DIVERSE_BLOCK + 1, TRIES * sizeof *f.parts);
    f.panels = calloc(n_panels * panel + 1, input->width * sizeof *f.panels);
    f.scratch = calloc(pool_threads(input->pool) * KERNELS_PANEL_MAX,
                       (input->width + KERNELS_PANEL_MAX) * sizeof *f.scratch);
    if (!f.points || !f.nearest || !f.heap || !f.parts || !f.panels || !f.scratch) {
        error_nomem(err);
        goto done;
    }
    for (size_t v = 0; v < f.n_points; v++)
        f.points[v] = (uint32_t)(v * n / f.n_points);
    pool_run(input->pool, n_panels, pack_points, &f);
    pool_run(input->pool, (n + ROWS - 1) / ROWS, bound_gains, &f);
    f.n_heap = n;
    for (size_t i = n / 2; i-- > 0;)
        sift_down(&f, i);
    d->result->n_points = f.n_points;
    rc = choose_facilities(&f, err);
done:
    free(f.points);
    free(f.nearest);
    free(f.heap);
    free(f.parts);
    free(f.panels);
    free(f.scratch);
    return rc;
}

int diverse_facility(struct diverse *d, struct error *err)
{
    return run_facility(d, 0, err);
}

int diverse_qdit(struct diverse *d, struct error *err)
{
    return run_facility(d, d->input->parameter, err);
}
