/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* GPT-NeoX and Pythia: arXiv 2204.06745, 2304.01373. Only the first elements of each head are
 * rotated. */
const struct arch arch_gptneox = {
    .name = "gptneox",
    .norm = NORM_LAYER,
    .rope = ROPE_HALVES,
    .ffn = FFN_GELU_ERF,
    .needs = NEEDS_BIASES,
    .parallel_residual = true,
};
