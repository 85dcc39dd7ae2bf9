/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention probabilities that sequences request. Scores are computed a second time, when the
 * maxima and sums of the softmax are final, and only for the keys that are requested.
 */
#include <float.h>
#include <math.h>
#include <stdatomic.h>

#include "scoring/infer/forward/attention.h"
#include "scoring/infer/forward/attention_private.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

/* Probability that row `row` gives to keys [first, end). tile->scores holds the scores of the
 * block of keys that starts at `block`; those of the keys are overwritten. */
static double row_mass(const struct tile *tile, const struct head *head, size_t row,
                       size_t block, size_t first, size_t end)
{
    const struct span visible = tile_visible(tile, row, first, end);
    const size_t n = visible.end - visible.start;
    float *scores = tile->scores + row * ATTENTION_KEYS + (visible.start - block);

    if (n == 0)
        return 0;
    tile_cap(tile, scores, n);
    return tile->session->kernels.exp_sum(scores, n, head->max[row]) / head->sum[row];
}

/* Sum over rows [row, n) of their probability on a span, in fixed point. */
static int64_t span_mass(const struct tile *tile, const struct head *head, size_t row,
                         const struct span *span)
{
    const size_t panel = tile->session->kernels.panel;
    const size_t step = ATTENTION_KEYS / panel * panel;
    const size_t visible = tile_first_visible(tile, row); /* later rows see no earlier keys */
    const size_t start = span->start > visible ? span->start : visible;
    const size_t end = min_size(span->end, tile->first + tile->n);
    const double unit = attention_fixed_one(tile->session, tile->range);
    int64_t sum = 0;

    for (size_t block = start / panel * panel; block < end; block += step) {
        const size_t block_end = min_size(block + step, end);
        const size_t first = block > start ? block : start;

        tile_score(tile, head, row, block, block_end);
        for (size_t r = row; r < tile->n; r++)
            sum += (int64_t)(fmin(row_mass(tile, head, r, block, first, block_end) /
                                      tile->counted[r],
                                  1) *
                             unit);
    }
    return sum;
}

/* Set tile->counted of rows [row, n): their probability on keys outside ignored_keys. */
static void find_counted_mass(struct tile *tile, const struct head *head, size_t row)
{
    const struct span ignored = tile->range->sequence->ignored_keys;
    const size_t panel = tile->session->kernels.panel;
    const size_t step = ATTENTION_KEYS / panel * panel;
    const size_t end = min_size(ignored.end, tile->first + tile->n);

    for (size_t r = row; r < tile->n; r++)
        tile->counted[r] = 1;
    for (size_t block = ignored.start / panel * panel; block < end; block += step) {
        const size_t block_end = min_size(block + step, end);
        const size_t first = block > ignored.start ? block : ignored.start;

        tile_score(tile, head, row, block, block_end);
        for (size_t r = row; r < tile->n; r++)
            tile->counted[r] -= row_mass(tile, head, r, block, first, block_end);
    }
    for (size_t r = row; r < tile->n; r++)
        tile->counted[r] = fmax(tile->counted[r], DBL_MIN);
}

/* The sum for span i, the current layer and a head. */
static _Atomic int64_t *head_mass_of(const struct tile *tile, const struct head *head, size_t i)
{
    const struct model_info *info = &tile->session->model->info;

    return tile->batch->head_mass + tile->range->first_head_mass +
           (i * info->n_layers + tile->batch->layer) * info->n_heads + head->index;
}

static void observe_mass(struct tile *tile, const struct head *head, size_t thread)
{
    const struct sequence *sequence = tile->range->sequence;
    const struct ragged *batch = tile->batch;
    int64_t *mass = batch->mass + thread * batch->n_spans + tile->range->first_span;

    if (!sequence->attention || tile->first + tile->n <= sequence->attend_from)
        return;
    const size_t row =
        sequence->attend_from > tile->first ? sequence->attend_from - tile->first : 0;
    find_counted_mass(tile, head, row);
    for (size_t i = 0; i < sequence->n_spans; i++) {
        const int64_t sum = span_mass(tile, head, row, &sequence->spans[i]);

        mass[i] += sum;
        if (sequence->attention_by_head)
            atomic_fetch_add_explicit(head_mass_of(tile, head, i), sum, memory_order_relaxed);
    }
}

/* Add the probability of the observed rows on keys [first, end) of a block to their focus. */
static void add_block_to_focus(const struct tile *tile, const struct head *head, size_t block,
                               size_t first, size_t end)
{
    const size_t attend_from = tile->range->sequence->attend_from;
    const size_t n_heads = tile->session->model->info.n_heads;

    for (size_t r = 0; r < tile->n; r++) {
        const size_t position = tile->first + r;

        if (position >= attend_from)
            tile->batch->focus[(tile->range->first_focus + position - attend_from) * n_heads +
                               head->index] += row_mass(tile, head, r, block, first, end);
    }
}

/* Add the probabilities of row r on the distant keys of a block of n, and their squares. */
static void add_row_to_reach(const struct tile *tile, const struct head *head, size_t r,
                             size_t block, size_t n, double *sum, double *squares)
{
    const size_t distance = tile->range->sequence->reach_distance;
    const size_t position = tile->first + r;

    if (position < block + distance)
        return;
    const struct span far =
        tile_visible(tile, r, block, min_size(block + n, position - distance + 1));
    float *scores = tile->scores + r * ATTENTION_KEYS + (far.start - block);

    tile_cap(tile, scores, far.end - far.start);
    *sum += tile->session->kernels.exp_sum(scores, far.end - far.start, head->max[r]) /
            head->sum[r];
    for (size_t i = 0; i < far.end - far.start; i++) {
        const double probability = (double)scores[i] / head->sum[r];

        *squares += probability * probability;
    }
}

/* Compute each observed row's probability on all focus spans together. */
static void observe_focus(const struct tile *tile, const struct head *head)
{
    const struct sequence *sequence = tile->range->sequence;
    const struct ragged *batch = tile->batch;
    const size_t n_heads = tile->session->model->info.n_heads;
    const size_t panel = tile->session->kernels.panel;
    const size_t step = ATTENTION_KEYS / panel * panel;

    if (!sequence->focus || sequence->focus_layer != batch->layer)
        return;
    for (size_t r = 0; r < tile->n; r++)
        if (tile->first + r >= sequence->attend_from)
            batch->focus[(tile->range->first_focus + tile->first + r - sequence->attend_from) *
                             n_heads +
                         head->index] = 0;
    for (size_t i = 0; i < sequence->n_focus_spans; i++) {
        const struct span span = sequence->focus_spans[i];
        const size_t end = min_size(span.end, tile->first + tile->n);

        for (size_t block = span.start / panel * panel; block < end; block += step) {
            const size_t block_end = min_size(block + step, end);

            tile_score(tile, head, 0, block, block_end);
            add_block_to_focus(tile, head, block, block > span.start ? block : span.start,
                               block_end);
        }
    }
}

/* Sum the probabilities of all rows on keys at least reach_distance before them, and their
 * squares. */
static void observe_reach(const struct tile *tile, const struct head *head)
{
    const struct sequence *sequence = tile->range->sequence;
    const struct ragged *batch = tile->batch;
    const size_t n_heads = tile->session->model->info.n_heads;
    const size_t panel = tile->session->kernels.panel;
    const size_t step = ATTENTION_KEYS / panel * panel;
    const size_t end = tile->first + tile->n;
    double sum = 0, squares = 0;

    if (!sequence->reach || batch->layer != 0)
        return;
    for (size_t block = 0; block + sequence->reach_distance < end; block += step) {
        const size_t n = min_size(step, end - block);

        tile_score(tile, head, 0, block, block + n);
        for (size_t r = 0; r < tile->n; r++)
            add_row_to_reach(tile, head, r, block, n, &sum, &squares);
    }
    batch->reach[2 * (tile->index * n_heads + head->index)] = sum;
    batch->reach[2 * (tile->index * n_heads + head->index) + 1] = squares;
}

void tile_observe(struct tile *tile, size_t thread)
{
    for (size_t h = 0; h < tile->n_heads; h++) {
        observe_mass(tile, &tile->heads[h], thread);
        observe_focus(tile, &tile->heads[h]);
        observe_reach(tile, &tile->heads[h]);
    }
}
