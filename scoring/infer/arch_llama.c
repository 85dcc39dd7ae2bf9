/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch.h"

/* Llama 1 to 3, Mistral, TinyLlama, SmolLM. GGUF stores the rows of Q and K permuted so that
 * adjacent elements rotate together. */
const struct arch arch_llama = {
    .name = "llama",
    .rope_neox = false,
    .attn_output_bias = true,
};
