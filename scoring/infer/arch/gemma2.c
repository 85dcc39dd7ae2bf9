/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Gemma 2: arXiv 2408.00118. Every other layer is local. GGUF stores norm weights plus 1. */
const struct arch arch_gemma2 = {
    .name = "gemma2",
    .norm = NORM_RMS,
    .rope = ROPE_HALVES,
    .ffn = FFN_GATED_GELU,
    .needs = NEEDS_POST_NORMS,
    .scaled_embedding = true,
    .window = 4096,
    .local_period = 2,
    .attn_soft_cap = 50,
    .final_soft_cap = 30,
    .wide_query_layers = 46, /* 27B */
};
