/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Gemma 3: arXiv 2503.19786. Five local layers per global layer, each kind with its own RoPE.
 * Norms of queries and keys replace the soft cap. */
const struct arch arch_gemma3 = {
    .name = "gemma3",
    .norm = NORM_RMS,
    .rope = ROPE_HALVES,
    .ffn = FFN_GATED_GELU,
    .needs = NEEDS_QK_NORMS | NEEDS_POST_NORMS,
    .scaled_embedding = true,
    .local_period = 6,
    .local_rope_base = 10000,
    .wide_query_layers = 62, /* 27B */
};
