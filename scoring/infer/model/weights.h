/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weights.h - tensor names of a file to checked views of its weights.
 *
 * Every tensor has exactly the shape the hyper-parameters imply. A tensor that is missing, and
 * a tensor we have no use for (experts, a bias of the logits), is an error by name: a model
 * computed without it would give wrong numbers. Matrices that a file stores as one (attn_qkv;
 * gate and up as ffn_up) become views of its rows.
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

/* A linear map of n_cols inputs to n_rows outputs, in the mapped file. */
struct matrix {
    const uint8_t *data; /* row after row; no alignment */
    enum dtype type;
    size_t n_rows;
    size_t n_cols;
    size_t row_bytes;
    const uint8_t *panels; /* the same by model_pack(); NULL without */
};

struct linear {
    struct matrix matrix;
    const float *bias; /* may be NULL */
};

struct norm {
    const float *weight; /* NULL: there is no such norm */
    const float *bias;   /* of NORM_LAYER */
};

struct layer {
    bool is_local; /* hparams_is_local() */
    struct norm attn_norm;
    struct linear q, k, v;
    const float *q_norm, *k_norm; /* of every head; may be NULL */
    struct linear attn_output;
    struct norm attn_post_norm;
    struct norm ffn_norm;
    struct linear gate; /* no matrix in an architecture without */
    struct linear up, down;
    struct norm ffn_post_norm;
};

struct weights {
    struct arena arena; /* the vectors and the layers */
    struct matrix embd;
    struct matrix positions; /* of NEEDS_POSITIONS: a row for each */
    struct matrix output;    /* embd again when the file ties them */
    struct norm output_norm;
    struct layer *layers;
};

/* Also sets info->n_vocab and the divisors of hparams->rope. gguf is borrowed for as long as
 * the weights live. On failure weights_release() has been called. */
int weights_bind(const struct gguf *gguf, struct model_info *info, struct hparams *hparams,
                 struct weights *out, struct error *err);
void weights_release(struct weights *weights);

#endif
