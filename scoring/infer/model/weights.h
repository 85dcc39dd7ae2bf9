/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weights.h - find the tensors of a model by name and check them.
 *
 * Every tensor must have the shape that the hyper-parameters imply. A missing tensor is an
 * error, and so is a tensor that is not used (experts, a bias of the logits): ignoring it would
 * give wrong scores. If a file stores several matrices as one (attn_qkv; gate and up as
 * ffn_up), each becomes a view of some of its rows.
 */
#ifndef CURATE_WEIGHTS_H
#define CURATE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scoring/infer/gguf/gguf.h"

struct error;
struct hparams;
struct model_info;

/* A matrix in the mapped file: a linear map of n_cols inputs to n_rows outputs. */
struct matrix {
    const uint8_t *data; /* row after row, unaligned; NULL: the layer has no such matrix */
    enum dtype type;
    size_t n_rows;
    size_t n_cols;
    size_t row_bytes;
    const uint8_t *panels; /* the same, packed by model_pack(); or NULL */
};

struct linear {
    struct matrix matrix;
    const float *bias; /* may be NULL */
};

struct norm {
    const float *weight; /* NULL: the layer has no such norm */
    const float *bias;   /* with NORM_LAYER */
};

struct layer {
    bool is_local; /* hparams_is_local() */
    struct norm attn_norm;
    struct linear q, k, v;
    const float *q_norm, *k_norm; /* applied to every head; may be NULL */
    struct linear attn_output;
    struct norm attn_post_norm;
    struct norm ffn_norm;
    struct linear gate; /* without data if the architecture has no gate */
    struct linear up, down;
    struct norm ffn_post_norm;
};

struct weights {
    struct arena arena; /* vectors and layers */
    struct matrix embd;
    struct matrix positions; /* with NEEDS_POSITIONS: a row per position */
    struct matrix output;    /* the same as embd if the file ties them */
    struct norm output_norm;
    struct layer *layers;
};

/* Find and check all tensors of a model. Also sets info->n_vocab and the divisors of
 * hparams->rope. gguf is borrowed until weights_release(). Returns -1 with ERR_INPUT,
 * ERR_UNSUPPORTED or ERR_NOMEM; weights_release() has then been called. */
int weights_bind(const struct gguf *gguf, struct model_info *info, struct hparams *hparams,
                 struct weights *out, struct error *err);
void weights_release(struct weights *weights);

#endif
