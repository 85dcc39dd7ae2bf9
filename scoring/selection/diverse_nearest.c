/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facility location and QDIT over the nearest neighbours of each sample. Products of 32-bit
 * floats find the samples that may be among the nearest; these are compared again in double. So
 * the neighbours are the same on any CPU.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse_private.h"

enum {
    ROWS = 48,           /* of a product */
    TASK_ROWS = 768,     /* of a task: each packs all columns once */
    STRIP_PANELS = 16,   /* packed at a time: they stay in a cache */
    TASKS_OF_THREAD = 2, /* between two looks at the report */
};

struct neighbour {
    double similarity;
    uint32_t sample;
};

struct nearest_search {
    struct diverse *d;
    size_t k;
    struct neighbour *found; /* k of each sample; while they are sought, a heap: worst first */
    uint32_t *n_found;
    float *scratch; /* of each thread */
    size_t scratch_floats;
    size_t first_row; /* of this call of the pool */
};

static bool is_worse(const struct neighbour *a, const struct neighbour *b)
{
    if (a->similarity != b->similarity)
        return a->similarity < b->similarity;
    return a->sample > b->sample;
}

static void sink(struct neighbour *heap, size_t n, size_t at)
{
    const struct neighbour moved = heap[at];

    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_worse(&heap[child + 1], &heap[child]))
            child++;
        if (!is_worse(&heap[child], &moved))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

/* Keep sample `column` if it is among the k nearest of sample `row` so far. */
static void offer(const struct nearest_search *s, size_t row, size_t column)
{
    struct neighbour *heap = s->found + row * s->k;
    uint32_t *n = &s->n_found[row];
    const struct neighbour new = { diverse_cosine(s->d, row, column), (uint32_t)column };

    if (*n < s->k) {
        heap[(*n)++] = new;
        for (size_t i = *n == s->k ? s->k / 2 : 0; i-- > 0;)
            sink(heap, s->k, i);
    } else if (is_worse(&heap[0], &new)) {
        heap[0] = new;
        sink(heap, s->k, 0);
    }
}

static void find_near(const struct nearest_search *s, const float *products, size_t n,
                      size_t row, size_t column)
{
    const struct kernels *kernels = s->d->input->kernels;
    /* Rounding of the unit vectors, and of their product. */
    const double off = ((double)s->d->input->width + 8) * (double)FLT_EPSILON;
    const double largest = (double)kernels->max_f32(products, n);

    for (size_t j = 0; j < n; j++) {
        const double least =
            s->n_found[row] < s->k ? -INFINITY : s->found[row * s->k].similarity - off;

        if (largest < least)
            return;
        if ((double)products[j] >= least)
            offer(s, row, column + j);
    }
}

/* Pack n columns from `first` on. */
static void pack_columns(const struct diverse *d, size_t first, size_t n, float *rows,
                         float *panels)
{
    const struct kernels *kernels = d->input->kernels;
    const size_t width = d->input->width, panel = kernels->panel;

    for (size_t at = 0; at < n; at += panel) {
        const size_t count = n - at < panel ? n - at : panel;

        for (size_t j = 0; j < count; j++)
            diverse_direction(d, first + at + j, rows + j * width);
        kernels->pack_f32(rows, width * sizeof *rows, count, 0, width, panels + at * width);
    }
}

static void find_task(void *arg, size_t item, size_t thread)
{
    const struct nearest_search *s = arg;
    const struct diverse_input *input = s->d->input;
    const size_t n = input->n, width = input->width, panel = input->kernels->panel;
    const size_t first = s->first_row + item * TASK_ROWS;
    const size_t n_rows = n - first < TASK_ROWS ? n - first : TASK_ROWS;
    float *rows = s->scratch + thread * s->scratch_floats;
    float *column_rows = rows + TASK_ROWS * width;
    float *panels = column_rows + panel * width;
    float *products = panels + STRIP_PANELS * panel * width;

    for (size_t r = 0; r < n_rows; r++)
        diverse_direction(s->d, first + r, rows + r * width);
    for (size_t strip = 0; strip < n; strip += STRIP_PANELS * panel) {
        const size_t left = n - strip;
        const size_t n_columns = left < STRIP_PANELS * panel ? left : STRIP_PANELS * panel;

        pack_columns(s->d, strip, n_columns, column_rows, panels);
        for (size_t r = 0; r < n_rows; r += ROWS)
            for (size_t at = 0; at < n_columns; at += panel) {
                const size_t m = n_rows - r < ROWS ? n_rows - r : ROWS;
                const size_t count = n_columns - at < panel ? n_columns - at : panel;

                input->kernels->gemm_f32(m, count, width, rows + r * width, width,
                                         panels + at * width, panel, products, panel, false);
                for (size_t i = 0; i < m; i++)
                    find_near(s, products + i * panel, count, first + r + i, strip + at);
            }
    }
}

/* Find the nearest samples of all samples, each of which is its own nearest. */
static int find_neighbours(struct nearest_search *s, struct error *err)
{
    const struct diverse_input *input = s->d->input;
    const size_t n_threads = pool_threads(input->pool), panel = input->kernels->panel;
    const size_t rows_of_call = n_threads * TASKS_OF_THREAD * TASK_ROWS;
    int rc = 0;

    s->scratch_floats =
        (TASK_ROWS + panel + STRIP_PANELS * panel) * input->width + ROWS * panel;
    s->scratch = calloc(n_threads, s->scratch_floats * sizeof *s->scratch);
    if (!s->scratch)
        return error_nomem(err);
    for (s->first_row = 0; rc == 0 && s->first_row < input->n; s->first_row += rows_of_call) {
        const size_t left = input->n - s->first_row;
        const size_t n = left < rows_of_call ? left : rows_of_call;

        pool_run(input->pool, (n + TASK_ROWS - 1) / TASK_ROWS, find_task, s);
        rc = diverse_stop(input->report, err);
    }
    free(s->scratch);
    return rc;
}

/* The points that a sample is among the nearest of. */
struct facility_nearest {
    struct diverse *d;
    double alpha;
    size_t k;
    const struct neighbour *found;
    size_t *starts; /* of each sample in `places`, and the end */
    size_t *places; /* in `found`, by sample and point; the point is place / k */
    double *nearest;
};

static double similarity_at(const struct facility_nearest *f, size_t place)
{
    return (1 + f->found[place].similarity) / 2;
}

static double find_gain(const struct facility_nearest *f, size_t sample)
{
    double sum = 0;

    for (size_t i = f->starts[sample]; i < f->starts[sample + 1]; i++)
        sum += fmax(0, similarity_at(f, f->places[i]) - f->nearest[f->places[i] / f->k]);
    return (1 - f->alpha) * sum + f->alpha * f->d->quality[sample];
}

static void update_gains(void *state, struct lazy_bound *bounds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bounds[i].gain = find_gain(state, bounds[i].sample);
}

static void raise_neighbours(void *state, uint32_t sample)
{
    const struct facility_nearest *f = state;

    for (size_t i = f->starts[sample]; i < f->starts[sample + 1]; i++) {
        double *nearest = &f->nearest[f->places[i] / f->k];

        *nearest = fmax(*nearest, similarity_at(f, f->places[i]));
    }
}

static void sort_places(struct facility_nearest *f, size_t n)
{
    for (size_t place = 0; place < n * f->k; place++)
        f->starts[f->found[place].sample + 1]++;
    for (size_t i = 0; i < n; i++)
        f->starts[i + 1] += f->starts[i];
    /* The start of sample i is at i + 1, and moves to the end while its places are written. */
    for (size_t i = n; i > 0; i--)
        f->starts[i] = f->starts[i - 1];
    for (size_t place = 0; place < n * f->k; place++)
        f->places[f->starts[f->found[place].sample + 1]++] = place;
}

static int choose_nearest(struct diverse *d, double alpha, const struct nearest_search *search,
                          struct error *err)
{
    const size_t n = d->input->n;
    struct facility_nearest f = { .d = d, .alpha = alpha, .k = search->k };
    struct lazy_bound *bounds = calloc(n + 1, sizeof *bounds);
    const struct lazy_rule rule = {
        .update = update_gains, .add = raise_neighbours, .state = &f, .update_is_exact = true
    };
    int rc = -1;

    f.found = search->found;
    f.starts = calloc(n + 2, sizeof *f.starts);
    f.places = calloc(n + 1, f.k * sizeof *f.places);
    f.nearest = calloc(n + 1, sizeof *f.nearest);
    if (!bounds || !f.starts || !f.places || !f.nearest) {
        error_nomem(err);
    } else {
        sort_places(&f, n);
        for (size_t i = 0; i < n; i++)
            bounds[i] = (struct lazy_bound){ .gain = find_gain(&f, i),
                                             .sample = (uint32_t)i,
                                             .is_exact = true };
        rc = diverse_lazy(d, bounds, &rule, err);
    }
    free(bounds);
    free(f.starts);
    free(f.places);
    free(f.nearest);
    return rc;
}

int diverse_facility_nearest(struct diverse *d, double alpha, struct error *err)
{
    const size_t n = d->input->n, wanted = d->input->n_neighbours;
    struct nearest_search search = { .d = d, .k = wanted < n || n == 0 ? wanted : n };
    int rc = -1;

    search.found = calloc(n + 1, search.k * sizeof *search.found);
    search.n_found = calloc(n + 1, sizeof *search.n_found);
    if (!search.found || !search.n_found)
        error_nomem(err);
    else if (find_neighbours(&search, err) == 0)
        rc = choose_nearest(d, alpha, &search, err);
    free(search.found);
    free(search.n_found);
    d->result->n_points = n;
    return rc;
}
