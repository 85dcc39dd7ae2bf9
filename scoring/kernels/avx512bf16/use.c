/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512bf16/avx512bf16.h"
#include "scoring/kernels/kernels.h"
#include "scoring/kernels/variants.h"

/* Adds to use_avx512vnni(); the panel has the same size. */
void use_avx512bf16(struct kernels *k)
{
    k->name = "avx512bf16";
    k->panel = PANEL_AVX512BF16;
    k->bf16 = true;
    k->round_bf16 = round_bf16_avx512bf16;
    k->pair_bf16 = pair_bf16_avx512bf16;
    k->exp_bf16 = exp_bf16_avx512bf16;
    k->gemm_bf16 = gemm_bf16_avx512bf16;
}
