/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the picks since a bound was computed took from it. Where few points have changed, the
 * similarities with them are exact. Where many have, they come from products of 32-bit floats,
 * which are a few times as fast, less all that these can be wrong by. So a bound falls by less
 * than its gain, but it stays a bound.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse_facility.h"

enum {
    TILE_ROWS = 48,
    TILE_DEPTH = 128, /* of a sum of floats: longer ones may be wrong by more */
};

bool facility_changed_since(const struct facility *f, uint32_t point, uint32_t n_picks)
{
    const struct point_past *past = &f->past[point];

    return past->n > 0 && past->n_picks[past->n - 1] > n_picks;
}

/* The nearest similarities of a block of points: now, and after n_picks picks (later ones if
 * that is forgotten, so that losses come out smaller). */
struct block_past {
    const uint32_t *order;
    size_t n;
    uint32_t n_picks;
    uint32_t n_before[DIVERSE_BLOCK]; /* changes of the past up to n_picks */
    double now[DIVERSE_BLOCK];
    double before[DIVERSE_BLOCK];
};

static struct block_past now_of_block(const struct facility *f, const uint32_t *order, size_t n)
{
    struct block_past block = { .order = order, .n = n, .n_picks = UINT32_MAX };

    for (size_t j = 0; j < n; j++) {
        block.n_before[j] = f->past[order[j]].n;
        block.before[j] = block.now[j] = f->nearest[order[j]];
    }
    return block;
}

/* Go back to n_picks picks; bounds are in their order, the latest first. */
static void go_back(const struct facility *f, struct block_past *block, uint32_t n_picks)
{
    if (n_picks == block->n_picks)
        return;
    block->n_picks = n_picks;
    for (size_t j = 0; j < block->n; j++) {
        const struct point_past *past = &f->past[block->order[j]];
        uint32_t n = block->n_before[j];

        if (n == 0 || past->n_picks[n - 1] <= n_picks)
            continue;
        while (n > 0 && past->n_picks[n - 1] > n_picks)
            n--;
        block->n_before[j] = n;
        block->before[j] = past->before[n];
    }
}

/* Of a similarity s: max(0, s - before) - max(0, s - now). */
static double loss_of(double similar, double before, double now)
{
    const double least = similar > before ? similar : before;

    return (least < now ? least : now) - before;
}

static size_t block_columns(size_t n, size_t first)
{
    return n - first < DIVERSE_BLOCK ? n - first : DIVERSE_BLOCK;
}

static void add_exact_losses(void *arg, size_t item, size_t thread)
{
    const struct facility *f = arg;
    const size_t first = item * DIVERSE_BLOCK;
    const size_t n_columns = block_columns(f->n_recent, first);
    struct block_past past = now_of_block(f, f->recent + first, n_columns);
    double similar[FACILITY_ROWS][DIVERSE_BLOCK];

    (void)thread;
    for (size_t at = 0; at < f->n_tries; at += FACILITY_ROWS) {
        const size_t left = f->n_tries - at, n = left < FACILITY_ROWS ? left : FACILITY_ROWS;
        uint32_t samples[FACILITY_ROWS];

        for (size_t i = 0; i < n; i++)
            samples[i] = f->tries[at + i].sample;
        facility_compare(f, samples, n, past.order, n_columns, similar);
        for (size_t i = 0; i < n; i++) {
            double sum[2] = { 0 };

            go_back(f, &past, f->tries[at + i].n_picks);
            for (size_t j = 0; j < n_columns; j++)
                sum[j % 2] += loss_of(similar[i][j], past.before[j], past.now[j]);
            f->parts[item * LAZY_TRIES + at + i] = sum[0] + sum[1];
        }
    }
}

static void unit_row(void *arg, size_t i)
{
    const struct facility *f = arg;

    diverse_direction(f->d, f->tries[i].sample, f->rows + i * f->d->input->width);
}

/* Products of n rows with a panel of points: sums of TILE_DEPTH products, added up. */
static void multiply_tile(const struct facility *f, const float *rows, size_t n,
                          const float *panel, float *tile)
{
    const struct kernels *kernels = f->d->input->kernels;
    const size_t width = f->d->input->width, size = kernels->panel;
    float *part = tile + TILE_ROWS * size;

    for (size_t l = 0; l < width; l += TILE_DEPTH) {
        const size_t depth = width - l < TILE_DEPTH ? width - l : TILE_DEPTH;

        kernels->gemm_f32(n, size, depth, rows + l, width, panel + l * size, size,
                          l == 0 ? tile : part, size, false);
        if (l > 0)
            kernels->add_f32(tile, part, n * size);
    }
}

/* How far a product of multiply_tile() may be from the cosine: the rounding of directions, of
 * a sum of TILE_DEPTH products, and of the sums of these. */
static double tile_error(size_t width)
{
    return (double)(TILE_DEPTH + width / TILE_DEPTH + 8) * (double)FLT_EPSILON;
}

/* The same as cosines in floats: a product is at most `error` above its cosine, and rounding
 * makes no loss larger. */
struct panel_past {
    struct block_past past;
    float low[DIVERSE_BLOCK];
    float high[DIVERSE_BLOCK];
};

static void go_back_to_floats(const struct facility *f, struct panel_past *panel,
                              uint32_t n_picks, double error)
{
    if (n_picks == panel->past.n_picks)
        return;
    go_back(f, &panel->past, n_picks);
    for (size_t j = 0; j < panel->past.n; j++) {
        const double low = 2 * panel->past.before[j] - 1 + error;
        const double high = 2 * panel->past.now[j] - 1 + error;

        panel->low[j] = (float)(low + FLT_EPSILON);
        panel->high[j] = (float)(high - FLT_EPSILON);
        if (panel->high[j] < panel->low[j])
            panel->high[j] = panel->low[j];
    }
}

/* Compare the samples with the points of a panel, and add to their parts. */
static void add_panel_losses(const struct facility *f, size_t first, size_t n_columns,
                             float *tile, double *parts)
{
    const struct kernels *kernels = f->d->input->kernels;
    const size_t width = f->d->input->width, panel = kernels->panel;
    const double error = tile_error(width);
    /* Half the sum, less its rounding. */
    const double factor = (1 - (double)(2 * DIVERSE_BLOCK) * (double)FLT_EPSILON) / 2;
    struct panel_past past = { .past = now_of_block(f, f->numbers + first, n_columns) };

    for (size_t at = 0; at < f->n_tries; at += TILE_ROWS) {
        const size_t left = f->n_tries - at, n = left < TILE_ROWS ? left : TILE_ROWS;

        multiply_tile(f, f->rows + at * width, n, f->panels + first * width, tile);
        for (size_t i = 0; i < n; i++) {
            go_back_to_floats(f, &past, f->tries[at + i].n_picks, error);
            parts[at + i] += factor * (double)kernels->sum_above(tile + i * panel, past.low,
                                                                 past.high, n_columns);
        }
    }
}

/* Points are in their own order: panels are made once. A block is a number of whole panels. */
static void add_tile_losses(void *arg, size_t item, size_t thread)
{
    const struct facility *f = arg;
    const size_t panel = f->d->input->kernels->panel, first = item * DIVERSE_BLOCK;
    const size_t n = block_columns(f->n_points, first);
    float *tile = f->tiles + thread * 2 * TILE_ROWS * panel;
    double *parts = f->parts + item * LAZY_TRIES;

    for (size_t t = 0; t < f->n_tries; t++)
        parts[t] = 0;
    for (size_t c = 0; c < n; c += panel)
        add_panel_losses(f, first + c, n - c < panel ? n - c : panel, tile, parts);
}

static int compare_ages(const void *left, const void *right)
{
    const struct lazy_bound *a = left;
    const struct lazy_bound *b = right;

    if (a->n_picks != b->n_picks)
        return a->n_picks > b->n_picks ? -1 : 1;
    return (a->sample > b->sample) - (a->sample < b->sample);
}

void facility_update(void *state, struct lazy_bound *bounds, size_t n)
{
    struct facility *f = state;
    struct pool *pool = f->d->input->pool;
    size_t n_blocks;

    qsort(bounds, n, sizeof *bounds, compare_ages);
    f->tries = bounds;
    f->n_tries = n;
    f->n_recent = 0;
    while (f->n_recent < f->n_points &&
           facility_changed_since(f, f->recent[f->n_recent], bounds[n - 1].n_picks))
        f->n_recent++;
    if (n < FACILITY_ROWS || f->n_recent < f->n_points / 4) {
        n_blocks = facility_blocks(f->n_recent);
        pool_run(pool, n_blocks, add_exact_losses, f);
    } else {
        n_blocks = facility_blocks(f->n_points);
        diverse_for_all(f->d, n, unit_row, f);
        pool_run(pool, n_blocks, add_tile_losses, f);
    }
    for (size_t t = 0; t < n; t++) {
        bounds[t].gain -= (1 - f->alpha) * facility_sum(f, n_blocks, t);
        bounds[t].gain += FACILITY_SLACK * (1 + fabs(bounds[t].gain));
    }
}

static void pack_points(void *arg, size_t item, size_t thread)
{
    const struct facility *f = arg;
    const struct kernels *kernels = f->d->input->kernels;
    const size_t width = f->d->input->width, panel = kernels->panel, first = item * panel;
    float *rows = f->rows + thread * panel * width;
    size_t n = 0;

    for (; n < panel && first + n < f->n_points; n++)
        diverse_direction(f->d, f->points[first + n], rows + n * width);
    kernels->pack_f32(rows, width * sizeof *rows, n, 0, width, f->panels + first * width);
}

int facility_prepare_updates(struct facility *f, struct error *err)
{
    const size_t panel = f->d->input->kernels->panel, width = f->d->input->width;
    const size_t n_threads = pool_threads(f->d->input->pool);
    const size_t n_panels = (f->n_points + panel - 1) / panel;
    const size_t n_rows = n_threads * panel > LAZY_TRIES ? n_threads * panel : LAZY_TRIES;

    f->panels = calloc(n_panels * panel + 1, width * sizeof *f->panels);
    f->rows = calloc(n_rows, width * sizeof *f->rows);
    f->tiles = calloc(n_threads * 2 * TILE_ROWS, panel * sizeof *f->tiles);
    f->parts = calloc(facility_blocks(f->n_points + 1), LAZY_TRIES * sizeof *f->parts);
    if (!f->panels || !f->rows || !f->tiles || !f->parts)
        return error_nomem(err);
    pool_run(f->d->input->pool, n_panels, pack_points, f);
    return 0;
}
