/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch.h"

/* Qwen 2 and 2.5: Q, K and V have biases, the two halves of a head rotate together. */
const struct arch arch_qwen2 = {
    .name = "qwen2",
    .rope_neox = true,
    .attn_output_bias = false,
};
