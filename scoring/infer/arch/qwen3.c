/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Qwen 3: arXiv 2505.09388. Norms of queries and keys replace the biases. */
const struct arch arch_qwen3 = {
    .name = "qwen3",
    .norm = NORM_RMS,
    .rope = ROPE_HALVES,
    .ffn = FFN_GATED_SILU,
    .needs = NEEDS_QK_NORMS,
};
