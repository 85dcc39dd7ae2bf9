/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Llama 1 to 3, TinyLlama, SmolLM, Yi, Mistral: arXiv 2302.13971. GGUF stores the rows of Q and
 * K permuted, so that neighbouring elements are rotated as a pair. */
const struct arch arch_llama = {
    .name = "llama",
    .norm = NORM_RMS,
    .rope = ROPE_NEIGHBOURS,
    .ffn = FFN_GATED_SILU,
};
