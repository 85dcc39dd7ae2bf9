/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Qwen 2 and 2.5: arXiv 2407.10671. */
const struct arch arch_qwen2 = {
    .name = "qwen2",
    .norm = NORM_RMS,
    .rope = ROPE_HALVES,
    .ffn = FFN_GATED_SILU,
    .needs = NEEDS_QKV_BIASES,
};
