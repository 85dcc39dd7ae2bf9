/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

/* Mistral: arXiv 2310.06825. Most files are named llama instead. The sliding window is a key of
 * the file. */
const struct arch arch_mistral = {
    .name = "mistral",
    .norm = NORM_RMS,
    .rope = ROPE_NEIGHBOURS,
    .ffn = FFN_GATED_SILU,
};
