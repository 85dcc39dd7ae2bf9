/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* GPT-2: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners". */
const struct arch arch_gpt2 = {
    .name = "gpt2",
    .norm = NORM_LAYER,
    .rope = ROPE_NONE,
    .ffn = FFN_GELU_TANH,
    .needs = NEEDS_BIASES | NEEDS_POSITIONS,
};
