/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/model/weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/arch/arch.h"
#include "scoring/infer/gguf/dtype.h"
#include "scoring/infer/model/hparams.h"
#include "scoring/infer/model/model.h"

/* The name of a tensor of layer N is "blk.N." and a suffix. */
enum { MAX_VOCAB = 1 << 22, NAME_BYTES = 64, SUFFIX_BYTES = 48 };

/* State while the tensors of a file are bound to the members of struct weights. */
struct binder {
    const struct gguf *gguf;
    const struct arch *arch;
    struct model_info *info;
    struct hparams *hparams;
    struct weights *weights;
    bool *used; /* for each tensor of the file */
    int layer;  /* -1 outside the layers */
};

static const char *tensor_name(const struct binder *binder, const char *suffix,
                               char out[NAME_BYTES])
{
    if (binder->layer < 0)
        snprintf(out, NAME_BYTES, "%s", suffix);
    else
        snprintf(out, NAME_BYTES, "blk.%d.%s", binder->layer, suffix);
    return out;
}

/* Find a tensor and mark it as used. Returns NULL if the file has none. */
static const struct gguf_tensor *use_tensor(struct binder *binder, const char *name)
{
    const struct gguf_tensor *tensor = gguf_tensor(binder->gguf, name);

    if (tensor)
        binder->used[tensor - gguf_tensor_at(binder->gguf, 0)] = true;
    return tensor;
}

static int missing_tensor(const char *name, struct error *err)
{
    return error_set(err, ERR_INPUT, "tensor '%s' is missing", name);
}

static int check_shape(const struct gguf_tensor *tensor, const char *name, uint64_t n_cols,
                       uint64_t n_rows, struct error *err)
{
    if (tensor->dims[0] == n_cols && tensor->dims[1] == n_rows && tensor->dims[2] == 1 &&
        tensor->dims[3] == 1)
        return 0;
    return error_set(err, ERR_INPUT,
                     "tensor '%s' is %" PRIu64 " x %" PRIu64 " x %" PRIu64 " x %" PRIu64
                     ", but the model's keys require %" PRIu64 " x %" PRIu64,
                     name, tensor->dims[0], tensor->dims[1], tensor->dims[2], tensor->dims[3],
                     n_cols, n_rows);
}

static int view_matrix(const struct gguf_tensor *tensor, const char *name, struct matrix *out,
                       struct error *err)
{
    const struct dtype_info *type = dtype_find(tensor->type); /* gguf_parse() checked it */

    if (!type->supported) {
        char list[128];

        dtype_list(list, sizeof list);
        return error_set(err, ERR_UNSUPPORTED, "tensor '%s' has type %s; supported: %s", name,
                         type->name, list);
    }
    *out = (struct matrix){
        .data = tensor->data,
        .type = (enum dtype)tensor->type,
        .n_rows = (size_t)tensor->dims[1],
        .n_cols = (size_t)tensor->dims[0],
        .row_bytes = (size_t)(tensor->dims[0] / type->block * type->block_bytes),
    };
    return 0;
}

static int bind_matrix(struct binder *binder, const char *suffix, size_t n_rows, size_t n_cols,
                       struct matrix *out, struct error *err)
{
    char name[NAME_BYTES];
    const struct gguf_tensor *tensor = use_tensor(binder, tensor_name(binder, suffix, name));

    if (!tensor)
        return missing_tensor(name, err);
    if (check_shape(tensor, name, n_cols, n_rows, err) < 0)
        return -1;
    return view_matrix(tensor, name, out, err);
}

/* Bind a vector that may be absent; *out is then NULL. Vectors are small: they are copied to be
 * aligned, and checked to be finite. */
static int bind_optional(struct binder *binder, const char *suffix, size_t n, const float **out,
                         struct error *err)
{
    char name[NAME_BYTES];
    const struct gguf_tensor *tensor = use_tensor(binder, tensor_name(binder, suffix, name));

    *out = NULL;
    if (!tensor)
        return 0;
    if (check_shape(tensor, name, n, 1, err) < 0)
        return -1;
    if (tensor->type != DTYPE_F32)
        return error_set(err, ERR_UNSUPPORTED, "tensor '%s' has type %s; vectors must be F32",
                         name, dtype_find(tensor->type)->name);

    float *copy = arena_alloc(&binder->weights->arena, n, sizeof *copy);
    if (!copy)
        return error_nomem(err);
    memcpy(copy, tensor->data, n * sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(copy[i]))
            return error_set(err, ERR_INPUT, "tensor '%s': element %zu is not a finite number",
                             name, i);
    }
    *out = copy;
    return 0;
}

static int bind_vector(struct binder *binder, const char *suffix, size_t n, const float **out,
                       struct error *err)
{
    char name[NAME_BYTES];

    if (bind_optional(binder, suffix, n, out, err) < 0)
        return -1;
    return *out ? 0 : missing_tensor(tensor_name(binder, suffix, name), err);
}

/* Bind SUFFIX.weight and SUFFIX.bias. The bias is required only with needs_bias. */
static int bind_linear(struct binder *binder, const char *suffix, size_t n_rows, size_t n_cols,
                       bool needs_bias, struct linear *out, struct error *err)
{
    char name[SUFFIX_BYTES];

    snprintf(name, sizeof name, "%s.weight", suffix);
    if (bind_matrix(binder, name, n_rows, n_cols, &out->matrix, err) < 0)
        return -1;
    snprintf(name, sizeof name, "%s.bias", suffix);
    return needs_bias ? bind_vector(binder, name, n_rows, &out->bias, err)
                      : bind_optional(binder, name, n_rows, &out->bias, err);
}

static int bind_norm(struct binder *binder, const char *suffix, struct norm *out,
                     struct error *err)
{
    char name[SUFFIX_BYTES];

    snprintf(name, sizeof name, "%s.weight", suffix);
    if (bind_vector(binder, name, binder->info->n_embd, &out->weight, err) < 0)
        return -1;
    if (binder->arch->norm == NORM_RMS)
        return 0;
    snprintf(name, sizeof name, "%s.bias", suffix);
    return bind_vector(binder, name, binder->info->n_embd, &out->bias, err);
}

/* A view of rows [first, first + n) of a linear map. */
static struct linear linear_rows(const struct linear *all, size_t first, size_t n)
{
    struct linear rows = *all;

    rows.matrix.data += first * all->matrix.row_bytes;
    rows.matrix.n_rows = n;
    rows.bias = all->bias ? all->bias + first : NULL;
    return rows;
}

static bool has_tensor(const struct binder *binder, const char *suffix)
{
    char name[NAME_BYTES];

    return gguf_tensor(binder->gguf, tensor_name(binder, suffix, name)) != NULL;
}

static int bind_qkv(struct binder *binder, struct layer *layer, struct error *err)
{
    const struct model_info *info = binder->info;
    const size_t width = info->n_embd;
    const size_t q_width = (size_t)info->n_heads * info->head_dim;
    const size_t kv_width = (size_t)info->n_kv_heads * info->head_dim;
    const bool needs_bias = binder->arch->needs & (NEEDS_QKV_BIASES | NEEDS_BIASES);
    struct linear all = { .bias = NULL };

    if (has_tensor(binder, "attn_qkv.weight")) {
        if (bind_linear(binder, "attn_qkv", q_width + 2 * kv_width, width, needs_bias, &all,
                        err) < 0)
            return -1;
        layer->q = linear_rows(&all, 0, q_width);
        layer->k = linear_rows(&all, q_width, kv_width);
        layer->v = linear_rows(&all, q_width + kv_width, kv_width);
    } else if (bind_linear(binder, "attn_q", q_width, width, needs_bias, &layer->q, err) < 0 ||
               bind_linear(binder, "attn_k", kv_width, width, needs_bias, &layer->k, err) < 0 ||
               bind_linear(binder, "attn_v", kv_width, width, needs_bias, &layer->v, err) < 0) {
        return -1;
    }
    if (!layer->q.bias != !layer->k.bias || !layer->q.bias != !layer->v.bias)
        return error_set(err, ERR_INPUT,
                         "layer %d has a bias on some of Q, K and V but not on all",
                         binder->layer);
    if (!(binder->arch->needs & NEEDS_QK_NORMS))
        return 0;
    if (bind_vector(binder, "attn_q_norm.weight", info->head_dim, &layer->q_norm, err) < 0)
        return -1;
    return bind_vector(binder, "attn_k_norm.weight", info->head_dim, &layer->k_norm, err);
}

/* Gate and up may be one matrix, with the gate's rows first. */
static int bind_feed_forward(struct binder *binder, struct layer *layer, struct error *err)
{
    const enum ffn_kind kind = binder->arch->ffn;
    const bool needs_bias = binder->arch->needs & NEEDS_BIASES;
    const size_t width = binder->info->n_embd;
    const size_t inner = binder->info->n_ff;
    struct linear both = { .bias = NULL };
    char name[NAME_BYTES];
    const struct gguf_tensor *up =
        gguf_tensor(binder->gguf, tensor_name(binder, "ffn_up.weight", name));

    if (kind == FFN_GELU_TANH || kind == FFN_GELU_ERF) {
        if (bind_linear(binder, "ffn_up", inner, width, needs_bias, &layer->up, err) < 0)
            return -1;
    } else if (!has_tensor(binder, "ffn_gate.weight") && up && up->dims[1] == 2 * inner) {
        if (bind_linear(binder, "ffn_up", 2 * inner, width, needs_bias, &both, err) < 0)
            return -1;
        layer->gate = linear_rows(&both, 0, inner);
        layer->up = linear_rows(&both, inner, inner);
    } else if (bind_linear(binder, "ffn_gate", inner, width, needs_bias, &layer->gate, err) <
                   0 ||
               bind_linear(binder, "ffn_up", inner, width, needs_bias, &layer->up, err) < 0) {
        return -1;
    }
    return bind_linear(binder, "ffn_down", width, inner, needs_bias, &layer->down, err);
}

static int bind_layer(struct binder *binder, struct layer *layer, struct error *err)
{
    const struct model_info *info = binder->info;
    const size_t q_width = (size_t)info->n_heads * info->head_dim;
    const unsigned needs = binder->arch->needs;

    layer->is_local = hparams_is_local(binder->hparams, (uint32_t)binder->layer);
    if (bind_norm(binder, "attn_norm", &layer->attn_norm, err) < 0 ||
        bind_qkv(binder, layer, err) < 0 ||
        bind_linear(binder, "attn_output", info->n_embd, q_width, needs & NEEDS_BIASES,
                    &layer->attn_output, err) < 0 ||
        bind_norm(binder, "ffn_norm", &layer->ffn_norm, err) < 0 ||
        bind_feed_forward(binder, layer, err) < 0)
        return -1;
    if (!(needs & NEEDS_POST_NORMS))
        return 0;
    if (bind_norm(binder, "post_attention_norm", &layer->attn_post_norm, err) < 0)
        return -1;
    return bind_norm(binder, "post_ffw_norm", &layer->ffn_post_norm, err);
}

/* Bind divisors of the RoPE frequencies. */
static int bind_factors(struct binder *binder, const char *name, const float **out,
                        struct error *err)
{
    const size_t n = binder->hparams->rope.n_rot / 2;

    if (n == 0)
        return 0;
    if (bind_optional(binder, name, n, out, err) < 0)
        return -1;
    for (size_t i = 0; *out && i < n; i++) {
        if ((*out)[i] <= 0)
            return error_set(err, ERR_INPUT, "tensor '%s': element %zu is %g, not above 0",
                             name, i, (double)(*out)[i]);
    }
    return 0;
}

static int bind_rope(struct binder *binder, struct error *err)
{
    struct rope *rope = &binder->hparams->rope;
    const float *short_factors = NULL;

    if (bind_factors(binder, "rope_freqs.weight", &rope->factors, err) < 0 ||
        bind_factors(binder, "rope_factors_long.weight", &rope->long_factors, err) < 0 ||
        bind_factors(binder, "rope_factors_short.weight", &short_factors, err) < 0)
        return -1;
    if (!rope->long_factors != !short_factors)
        return missing_tensor(
            short_factors ? "rope_factors_long.weight" : "rope_factors_short.weight", err);
    if (rope->scaling && strcmp(rope->scaling, "longrope") == 0 && !short_factors)
        return missing_tensor("rope_factors_long.weight", err);
    if (short_factors)
        rope->factors = short_factors;
    return 0;
}

/* The embedding has a row per token of the vocabulary. If the file also has a key vocab_size,
 * it must be the same. */
static int bind_vocabulary(struct binder *binder, struct error *err)
{
    const struct gguf_tensor *embd = gguf_tensor(binder->gguf, "token_embd.weight");
    struct weights *weights = binder->weights;
    uint64_t n_vocab;
    char key[NAME_BYTES];

    if (!embd)
        return missing_tensor("token_embd.weight", err);
    n_vocab = embd->dims[1];
    if (n_vocab > MAX_VOCAB)
        return error_set(err, ERR_INPUT,
                         "tensor 'token_embd.weight' has %" PRIu64 " rows, more than %d",
                         n_vocab, MAX_VOCAB);
    snprintf(key, sizeof key, "%s.vocab_size", binder->arch->name);
    if (gguf_uint(binder->gguf, key, n_vocab, n_vocab, &n_vocab, err) < 0)
        return error_prefix(err, "the embedding has %" PRIu64 " rows", n_vocab);
    binder->info->n_vocab = (uint32_t)n_vocab;
    if (bind_matrix(binder, "token_embd.weight", (size_t)n_vocab, binder->info->n_embd,
                    &weights->embd, err) < 0)
        return -1;
    weights->output = weights->embd;
    if (!gguf_tensor(binder->gguf, "output.weight"))
        return 0;
    return bind_matrix(binder, "output.weight", (size_t)n_vocab, binder->info->n_embd,
                       &weights->output, err);
}

static int bind_all(struct binder *binder, struct error *err)
{
    struct weights *weights = binder->weights;
    const size_t n_layers = binder->info->n_layers;

    weights->layers = arena_alloc(&weights->arena, n_layers, sizeof *weights->layers);
    if (!weights->layers)
        return error_nomem(err);
    memset(weights->layers, 0, n_layers * sizeof *weights->layers);
    if (bind_vocabulary(binder, err) < 0 ||
        bind_norm(binder, "output_norm", &weights->output_norm, err) < 0 ||
        bind_rope(binder, err) < 0)
        return -1;
    if ((binder->arch->needs & NEEDS_POSITIONS) &&
        bind_matrix(binder, "position_embd.weight", binder->info->context_length,
                    binder->info->n_embd, &weights->positions, err) < 0)
        return -1;
    for (size_t i = 0; i < n_layers; i++) {
        binder->layer = (int)i;
        if (bind_layer(binder, &weights->layers[i], err) < 0)
            return -1;
    }
    return 0;
}

static int reject_unused_tensors(const struct binder *binder, struct error *err)
{
    for (size_t i = 0; i < gguf_tensor_count(binder->gguf); i++) {
        const struct slice name = gguf_tensor_at(binder->gguf, i)->name;

        if (!binder->used[i])
            return error_set(err, ERR_UNSUPPORTED,
                             "tensor '%.*s' is not supported in a %s model of %" PRIu32
                             " layers: scores would be wrong without it",
                             (int)name.len, name.ptr, binder->arch->name,
                             binder->info->n_layers);
    }
    return 0;
}

int weights_bind(const struct gguf *gguf, struct model_info *info, struct hparams *hparams,
                 struct weights *out, struct error *err)
{
    struct binder binder = { gguf, hparams->arch, info, hparams, out, NULL, -1 };
    int rc = -1;

    *out = (struct weights){ .layers = NULL };
    arena_init(&out->arena);
    binder.used = calloc(gguf_tensor_count(gguf) + 1, sizeof *binder.used);
    if (!binder.used)
        error_nomem(err);
    else if (bind_all(&binder, err) == 0)
        rc = reject_unused_tensors(&binder, err);
    free(binder.used);
    if (rc < 0)
        weights_release(out);
    return rc;
}

void weights_release(struct weights *weights)
{
    arena_release(&weights->arena);
    weights->layers = NULL;
}
