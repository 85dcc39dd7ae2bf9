/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/ragged.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/attention_kv.h"
#include "scoring/infer/forward/logits.h"
#include "scoring/infer/forward/prefix.h"
#include "scoring/infer/forward/sequence.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"

/* Positions and keys are stored in 32 bits. */
#define MAX_KEYS ((size_t)1 << 31)

/* Sizes of the matrices of a batch, in floats. */
struct floats {
    uint64_t x, q, k, v, h, rope, local_rope;
};

/* What these sizes depend on. */
struct counts {
    uint64_t keys, slots, max_keys, rope_rows, targets;
    size_t panel;
    bool bf16; /* the type of keys and values */
};

/* Round up to a cache line, where each matrix starts. */
static uint64_t align_floats(uint64_t n)
{
    return (n + 15) & ~(uint64_t)15;
}

/* No overflow: hparams.c bounds the shape of the model, and MAX_KEYS the keys. */
static struct floats measure_floats(const struct model *model, const struct counts *counts)
{
    const struct model_info *info = &model->info;
    const struct hparams *hparams = &model->hparams;
    const size_t q_width = (size_t)info->n_heads * info->head_dim;
    const size_t half = hparams->rope.n_rot / 2;

    return (struct floats){
        .x = align_floats(counts->keys * info->n_embd),
        .q = align_floats(counts->keys * q_width),
        .k = align_floats(kv_key_floats(info, counts->bf16, counts->slots)),
        .v = align_floats(kv_value_floats(info, counts->bf16, counts->panel, counts->slots)),
        .h = align_floats((counts->targets < TARGET_CHUNK ? counts->targets : TARGET_CHUNK) *
                          info->n_embd),
        .rope = align_floats(counts->rope_rows * half),
        .local_rope = hparams->has_local_rope ? align_floats(counts->max_keys * half) : 0,
    };
}

static uint64_t sum_floats(const struct floats *floats)
{
    return floats->x + floats->q + floats->k + floats->v + floats->h + 2 * floats->rope +
           2 * floats->local_rope;
}

/* Number of layers that the requested outputs of a sequence need. */
static size_t layers_needed(const struct session *session, const struct sequence *sequence)
{
    const size_t n_layers = session->model->info.n_layers;

    if (sequence->nll_nats || sequence->attention || sequence->next_nll_nats ||
        sequence->pooled || sequence->pooled_weighted)
        return n_layers;
    return sequence->focus ? sequence->focus_layer + 1 : 1;
}

bool range_observe(const struct sequence *sequence, size_t index, struct batch_range *out)
{
    const size_t n = sequence->n_tokens;
    const bool scored = sequence->nll_nats && sequence->score_from < n;

    *out = (struct batch_range){ .sequence = sequence, .index = index, .first_observed = n };
    if (scored) { /* the row before a token predicts it; the last row predicts nothing */
        out->first_observed = sequence->score_from - 1;
        out->n_keys = n - 1;
    }
    if (sequence->attention && sequence->n_spans > 0) {
        out->first_observed = min_size(out->first_observed, sequence->attend_from);
        out->n_keys = n;
    }
    if (sequence->next_nll_nats && sequence->n_next_ids > 0) {
        out->first_observed = min_size(out->first_observed, n - 1);
        out->n_keys = n;
    }
    if (sequence->pooled || sequence->pooled_weighted) {
        out->first_observed = min_size(out->first_observed, sequence->pool_from);
        out->n_keys = n;
    }
    if (sequence->focus) {
        out->first_observed = min_size(out->first_observed, sequence->attend_from);
        out->n_keys = n;
    }
    if (sequence->reach) {
        out->first_observed = 0;
        out->n_keys = n;
    }
    return out->n_keys > 0;
}

/* Number rows and tiles again, after first_position of the ranges has changed. */
static void number_rows(struct ragged *batch)
{
    batch->n_rows = 0;
    batch->n_tiles = 0;
    for (size_t p = 0; p < batch->n_ranges; p++) {
        struct batch_range *range = &batch->ranges[p];

        range->first_row = batch->n_rows;
        range->first_tile = batch->n_tiles;
        batch->n_rows += range->n_keys - range->first_position;
        batch->n_tiles +=
            (range->n_keys - 1) / ATTENTION_ROWS - range->first_position / ATTENTION_ROWS + 1;
    }
}

/* The shared rows of the RoPE tables come first, then those of ranges that have their own. */
static void lay_out_rope_rows(struct ragged *batch)
{
    for (size_t p = 0; p < batch->n_ranges; p++)
        if (!batch->ranges[p].has_own_rope_rows)
            batch->n_shared_rope_rows =
                max_size(batch->n_shared_rope_rows, batch->ranges[p].n_keys);
    batch->n_rope_rows = batch->n_shared_rope_rows;
    for (size_t p = 0; p < batch->n_ranges; p++) {
        struct batch_range *range = &batch->ranges[p];

        range->first_rope_row = range->has_own_rope_rows ? batch->n_rope_rows : 0;
        batch->n_rope_rows += range->has_own_rope_rows ? range->n_keys : 0;
    }
}

/* Number of elements of attention_by_head that a sequence requests. */
static size_t head_mass_count(const struct session *session, const struct sequence *sequence)
{
    const struct model_info *info = &session->model->info;

    return sequence->attention && sequence->attention_by_head
               ? sequence->n_spans * info->n_layers * info->n_heads
               : 0;
}

/* Check all sequences and make a range for each that requests an output. */
static int list_ranges(struct session *session, const struct sequence *sequences,
                       size_t n_sequences, struct ragged *batch, struct error *err)
{
    const struct rope *rope = &session->model->hparams.rope;
    size_t n_tokens = 0;

    batch->ranges = arena_alloc(&session->arena, n_sequences, sizeof *batch->ranges);
    if (!batch->ranges)
        return error_nomem(err);
    for (size_t i = 0; i < n_sequences; i++) {
        struct batch_range *range = &batch->ranges[batch->n_ranges];

        if (sequence_check(session, &sequences[i], i, err) < 0)
            return -1;
        if (!range_observe(&sequences[i], i, range))
            continue;
        if (range->n_keys > MAX_KEYS - n_tokens)
            return error_set(err, ERR_INPUT, "more than %zu tokens in one call", MAX_KEYS);
        range->has_own_rope_rows =
            rope_depends_on_length(rope, &session->stretch, sequences[i].n_tokens);
        n_tokens += range->n_keys;
        batch->n_ranges++;
    }
    return 0;
}

static void lay_out_ranges(struct session *session, struct ragged *batch)
{
    for (size_t p = 0; p < batch->n_ranges; p++) {
        struct batch_range *range = &batch->ranges[p];
        const struct sequence *sequence = range->sequence;

        range->first_position = range->n_shared;
        range->first_key = batch->n_keys;
        range->first_slot = batch->n_slots;
        range->first_span = batch->n_spans;
        range->first_head_mass = batch->n_head_mass;
        range->first_focus = batch->n_focus;
        batch->n_keys += range_own_keys(range);
        batch->n_slots += kv_slots(session->kernels.panel, range_stored_keys(range));
        batch->max_keys = max_size(batch->max_keys, range->n_keys);
        batch->n_spans += sequence->attention ? sequence->n_spans : 0;
        batch->n_head_mass += head_mass_count(session, sequence);
        batch->n_targets += sequence->nll_nats ? sequence->n_tokens - sequence->score_from : 0;
        batch->n_targets += sequence->next_nll_nats ? sequence->n_next_ids : 0;
        batch->n_focus += sequence->focus ? sequence->n_tokens - sequence->attend_from : 0;
        batch->n_layers = max_size(batch->n_layers, layers_needed(session, sequence));
    }
    number_rows(batch);
    lay_out_rope_rows(batch);
}

static int allocate_lists(struct session *session, struct ragged *batch, struct error *err)
{
    const size_t n_threads = pool_threads(session->pool);
    const size_t n_heads = session->model->info.n_heads;
    struct arena *arena = &session->arena;

    batch->position = arena_alloc(arena, batch->n_keys, sizeof *batch->position);
    batch->rope_row = arena_alloc(arena, batch->n_keys, sizeof *batch->rope_row);
    batch->key_of_row = arena_alloc(arena, batch->n_keys, sizeof *batch->key_of_row);
    batch->targets = arena_alloc(arena, batch->n_targets + 1, sizeof *batch->targets);
    batch->sums = arena_alloc(arena, logits_vocab_blocks(&session->model->info) * TARGET_CHUNK,
                              sizeof *batch->sums);
    batch->mass = arena_alloc(arena, n_threads * (batch->n_spans + 1), sizeof *batch->mass);
    batch->head_mass = arena_alloc(arena, batch->n_head_mass + 1, sizeof *batch->head_mass);
    batch->focus = arena_alloc(arena, batch->n_focus * n_heads + 1, sizeof *batch->focus);
    batch->reach = arena_alloc(arena, 2 * batch->n_tiles * n_heads + 1, sizeof *batch->reach);
    batch->bad_key = arena_alloc(arena, n_threads, sizeof *batch->bad_key);
    if (!batch->position || !batch->rope_row || !batch->key_of_row || !batch->targets ||
        !batch->sums || !batch->mass || !batch->head_mass || !batch->focus || !batch->reach ||
        !batch->bad_key)
        return error_nomem(err);
    memset(batch->mass, 0, n_threads * (batch->n_spans + 1) * sizeof *batch->mass);
    for (size_t i = 0; i < batch->n_head_mass; i++)
        atomic_init(&batch->head_mass[i], 0);
    for (size_t t = 0; t < n_threads; t++)
        batch->bad_key[t] = SIZE_MAX;
    return 0;
}

/* With packed panels, the weights need no more memory: the mapped file is not read again. */
static int check_batch_memory(const struct session *session, const struct ragged *batch,
                              uint64_t bytes, struct error *err)
{
    const struct session_memory memory = {
        .weight_bytes = session->has_panels ? 0 : session->model->info.weight_bytes,
        .activation_bytes = bytes,
    };
    const uint64_t reused = session->n_floats * sizeof *session->floats;

    if (bytes > session->max_bytes)
        return error_set(err, ERR_NOMEM,
                         "%zu tokens at once need %.1f MiB of memory beside the weights, more "
                         "than the limit of %.1f MiB: run fewer tokens, or raise the limit",
                         batch->n_keys, (double)bytes / (1 << 20),
                         (double)session->max_bytes / (1 << 20));
    return session_check_memory(&memory, batch->n_keys, memory_available("") + reused, err);
}

static int allocate_floats(struct session *session, struct ragged *batch, struct error *err)
{
    const struct counts counts = { .keys = batch->n_keys,
                                   .slots = batch->n_slots,
                                   .max_keys = batch->max_keys,
                                   .rope_rows = batch->n_rope_rows,
                                   .targets = batch->n_targets,
                                   .panel = session->kernels.panel,
                                   .bf16 = session->bf16_attention };
    const struct floats n = measure_floats(session->model, &counts);
    const uint64_t total = sum_floats(&n);

    if (total > SIZE_MAX / sizeof *session->floats)
        return error_nomem(err);
    if (total > session->n_floats) {
        /* Check before allocating: a machine that swaps would run for hours. */
        if (check_batch_memory(session, batch, total * sizeof(float), err) < 0)
            return -1;
        free(session->floats);
        session->n_floats = 0;
        session->floats = aligned_alloc(64, (size_t)total * sizeof *session->floats);
        if (!session->floats)
            return error_nomem(err);
        session->n_floats = (size_t)total;
    }
    batch->x = session->floats;
    batch->q = batch->x + n.x;
    batch->k = batch->q + n.q;
    batch->v = batch->q + n.q + n.k;
    batch->h = batch->q + n.q + n.k + n.v;
    batch->cos = batch->h + n.h;
    batch->sin = batch->cos + n.rope;
    batch->local_cos = batch->sin + n.rope;
    batch->local_sin = batch->local_cos + n.local_rope;
    return 0;
}

/* Append the tokens of a range that are scored. Rows are still keys. */
static struct target *add_scored(const struct batch_range *range, struct target *target)
{
    const struct sequence *sequence = range->sequence;
    size_t span = 0;

    for (size_t i = sequence->score_from; i < sequence->n_tokens; i++) {
        while (span < sequence->n_score_spans && sequence->score_spans[span].end <= i)
            span++;
        if (sequence->n_score_spans > 0 &&
            (span == sequence->n_score_spans || i < sequence->score_spans[span].start))
            continue;
        *target++ =
            (struct target){ .row = range_key(range, i - 1),
                             .token = sequence->tokens[i],
                             .nll_nats = &sequence->nll_nats[i - sequence->score_from] };
    }
    return target;
}

static void fill_lists(struct ragged *batch)
{
    size_t key = 0;
    struct target *target = batch->targets;

    for (size_t p = 0; p < batch->n_ranges; p++) {
        const struct batch_range *range = &batch->ranges[p];
        const struct sequence *sequence = range->sequence;
        const size_t n_next_ids = sequence->next_nll_nats ? sequence->n_next_ids : 0;

        for (size_t i = range->n_shared; i < range->n_keys; i++) {
            batch->position[key] = (uint32_t)i;
            batch->rope_row[key] = (uint32_t)(range->first_rope_row + i);
            batch->key_of_row[key] = (uint32_t)key;
            key++;
        }
        if (sequence->nll_nats)
            target = add_scored(range, target);
        for (size_t i = 0; i < n_next_ids; i++)
            *target++ = (struct target){ .row = range_key(range, sequence->n_tokens - 1),
                                         .token = sequence->next_ids[i],
                                         .nll_nats = &sequence->next_nll_nats[i] };
    }
    batch->n_targets = (size_t)(target - batch->targets); /* fewer with score_spans */
}

int ragged_init(struct session *session, const struct sequence *sequences, size_t n_sequences,
                struct ragged *out, struct error *err)
{
    struct ragged batch = { .n_keys = 0 };

    arena_clear(&session->arena);
    if (list_ranges(session, sequences, n_sequences, &batch, err) < 0 ||
        prefix_share(session, &batch, err) < 0)
        return -1;
    lay_out_ranges(session, &batch);
    if (batch.n_ranges > 0) {
        if (allocate_lists(session, &batch, err) < 0 ||
            allocate_floats(session, &batch, err) < 0)
            return -1;
        fill_lists(&batch);
    }
    *out = batch;
    return 0;
}

const struct batch_range *ragged_range_of_key(const struct ragged *batch, size_t key)
{
    size_t low = 0;
    size_t high = batch->n_ranges;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (batch->ranges[middle].first_key <= key)
            low = middle;
        else
            high = middle;
    }
    return &batch->ranges[low];
}

const struct batch_range *ragged_range_of_tile(const struct ragged *batch, size_t tile)
{
    size_t low = 0;
    size_t high = batch->n_ranges;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (batch->ranges[middle].first_tile <= tile)
            low = middle;
        else
            high = middle;
    }
    return &batch->ranges[low];
}

void ragged_keep_observed(const struct session *session, struct ragged *batch)
{
    const size_t width = session->model->info.n_embd;
    struct target *target = batch->targets;
    struct target *const end = batch->targets + batch->n_targets;

    for (size_t p = 0; p < batch->n_ranges; p++)
        batch->ranges[p].first_position = batch->ranges[p].first_observed;
    number_rows(batch);
    for (size_t p = 0; p < batch->n_ranges; p++) {
        const struct batch_range *range = &batch->ranges[p];
        const size_t from = range_key(range, range->first_position);
        const size_t n = range->n_keys - range->first_position;

        memmove(batch->x + range->first_row * width, batch->x + from * width,
                n * width * sizeof *batch->x);
        memmove(batch->key_of_row + range->first_row, batch->key_of_row + from,
                n * sizeof *batch->key_of_row);
        for (; target < end && target->row < range->first_key + range_own_keys(range); target++)
            target->row -= from - range->first_row;
    }
}

int ragged_check_values(const struct session *session, const struct ragged *batch,
                        struct error *err)
{
    size_t key = SIZE_MAX;

    for (size_t t = 0; t < pool_threads(session->pool); t++)
        key = min_size(key, batch->bad_key[t]);
    if (key == SIZE_MAX)
        return 0;

    const struct batch_range *range = ragged_range_of_key(batch, key);
    return error_set(err, ERR_INPUT,
                     "the model's values at token %" PRIu32
                     " of sequence %zu are not finite or too large to compute with: the "
                     "model's file is damaged or made for another program",
                     batch->position[key], range->index);
}

uint64_t ragged_bytes(const struct model *model, size_t n_threads, size_t n_keys,
                      size_t n_ranges)
{
    const size_t n = min_size(n_keys, MAX_KEYS);
    const struct counts counts = { .keys = n,
                                   .slots = n + (uint64_t)n_ranges * KERNELS_PANEL_MAX,
                                   .max_keys = n,
                                   .rope_rows = n,
                                   .targets = TARGET_CHUNK,
                                   .panel = KERNELS_PANEL_MAX };
    const struct floats floats = measure_floats(model, &counts);
    const size_t n_heads = model->info.n_heads;
    /* At most, all tokens are scored and have a focus, each span has one token, and each tile
     * has two values of reach per head. */
    const size_t n_tiles = n / ATTENTION_ROWS + n_ranges;
    const uint64_t lists =
        (uint64_t)(n + 1) *
            (3 * sizeof(uint32_t) + sizeof(struct target) + n_threads * sizeof(int64_t)) +
        (uint64_t)(n + 2 * n_tiles) * n_heads * sizeof(double) +
        (uint64_t)n_ranges * sizeof(struct batch_range) + prefix_bytes(n, n_ranges) +
        (uint64_t)logits_vocab_blocks(&model->info) * TARGET_CHUNK * sizeof(struct logit_sum);

    /* 1 MiB: the arena allocates small lists in whole blocks. */
    return sum_floats(&floats) * sizeof(float) + lists + (1 << 20);
}
