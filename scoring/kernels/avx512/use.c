/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/kernels.h"
#include "scoring/kernels/variants.h"

void use_avx512(struct kernels *k)
{
    k->name = "avx512";
    k->panel = PANEL_AVX512;
    k->gemm_f32 = gemm_f32_avx512;
    k->pack_f32 = pack_f32_avx512;
    k->pack_f16 = pack_f16_avx512;
    k->pack_bf16 = pack_bf16_avx512;
    k->pack_q8_0 = pack_q8_0_avx512;
    k->rms_norm = rms_norm_avx512;
    k->rope_norm = rope_norm_avx512;
    k->rope_neox = rope_neox_avx512;
    k->silu_mul = silu_mul_avx512;
    k->gelu_tanh = gelu_tanh_avx512;
    k->soft_cap = soft_cap_avx512;
    k->max_f32 = max_f32_avx512;
    k->exp_sum = exp_sum_avx512;
    k->sum_f32 = sum_f32_avx512;
    k->dot_f32 = dot_f32_avx512;
    k->dots_f32 = dots_f32_avx512;
    k->sum_above = sum_above_avx512;
    k->scale_f32 = scale_f32_avx512;
    k->add_f32 = add_f32_avx512;
    k->mul_f32 = mul_f32_avx512;
    k->minhash = minhash_avx512;
}
