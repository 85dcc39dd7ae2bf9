/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch.h - in what the architectures we run differ from each other.
 *
 * All of them are pre-norm decoders with grouped-query attention and a feed-forward part. The
 * building blocks are forward.c's; which of them a model is made of, is said here, and the
 * sizes by the keys of its file. Whatever stands in a file beyond what its architecture must
 * have (a bias, frequency factors of RoPE, a sliding window, soft caps, Q, K and V in one
 * matrix) is honoured for every architecture. To add one: write arch_NAME.c with `const struct
 * arch arch_NAME` and put NAME into meson.build here.
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

/* Which elements of a head turn together, of the n that turn. */
enum rope_pairs {
    ROPE_NONE,       /* positions are no matter of angles */
    ROPE_NEIGHBOURS, /* (2i, 2i + 1) */
    ROPE_HALVES      /* (i, i + n/2) */
};

/* down(f(gate(x)) * up(x)), or down(f(up(x))). */
enum ffn_kind { FFN_GATED_SILU, FFN_GATED_GELU, FFN_GELU_TANH, FFN_GELU_ERF };

/* What a file must have, and what makes no sense without it. */
enum arch_needs {
    NEEDS_QKV_BIASES = 1 << 0, /* of the matrices Q, K and V */
    NEEDS_BIASES = 1 << 1,     /* of all matrices but the embedding's */
    NEEDS_QK_NORMS = 1 << 2,   /* RMSNorm of every head of queries and keys, before RoPE */
    NEEDS_POST_NORMS = 1 << 3, /* a norm after attention and feed-forward part, too */
    NEEDS_POSITIONS = 1 << 4,  /* a vector for every position, added to the embedding */
};

struct arch {
    const char *name; /* value of general.architecture, and prefix of its keys */
    enum norm_kind norm;
    enum rope_pairs rope;
    enum ffn_kind ffn;
    unsigned needs;        /* of enum arch_needs */
    bool scaled_embedding; /* by the root of its width */

    /* What holds where the file's keys do not say. */
    bool parallel_residual; /* x + attention(norm(x)) + ffn(norm(x)) */
    uint32_t window;        /* keys that a local layer's row sees, itself among them; 0 all */
    uint32_t local_period;  /* of so many layers the last sees all keys; 0: all are local */
    double local_rope_base; /* of local layers, unscaled; 0: they are as the others */
    double attn_soft_cap;   /* 0: none */
    double final_soft_cap;

    /* A model of so many layers scales queries by 1 / sqrt(width / heads) instead of
     * 1 / sqrt(head's width): its file has no key for that. 0: none. */
    uint32_t wide_query_layers;
};

/* All of them, ended by NULL. */
extern const struct arch *const archs[];

/* NULL when there is none of that name. */
const struct arch *arch_find(struct slice name);

#endif
