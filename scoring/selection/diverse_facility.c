/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facility location and QDIT (2311.14736) by lazy greedy.
 *
 * A pick changes the nearest similarity of some points only. So a bound is lowered by what
 * these points took from it since it was computed (diverse_losses.c). A bound that comes to the
 * top is then computed again from all points in one order, in double, so that equal samples
 * have equal gains and the choice is that of plain greedy.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse_facility.h"

double facility_sum(const struct facility *f, size_t n_blocks, size_t t)
{
    double sum = 0;

    for (size_t b = 0; b < n_blocks; b++)
        sum += f->parts[b * LAZY_TRIES + t];
    return sum;
}

void facility_compare(const struct facility *f, const uint32_t *samples, size_t n,
                      const uint32_t *order, size_t n_columns,
                      double out[FACILITY_ROWS][DIVERSE_BLOCK])
{
    const struct diverse *d = f->d;
    const struct diverse_input *input = d->input;
    const float *rows[FACILITY_ROWS] = { 0 }, *columns[DIVERSE_BLOCK] = { 0 };
    double inverse[DIVERSE_BLOCK];

    for (size_t i = 0; i < n; i++)
        rows[i] = input->vectors + samples[i] * input->width;
    for (size_t j = 0; j < n_columns; j++) {
        columns[j] = input->vectors + f->points[order[j]] * input->width;
        inverse[j] = d->inverse[f->points[order[j]]];
    }
    input->kernels->dots_f32(rows, n, columns, n_columns, input->width, out[0], DIVERSE_BLOCK);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_columns; j++)
            out[i][j] =
                (1 + diverse_clamp(out[i][j] * (inverse[j] * d->inverse[samples[i]]))) / 2;
}

static void change_point(struct facility *f, size_t point, double nearest, uint32_t n_picks)
{
    struct point_past *past = &f->past[point];

    if (past->n == FACILITY_CHANGES) {
        past->n--;
        memmove(past->n_picks, past->n_picks + 1, past->n * sizeof *past->n_picks);
        memmove(past->before, past->before + 1, past->n * sizeof *past->before);
    }
    past->n_picks[past->n] = n_picks;
    past->before[past->n++] = f->nearest[point];
    f->nearest[point] = nearest;
}

static double above(double value, double limit)
{
    return value > limit ? value - limit : 0;
}

static void add_gains(void *arg, size_t item, size_t thread)
{
    const struct facility *f = arg;
    const size_t first = item * DIVERSE_BLOCK, left = f->n_points - first;
    const size_t n_columns = left < DIVERSE_BLOCK ? left : DIVERSE_BLOCK;
    double similar[FACILITY_ROWS][DIVERSE_BLOCK];

    (void)thread;
    facility_compare(f, f->measured, f->n_measured, f->numbers + first, n_columns, similar);
    for (size_t t = 0; t < f->n_measured; t++) {
        double sum = 0;

        for (size_t j = 0; j < n_columns; j++)
            sum += above(similar[t][j], f->nearest[first + j]);
        f->parts[item * LAZY_TRIES + t] = sum;
        memcpy(f->similar + t * f->n_points + first, similar[t], n_columns * sizeof(double));
    }
}

static void measure_gains(void *state, struct lazy_bound *bounds, size_t n)
{
    struct facility *f = state;
    const size_t n_blocks = facility_blocks(f->n_points);

    f->n_measured = n;
    for (size_t t = 0; t < n; t++)
        f->measured[t] = bounds[t].sample;
    pool_run(f->d->input->pool, n_blocks, add_gains, f);
    for (size_t t = 0; t < n; t++)
        bounds[t].gain = (1 - f->alpha) * facility_sum(f, n_blocks, t) +
                         f->alpha * f->d->quality[bounds[t].sample];
}

/* Put the points that the last pick changed in front of the others. */
static void sort_recent(struct facility *f, uint32_t n_picks)
{
    size_t n = 0, n_older = 0;

    for (size_t i = 0; i < f->n_points; i++) {
        const uint32_t point = f->recent[i];

        if (facility_changed_since(f, point, n_picks - 1))
            f->recent[n++] = point;
        else
            f->older[n_older++] = point;
    }
    memcpy(f->recent + n, f->older, n_older * sizeof *f->older);
}

static void raise_nearest(void *state, uint32_t sample)
{
    struct facility *f = state;
    const uint32_t n_picks = (uint32_t)f->d->result->n_picks;
    size_t row = 0;

    while (row < f->n_measured && f->measured[row] != sample)
        row++;
    if (row == f->n_measured) {
        measure_gains(f, &(struct lazy_bound){ .sample = sample }, 1);
        row = 0;
    }
    for (size_t v = 0; v < f->n_points; v++) {
        const double similar = f->similar[row * f->n_points + v];

        if (similar > f->nearest[v])
            change_point(f, v, similar, n_picks);
    }
    sort_recent(f, n_picks);
}

static void sum_points(struct facility *f)
{
    const struct diverse_input *input = f->d->input;

    for (size_t v = 0; v < f->n_points; v++) {
        const float *vector = input->vectors + f->points[v] * input->width;

        for (size_t c = 0; c < input->width; c++)
            f->sums[c] += (double)vector[c] * f->d->inverse[f->points[v]];
    }
}

/* Before the first pick, a gain is the sum of all similarities: a product with the sum of the
 * points. */
static void bound_gain(void *arg, size_t i)
{
    const struct facility *f = arg;
    const size_t width = f->d->input->width;
    const float *vector = f->d->input->vectors + i * width;
    const double n_points = (double)f->n_points;
    double sum[4] = { 0 };

    for (size_t c = 0; c < width; c++)
        sum[c % 4] += (double)vector[c] * f->sums[c];
    const double product = ((sum[0] + sum[2]) + (sum[1] + sum[3])) * f->d->inverse[i];
    const double worth = f->alpha * f->d->quality[i];
    f->bounds[i] = (struct lazy_bound){
        .gain = (1 - f->alpha) * (n_points + product) / 2 + worth +
                FACILITY_SLACK * (n_points + fabs(worth)),
        .sample = (uint32_t)i,
    };
}

static void free_facility(struct facility *f)
{
    free(f->points);
    free(f->nearest);
    free(f->past);
    free(f->recent);
    free(f->older);
    free(f->numbers);
    free(f->panels);
    free(f->rows);
    free(f->tiles);
    free(f->parts);
    free(f->bounds);
    free(f->similar);
    free(f->sums);
}

static int new_facility(struct facility *f, struct error *err)
{
    const size_t n = f->d->input->n, n_points = n <= DIVERSE_ALL_POINTS ? n : DIVERSE_POINTS;
    const size_t room = n_points + 1; /* calloc() may return NULL for none */

    f->n_points = n_points;
    f->points = calloc(room, sizeof *f->points);
    f->nearest = calloc(room, sizeof *f->nearest);
    f->past = calloc(room, sizeof *f->past);
    f->recent = calloc(room, sizeof *f->recent);
    f->older = calloc(room, sizeof *f->older);
    f->numbers = calloc(room, sizeof *f->numbers);
    f->bounds = calloc(n + 1, sizeof *f->bounds);
    f->similar = calloc(room, LAZY_MEASURES * sizeof *f->similar);
    f->sums = calloc(f->d->input->width + 1, sizeof *f->sums);
    if (!f->points || !f->nearest || !f->past || !f->recent || !f->older || !f->numbers ||
        !f->bounds || !f->similar || !f->sums)
        return error_nomem(err);
    for (size_t v = 0; v < n_points; v++) {
        f->points[v] = (uint32_t)(v * n / n_points);
        f->recent[v] = f->numbers[v] = (uint32_t)v;
    }
    return facility_prepare_updates(f, err);
}

static int choose_facilities(struct diverse *d, double alpha, struct error *err)
{
    struct facility f = { .d = d, .alpha = alpha };
    const struct lazy_rule rule = {
        .update = facility_update, .measure = measure_gains, .add = raise_nearest, .state = &f
    };
    int rc = -1;

    if (d->input->n_neighbours > 0)
        return diverse_facility_nearest(d, alpha, err);
    if (new_facility(&f, err) == 0) {
        d->result->n_points = f.n_points;
        sum_points(&f);
        diverse_for_all(d, d->input->n, bound_gain, &f);
        rc = diverse_lazy(d, f.bounds, &rule, err);
    }
    free_facility(&f);
    return rc;
}

int diverse_facility(struct diverse *d, struct error *err)
{
    return choose_facilities(d, 0, err);
}

int diverse_qdit(struct diverse *d, struct error *err)
{
    return choose_facilities(d, d->input->parameter, err);
}
