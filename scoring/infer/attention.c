/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/attention.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
#include "scoring/kernels/kernels.h"

struct job {
    const struct session *session;
    struct ragged *batch;
    size_t window;
};

/* Rows [first, first + n) of one part under one head. */
struct tile {
    const struct session *session;
    const struct ragged *batch;
    const struct part *part;
    size_t head;
    size_t kv_head;
    size_t number; /* of all tiles of the batch */
    size_t window; /* keys a row sees; 0 all before it */
    size_t first;  /* position of row 0 */
    size_t n;
    float *q; /* row 0; q_width apart */
    size_t q_width;
    float *scores; /* n x ATTENTION_KEYS */
    float *out;    /* n x head_dim: sum of exp(score - max) * value */
    float max[ATTENTION_ROWS];
    double sum[ATTENTION_ROWS];  /* of exp(score - max); 0 until the row has seen a key */
    double seen[ATTENTION_ROWS]; /* probability of what is counted, of the observed rows */
};

/* The first key that a row sees. */
static size_t first_seen(const struct tile *tile, size_t row)
{
    const size_t end = tile->first + row + 1;

    return tile->window > 0 && end > tile->window ? end - tile->window : 0;
}

static float *key_panel(const struct tile *tile, size_t key)
{
    const struct model_info *info = &tile->session->model->info;
    const size_t kv_width = (size_t)info->n_kv_heads * info->head_dim;

    return tile->batch->k + tile->part->first_key * kv_width +
           (tile->kv_head * tile->part->n_keys + key) * info->head_dim;
}

void attention_put_key(const struct session *session, const struct ragged *batch,
                       const struct part *part, size_t position, const float *row)
{
    const struct model_info *info = &session->model->info;
    const size_t panel = session->kernels.panel;
    const size_t first = position / panel * panel;
    const size_t n = min_size(panel, part->n_keys - first);
    struct tile tile = { .session = session, .batch = batch, .part = part };

    for (tile.kv_head = 0; tile.kv_head < info->n_kv_heads; tile.kv_head++) {
        float *out = key_panel(&tile, first) + (position - first);

        for (size_t l = 0; l < info->head_dim; l++)
            out[l * n] = *row++;
    }
}

void attention_put_value(const struct session *session, const struct ragged *batch,
                         const struct part *part, size_t position, const float *row)
{
    const struct model_info *info = &session->model->info;
    const size_t width = (size_t)info->n_kv_heads * info->head_dim;
    const size_t panel = session->kernels.panel;

    for (size_t c = 0; c < width; c += panel)
        memcpy(batch->v + c * batch->n_keys + (part->first_key + position) * panel, row + c,
               min_size(panel, width - c) * sizeof *row);
}

/* Keys a block takes: whole panels. */
static size_t block_keys(const struct tile *tile)
{
    const size_t panel = tile->session->kernels.panel;

    return ATTENTION_KEYS / panel * panel;
}

/* scores = rows [row, n) of the tile times keys [first, end); first begins a panel. */
static void score_block(const struct tile *tile, size_t row, size_t first, size_t end)
{
    const struct kernels *kernels = &tile->session->kernels;
    const size_t head_dim = tile->session->model->info.head_dim;

    for (size_t key = first; key < end; key += kernels->panel) {
        const size_t ldb = min_size(kernels->panel, tile->part->n_keys - key);

        kernels->gemm_f32(tile->n - row, min_size(ldb, end - key), head_dim,
                          tile->q + row * tile->q_width, tile->q_width, key_panel(tile, key),
                          ldb, tile->scores + row * ATTENTION_KEYS + (key - first),
                          ATTENTION_KEYS, false);
    }
}

/* The part of keys [first, end) that a row sees; empty when its ends are equal. */
static struct span seen_of(const struct tile *tile, size_t row, size_t first, size_t end)
{
    const size_t start = first_seen(tile, row);
    struct span seen = { first > start ? first : start, min_size(end, tile->first + row + 1) };

    if (seen.start >= seen.end)
        seen.start = seen.end = first;
    return seen;
}

static void cap_scores(const struct tile *tile, float *scores, size_t n)
{
    const float cap = tile->session->model->hparams.attn_soft_cap;

    if (cap > 0)
        tile->session->kernels.soft_cap(scores, cap, n);
}

/* Scores of one row become weights relative to the largest score so far, which may be new. */
static void weigh_row(struct tile *tile, size_t row, size_t first, size_t n)
{
    const struct kernels *kernels = &tile->session->kernels;
    const size_t head_dim = tile->session->model->info.head_dim;
    float *scores = tile->scores + row * ATTENTION_KEYS;
    const struct span seen = seen_of(tile, row, first, first + n);
    const size_t n_before = seen.start - first;
    const size_t n_seen = seen.end - seen.start;

    /* Keys it does not see weigh nothing. */
    memset(scores, 0, n_before * sizeof *scores);
    scores += n_before;
    memset(scores + n_seen, 0, (n - n_before - n_seen) * sizeof *scores);
    if (n_seen == 0)
        return;

    cap_scores(tile, scores, n_seen);
    const float max = kernels->max_f32(scores, n_seen);
    if (tile->sum[row] == 0) {
        tile->max[row] = max;
    } else if (max > tile->max[row]) {
        const float shrink = expf(tile->max[row] - max);

        tile->max[row] = max;
        tile->sum[row] *= (double)shrink;
        kernels->scale_f32(tile->out + row * head_dim, shrink, head_dim);
    }
    tile->sum[row] += kernels->exp_sum(scores, n_seen, tile->max[row]);
}

/* out = weights times values of the keys [first, first + n), added when add is true. */
static void add_values(const struct tile *tile, size_t first, size_t n, bool add)
{
    const struct kernels *kernels = &tile->session->kernels;
    const size_t panel = kernels->panel;
    const size_t head_dim = tile->session->model->info.head_dim;
    const size_t start = tile->kv_head * head_dim;
    size_t width;

    for (size_t c = start; c < start + head_dim; c += width) {
        const float *v = tile->batch->v + c / panel * tile->batch->n_keys * panel +
                         (tile->part->first_key + first) * panel + c % panel;

        width = min_size(panel - c % panel, start + head_dim - c);
        kernels->gemm_f32(tile->n, width, n, tile->scores, ATTENTION_KEYS, v, panel,
                          tile->out + (c - start), head_dim, add);
    }
}

/* What row `row` puts on keys [first, end), given the scores of a block beginning at `block`.
 */
static double row_mass(const struct tile *tile, size_t row, size_t block, size_t first,
                       size_t end)
{
    const struct span seen = seen_of(tile, row, first, end);
    float *scores = tile->scores + row * ATTENTION_KEYS + (seen.start - block);

    if (seen.start == seen.end)
        return 0;
    cap_scores(tile, scores, seen.end - seen.start);
    return tile->session->kernels.exp_sum(scores, seen.end - seen.start, tile->max[row]) /
           tile->sum[row];
}

/* The scores of the observed rows on a span are computed again: now the final maximum and sum
 * are known, and only spans are paid for. */
static int64_t span_mass(const struct tile *tile, size_t row, const struct span *span)
{
    const size_t panel = tile->session->kernels.panel;
    const size_t step = block_keys(tile);
    const size_t seen = first_seen(tile, row); /* rows after it see no earlier keys */
    const size_t start = span->start > seen ? span->start : seen;
    const size_t end = min_size(span->end, tile->first + tile->n);
    const double unit = attention_unit(tile->session, tile->part);
    int64_t sum = 0;

    for (size_t block = start / panel * panel; block < end; block += step) {
        const size_t block_end = min_size(block + step, end);
        const size_t first = block > start ? block : start;

        score_block(tile, row, block, block_end);
        for (size_t r = row; r < tile->n; r++)
            sum +=
                (int64_t)(fmin(row_mass(tile, r, block, first, block_end) / tile->seen[r], 1) *
                          unit);
    }
    return sum;
}

/* What each observed row puts on keys that are not to be left out of account. */
static void find_seen(struct tile *tile, size_t row)
{
    const struct span unseen = tile->part->sequence->unseen;
    const size_t panel = tile->session->kernels.panel;
    const size_t step = block_keys(tile);
    const size_t end = min_size(unseen.end, tile->first + tile->n);

    for (size_t r = row; r < tile->n; r++)
        tile->seen[r] = 1;
    for (size_t block = unseen.start / panel * panel; block < end; block += step) {
        const size_t block_end = min_size(block + step, end);
        const size_t first = block > unseen.start ? block : unseen.start;

        score_block(tile, row, block, block_end);
        for (size_t r = row; r < tile->n; r++)
            tile->seen[r] -= row_mass(tile, r, block, first, block_end);
    }
    for (size_t r = row; r < tile->n; r++)
        tile->seen[r] = fmax(tile->seen[r], DBL_MIN);
}

/* What span i gets of the layer and head at hand. */
static _Atomic int64_t *cell_of(const struct tile *tile, size_t i)
{
    const struct model_info *info = &tile->session->model->info;

    return tile->batch->cells + tile->part->first_cell +
           (i * info->n_layers + tile->batch->layer) * info->n_heads + tile->head;
}

static void add_mass(struct tile *tile, size_t thread)
{
    const struct sequence *sequence = tile->part->sequence;
    const struct ragged *batch = tile->batch;
    int64_t *mass = batch->mass + thread * batch->n_spans + tile->part->first_span;

    if (!sequence->attention || tile->first + tile->n <= sequence->attend_from)
        return;
    const size_t row =
        sequence->attend_from > tile->first ? sequence->attend_from - tile->first : 0;
    find_seen(tile, row);
    for (size_t i = 0; i < sequence->n_spans; i++) {
        const int64_t sum = span_mass(tile, row, &sequence->spans[i]);

        mass[i] += sum;
        if (sequence->attention_by_head)
            atomic_fetch_add_explicit(cell_of(tile, i), sum, memory_order_relaxed);
    }
}

/* What the observed rows put on keys [first, end) of a block, to their focus. */
static void add_focus(const struct tile *tile, size_t block, size_t first, size_t end)
{
    const size_t attend_from = tile->part->sequence->attend_from;
    const size_t n_heads = tile->session->model->info.n_heads;

    for (size_t r = 0; r < tile->n; r++) {
        const size_t position = tile->first + r;

        if (position >= attend_from)
            tile->batch->focus[(tile->part->first_focus + position - attend_from) * n_heads +
                               tile->head] += row_mass(tile, r, block, first, end);
    }
}

/* Row r's far keys among the n of a block: their scores become probabilities times the sum. */
static void add_reach(const struct tile *tile, size_t r, size_t block, size_t n, double *sum,
                      double *squares)
{
    const size_t distance = tile->part->sequence->reach_distance;
    const size_t position = tile->first + r;

    if (position < block + distance)
        return;
    const struct span far =
        seen_of(tile, r, block, min_size(block + n, position - distance + 1));
    float *scores = tile->scores + r * ATTENTION_KEYS + (far.start - block);

    cap_scores(tile, scores, far.end - far.start);
    *sum += tile->session->kernels.exp_sum(scores, far.end - far.start, tile->max[r]) /
            tile->sum[r];
    for (size_t i = 0; i < far.end - far.start; i++) {
        const double probability = (double)scores[i] / tile->sum[r];

        *squares += probability * probability;
    }
}

/* Each row's probability on all focus spans together. */
static void note_focus(const struct tile *tile)
{
    const struct sequence *sequence = tile->part->sequence;
    const struct ragged *batch = tile->batch;
    const size_t n_heads = tile->session->model->info.n_heads;
    const size_t panel = tile->session->kernels.panel;
    const size_t step = block_keys(tile);

    if (!sequence->focus || sequence->focus_layer != batch->layer)
        return;
    for (size_t r = 0; r < tile->n; r++)
        if (tile->first + r >= sequence->attend_from)
            batch->focus[(tile->part->first_focus + tile->first + r - sequence->attend_from) *
                             n_heads +
                         tile->head] = 0;
    for (size_t i = 0; i < sequence->n_focus_spans; i++) {
        const struct span span = sequence->focus_spans[i];
        const size_t end = min_size(span.end, tile->first + tile->n);

        for (size_t block = span.start / panel * panel; block < end; block += step) {
            const size_t block_end = min_size(block + step, end);

            score_block(tile, 0, block, block_end);
            add_focus(tile, block, block > span.start ? block : span.start, block_end);
        }
    }
}

/* Sum and sum of squares of a row's probabilities on keys at least reach_distance before it. */
static void note_reach(const struct tile *tile)
{
    const struct sequence *sequence = tile->part->sequence;
    const struct ragged *batch = tile->batch;
    const size_t n_heads = tile->session->model->info.n_heads;
    const size_t step = block_keys(tile);
    const size_t end = tile->first + tile->n;
    double sum = 0, squares = 0;

    if (!sequence->reach || batch->layer != 0)
        return;
    for (size_t block = 0; block + sequence->reach_distance < end; block += step) {
        const size_t n = min_size(step, end - block);

        score_block(tile, 0, block, block + n);
        for (size_t r = 0; r < tile->n; r++)
            add_reach(tile, r, block, n, &sum, &squares);
    }
    batch->reach[2 * (tile->number * n_heads + tile->head)] = sum;
    batch->reach[2 * (tile->number * n_heads + tile->head) + 1] = squares;
}

static void attend(struct tile *tile, size_t thread)
{
    const struct kernels *kernels = &tile->session->kernels;
    const size_t head_dim = tile->session->model->info.head_dim;
    const size_t n_keys = tile->first + tile->n; /* later ones are invisible to all rows */
    const size_t step = block_keys(tile);

    /* Blocks are counted from the first key, wherever the window begins: a row's sum has the
     * same order in any tile. */
    const size_t start = first_seen(tile, 0) / step * step;

    for (size_t first = start; first < n_keys; first += step) {
        const size_t n = min_size(step, n_keys - first);

        score_block(tile, 0, first, first + n);
        for (size_t row = 0; row < tile->n; row++)
            weigh_row(tile, row, first, n);
        add_values(tile, first, n, first > start);
    }
    add_mass(tile, thread);
    note_focus(tile);
    note_reach(tile);
    for (size_t row = 0; row < tile->n; row++) {
        float *out = tile->q + row * tile->q_width;

        memcpy(out, tile->out + row * head_dim, head_dim * sizeof *out);
        kernels->scale_f32(out, (float)(1 / tile->sum[row]), head_dim);
    }
}

static void run_task(void *arg, size_t item, size_t thread)
{
    const struct job *job = arg;
    const struct model_info *info = &job->session->model->info;
    const size_t head = item % info->n_heads;
    /* The last tiles see the most keys: they come first, so that threads end together. */
    const size_t number = job->batch->n_tiles - 1 - item / info->n_heads;
    const struct part *part = ragged_part_of_tile(job->batch, number);
    const size_t start =
        (part->first_position / ATTENTION_ROWS + number - part->first_tile) * ATTENTION_ROWS;
    struct tile tile = {
        .session = job->session,
        .batch = job->batch,
        .part = part,
        .head = head,
        .number = number,
        .kv_head = head / (info->n_heads / info->n_kv_heads),
        .window = job->window,
        .first = start > part->first_position ? start : part->first_position,
        .q_width = (size_t)info->n_heads * info->head_dim,
        .scores = session_scratch(job->session, thread),
    };

    tile.n = min_size(start + ATTENTION_ROWS, part->n_keys) - tile.first;
    tile.q = job->batch->q +
             (part->first_row + tile.first - part->first_position) * tile.q_width +
             head * info->head_dim;
    tile.out = tile.scores + ATTENTION_ROWS * ATTENTION_KEYS;
    attend(&tile, thread);
}

void attention_run(const struct session *session, struct ragged *batch, size_t window)
{
    struct job job = { session, batch, window };

    pool_run(session->pool, batch->n_tiles * session->model->info.n_heads, run_task, &job);
}
