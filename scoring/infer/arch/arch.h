/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch.h - the differences between the supported architectures.
 *
 * All of them are pre-norm decoders with grouped-query attention and a feed-forward network. A
 * struct arch says which building blocks of forward.c a model uses; the keys of its file give
 * the sizes. Optional features of a file are supported for every architecture: a bias, RoPE
 * frequency factors, a sliding window, soft caps, Q, K and V in one matrix. To add an
 * architecture, write arch/NAME.c with `const struct arch arch_NAME`, and add NAME to
 * scoring/infer/meson.build.
 */
#ifndef CURATE_ARCH_H
#define CURATE_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum norm_kind {
    NORM_RMS,  /* x / rms(x) * weight */
    NORM_LAYER /* (x - mean(x)) / deviation(x) * weight + bias */
};

/* Which elements of a head are rotated as a pair, of the n that are rotated. */
enum rope_pairs {
    ROPE_NONE,       /* no rotary positions */
    ROPE_NEIGHBOURS, /* (2i, 2i + 1) */
    ROPE_HALVES      /* (i, i + n/2) */
};

/* down(f(gate(x)) * up(x)), or down(f(up(x))). */
enum ffn_kind { FFN_GATED_SILU, FFN_GATED_GELU, FFN_GELU_TANH, FFN_GELU_ERF };

/* Tensors that a file must have. */
enum arch_needs {
    NEEDS_QKV_BIASES = 1 << 0, /* biases of the matrices Q, K and V */
    NEEDS_BIASES = 1 << 1,     /* biases of all matrices except the embedding */
    NEEDS_QK_NORMS = 1 << 2,   /* RMSNorm of every head of queries and keys, before RoPE */
    NEEDS_POST_NORMS = 1 << 3, /* also a norm after attention and after the feed-forward */
    NEEDS_POSITIONS = 1 << 4,  /* a learned vector per position, added to the embedding */
};

struct arch {
    const char *name; /* value of general.architecture, and prefix of the file's keys */
    enum norm_kind norm;
    enum rope_pairs rope;
    enum ffn_kind ffn;
    unsigned needs;        /* of enum arch_needs */
    bool scaled_embedding; /* multiplied by the square root of its width */

    /* Defaults, for files without the key. */
    bool parallel_residual; /* x + attention(norm(x)) + ffn(norm(x)) */
    uint32_t window;       /* keys that a row of a local layer sees, its own included; 0: all */
    uint32_t local_period; /* the last of every so many layers is global; 0: all are local */
    double local_rope_base; /* RoPE base of local layers, unscaled; 0: same as global ones */
    double attn_soft_cap;   /* 0: none */
    double final_soft_cap;

    /* A model with exactly this number of layers scales queries by 1 / sqrt(n_embd / n_heads)
     * instead of 1 / sqrt(head_dim). Its file has no key for that. 0: no such model. */
    uint32_t wide_query_layers;
};

/* All architectures; the last element is NULL. */
extern const struct arch *const archs[];

/* Find an architecture by name. Returns NULL if it is not supported. */
const struct arch *arch_find(struct slice name);

#endif
