/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Phi 3 and 3.5, Phi 4: arXiv 2404.14219. Q, K and V are one matrix, gate and up another.
 * Long-context models have two sets of RoPE frequency factors. */
const struct arch arch_phi3 = {
    .name = "phi3",
    .norm = NORM_RMS,
    .rope = ROPE_HALVES,
    .ffn = FFN_GATED_SILU,
};
