/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Mistral, where a file does not call itself llama: arXiv 2310.06825. Its sliding window is a
 * key of the file. */
const struct arch arch_mistral = {
    .name = "mistral",
    .norm = NORM_RMS,
    .rope = ROPE_NEIGHBOURS,
    .ffn = FFN_GATED_SILU,
};
