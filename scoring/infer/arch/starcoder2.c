/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* StarCoder 2: arXiv 2402.19173. */
const struct arch arch_starcoder2 = {
    .name = "starcoder2",
    .norm = NORM_LAYER,
    .rope = ROPE_HALVES,
    .ffn = FFN_GELU_TANH,
    .needs = NEEDS_BIASES,
};
