/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/attention.h"

#include <math.h>
#include <string.h>

#include "base/threads/pool.h"
#include "scoring/infer/forward/attention_kv.h"
#include "scoring/infer/forward/attention_private.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

/* Tasks per thread that keep all threads busy to the end. With fewer tiles, the heads of a tile
 * are split into more tasks. */
enum { TASKS_PER_THREAD = 4 };

struct attention_args {
    const struct session *session;
    struct ragged *batch;
    size_t window;
    size_t heads_per_task; /* at most */
    size_t tasks_per_tile;
};

static size_t keys_per_block(const struct tile *tile)
{
    const size_t panel = tile->session->kernels.panel;

    return ATTENTION_KEYS / panel * panel;
}

static size_t head_dim_of(const struct tile *tile)
{
    return tile->session->model->info.head_dim;
}

void tile_score(const struct tile *tile, const struct head *head, size_t row, size_t first,
                size_t end)
{
    const struct kernels *kernels = &tile->session->kernels;
    const size_t head_dim = head_dim_of(tile);
    const size_t panel = kernels->panel;

    for (size_t key = first; key < end; key += panel) {
        const void *keys =
            kv_key_panel(tile->session, tile->batch, tile->range, tile->kv_head, key);
        const size_t n = min_size(panel, end - key);
        /* Rows before the panel's first key see none of its keys. */
        const size_t start = key > tile->first + row ? key - tile->first : row;
        float *scores = tile->scores + start * ATTENTION_KEYS + (key - first);

        if (start >= tile->n)
            return;
        if (tile->session->bf16_attention)
            kernels->gemm_bf16(tile->n - start, n, head_dim, head->q_bf16 + start * head_dim,
                               head_dim, keys, panel, scores, ATTENTION_KEYS, false);
        else
            kernels->gemm_f32(tile->n - start, n, head_dim, head->q + start * tile->q_width,
                              tile->q_width, keys, panel, scores, ATTENTION_KEYS, false);
    }
}

void tile_cap(const struct tile *tile, float *scores, size_t n)
{
    const float cap = tile->session->model->hparams.attn_soft_cap;

    if (cap > 0)
        tile->session->kernels.soft_cap(scores, cap, n);
}

/* Raise the running maximum of a row. If it grows, rescale the sums so far. */
static void raise_max(const struct tile *tile, struct head *head, size_t row, float max)
{
    const size_t head_dim = head_dim_of(tile);

    if (head->sum[row] == 0) {
        head->max[row] = max;
    } else if (max > head->max[row]) {
        const float shrink = expf(head->max[row] - max);

        head->max[row] = max;
        head->sum[row] *= (double)shrink;
        tile->session->kernels.scale_f32(head->out + row * head_dim, shrink, head_dim);
    }
}

/* Turn the scores of one row on the n keys from `first` on into weights exp(score - max).
 * Masked keys get weight 0; so does the padding element when the number of keys is odd. */
static void weigh_row(const struct tile *tile, struct head *head, size_t row, size_t first,
                      size_t n)
{
    const struct kernels *kernels = &tile->session->kernels;
    const bool rounds = tile->session->bf16_attention;
    const struct span visible = tile_visible(tile, row, first, first + n);
    const size_t before = visible.start - first;
    const size_t n_visible = visible.end - visible.start;
    float *scores = tile->scores + row * ATTENTION_KEYS;
    uint16_t *weights = tile->weights + row * ATTENTION_KEYS;

    if (n_visible > 0) {
        tile_cap(tile, scores + before, n_visible);
        raise_max(tile, head, row, kernels->max_f32(scores + before, n_visible));
        head->sum[row] += rounds ? (double)kernels->exp_bf16(scores + before, n_visible,
                                                             head->max[row], weights + before)
                                 : kernels->exp_sum(scores + before, n_visible, head->max[row]);
    }
    if (rounds) {
        memset(weights, 0, before * sizeof *weights);
        memset(weights + before + n_visible, 0,
               (n + n % 2 - before - n_visible) * sizeof *weights);
    } else {
        memset(scores, 0, before * sizeof *scores);
        memset(scores + before + n_visible, 0, (n - before - n_visible) * sizeof *scores);
    }
}

/* out = weights * values for rows [row, end) and the n keys from `first` on; += with add. */
static void add_row_values(const struct tile *tile, struct head *head, size_t row, size_t end,
                           size_t first, size_t n, bool add)
{
    const struct kernels *kernels = &tile->session->kernels;
    const size_t head_dim = head_dim_of(tile);
    const size_t panel = kernels->panel;
    const size_t at = row * ATTENTION_KEYS;

    for (size_t c = 0; c < head_dim; c += panel) {
        const void *values =
            kv_value_panel(tile->session, tile->batch, tile->range, tile->kv_head, c, first);
        const size_t width = min_size(panel, head_dim - c);
        float *out = head->out + row * head_dim + c;

        if (tile->session->bf16_attention)
            kernels->gemm_bf16(end - row, width, n + n % 2, tile->weights + at, ATTENTION_KEYS,
                               values, panel, out, head_dim, add);
        else
            kernels->gemm_f32(end - row, width, n, tile->scores + at, ATTENTION_KEYS, values,
                              panel, out, head_dim, add);
    }
}

/* The same for all rows of the tile. If the block reaches beyond the key of the first row, the
 * rows are multiplied a few at a time: earlier rows see fewer of its keys. */
static void add_values(const struct tile *tile, struct head *head, size_t first, size_t n,
                       bool add)
{
    const bool is_cut = first + n > tile->first + 1;
    const size_t step = is_cut ? tile->session->kernels.panel : tile->n;
    size_t end;

    for (size_t row = 0; row < tile->n; row = end) {
        end = min_size(row + step, tile->n);
        const size_t n_visible = tile->first + end > first ? tile->first + end - first : 0;
        add_row_values(tile, head, row, end, first, min_size(n, n_visible), add);
    }
}

static void write_head_output(const struct tile *tile, const struct head *head)
{
    const size_t head_dim = head_dim_of(tile);

    for (size_t row = 0; row < tile->n; row++) {
        float *out = head->q + row * tile->q_width;

        memcpy(out, head->out + row * head_dim, head_dim * sizeof *out);
        tile->session->kernels.scale_f32(out, (float)(1 / head->sum[row]), head_dim);
    }
}

static void attend_tile(struct tile *tile, size_t thread)
{
    const size_t n_keys = tile->first + tile->n; /* no row sees later ones */
    const size_t step = keys_per_block(tile);
    /* Blocks are counted from position 0, not from the start of the window. So the sums of a
     * row have the same order in any tile. */
    const size_t start = tile_first_visible(tile, 0) / step * step;

    for (size_t first = start; first < n_keys; first += step) {
        const size_t n = min_size(step, n_keys - first);

        for (size_t h = 0; h < tile->n_heads; h++) {
            struct head *head = &tile->heads[h];

            tile_score(tile, head, 0, first, first + n);
            for (size_t row = 0; row < tile->n; row++)
                weigh_row(tile, head, row, first, n);
            add_values(tile, head, first, n, first > start);
        }
    }
    tile_observe(tile, thread);
    for (size_t h = 0; h < tile->n_heads; h++)
        write_head_output(tile, &tile->heads[h]);
}

/* Set up the heads of a tile: their queries, and their parts of the scratch memory. */
static void init_heads(struct tile *tile, size_t first_head, float *q, float *memory)
{
    const size_t head_dim = head_dim_of(tile);
    float *out = memory + (ATTENTION_ROWS * ATTENTION_KEYS) * 3 / 2;
    uint16_t *q_bf16 = (uint16_t *)(out + tile->n_heads * ATTENTION_ROWS * head_dim);

    tile->scores = memory;
    tile->weights = (uint16_t *)(memory + ATTENTION_ROWS * ATTENTION_KEYS);
    for (size_t h = 0; h < tile->n_heads; h++) {
        struct head *head = &tile->heads[h];

        head->index = first_head + h;
        head->q = q + head->index * head_dim;
        head->out = out + h * ATTENTION_ROWS * head_dim;
        head->q_bf16 = q_bf16 + h * ATTENTION_ROWS * head_dim;
        memset(head->sum, 0, sizeof head->sum);
        for (size_t row = 0; tile->session->bf16_attention && row < tile->n; row++)
            tile->session->kernels.round_bf16(head->q + row * tile->q_width, head_dim,
                                              head->q_bf16 + row * head_dim);
    }
}

static size_t heads_per_kv_head(const struct model_info *info)
{
    return info->n_heads / info->n_kv_heads;
}

size_t attention_scratch_bytes(const struct model_info *info)
{
    const size_t heads = min_size(heads_per_kv_head(info), TILE_HEADS_MAX);

    return ATTENTION_ROWS * (ATTENTION_KEYS + heads * info->head_dim) *
           (sizeof(float) + sizeof(uint16_t));
}

static void run_attention_task(void *arg, size_t item, size_t thread)
{
    const struct attention_args *args = arg;
    const struct model_info *info = &args->session->model->info;
    const size_t n_sharing = heads_per_kv_head(info);
    const size_t task = item % args->tasks_per_tile;
    const size_t tasks_per_kv_head = args->tasks_per_tile / info->n_kv_heads;
    const size_t first_head = task % tasks_per_kv_head * args->heads_per_task;
    /* The last tiles have the most work. They come first, so that threads finish together. */
    const size_t index = args->batch->n_tiles - 1 - item / args->tasks_per_tile;
    const struct batch_range *range = ragged_range_of_tile(args->batch, index);
    const size_t start =
        (range->first_position / ATTENTION_ROWS + index - range->first_tile) * ATTENTION_ROWS;
    struct tile tile = {
        .session = args->session,
        .batch = args->batch,
        .range = range,
        .index = index,
        .kv_head = task / tasks_per_kv_head,
        .window = args->window,
        .first = start > range->first_position ? start : range->first_position,
        .q_width = (size_t)info->n_heads * info->head_dim,
        .n_heads = min_size(args->heads_per_task, n_sharing - first_head),
    };
    const size_t row = range->first_row + tile.first - range->first_position;

    tile.n = min_size(start + ATTENTION_ROWS, range->n_keys) - tile.first;
    init_heads(&tile, tile.kv_head * n_sharing + first_head,
               args->batch->q + row * tile.q_width, session_scratch(args->session, thread));
    attend_tile(&tile, thread);
}

void attention_run(const struct session *session, struct ragged *batch, size_t window)
{
    const struct model_info *info = &session->model->info;
    const size_t n_sharing = heads_per_kv_head(info);
    const size_t n_wanted = TASKS_PER_THREAD * pool_threads(session->pool);
    struct attention_args args = { .session = session, .batch = batch, .window = window };
    size_t n_splits = (n_sharing + TILE_HEADS_MAX - 1) / TILE_HEADS_MAX;

    while (n_splits < n_sharing && batch->n_tiles * info->n_kv_heads * n_splits < n_wanted)
        n_splits++;
    args.heads_per_task = (n_sharing + n_splits - 1) / n_splits;
    args.tasks_per_tile =
        info->n_kv_heads * ((n_sharing + args.heads_per_task - 1) / args.heads_per_task);
    pool_run(session->pool, batch->n_tiles * args.tasks_per_tile, run_attention_task, &args);
}
