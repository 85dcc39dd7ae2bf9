/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weights.h - tensor names of a file to checked views of its weights.
 *
 * Every tensor has exactly the shape the hyper-parameters imply. A tensor that is missing, and
 * a tensor we have no use for (experts, RoPE factors, norms of Q and K), is an error by name: a
 * model computed without it would give wrong numbers.
 */
#ifndef CURATE_WEIGHTS_H
#define CURATE_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scoring/infer/gguf.h"

struct arch;
struct error;
struct model_info;

/* A linear map of n_cols inputs to n_rows outputs, in the mapped file. */
struct matrix {
    const uint8_t *data; /* row after row; no alignment */
    enum dtype type;
    size_t n_rows;
    size_t n_cols;
    size_t row_bytes;
};

struct layer {
    const float *attn_norm;
    struct matrix q, k, v;
    const float *q_bias, *k_bias, *v_bias; /* all NULL, or none */
    struct matrix attn_output;
    const float *attn_output_bias; /* may be NULL */
    const float *ffn_norm;
    struct matrix gate, up, down;
};

struct weights {
    struct arena arena; /* the vectors and the layers */
    struct matrix embd;
    struct matrix output; /* embd again when the file ties them */
    const float *output_norm;
    struct layer *layers;
};

/* Also sets info->n_vocab. gguf is borrowed for as long as the weights live. On failure
 * weights_release() has been called. */
int weights_bind(const struct gguf *gguf, const struct arch *arch, struct model_info *info,
                 struct weights *out, struct error *err);
void weights_release(struct weights *weights);

#endif
