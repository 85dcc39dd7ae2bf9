/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/kernels.h"
#include "scoring/kernels/variants.h"

void use_avx2(struct kernels *k)
{
    k->name = "avx2";
    k->panel = PANEL_AVX2;
    k->gemm_f32 = gemm_f32_avx2;
    k->pack_f32 = pack_f32_avx2;
    k->pack_f16 = pack_f16_avx2;
    k->pack_bf16 = pack_bf16_avx2;
    k->pack_q8_0 = pack_q8_0_avx2;
    k->rms_norm = rms_norm_avx2;
    k->rope_norm = rope_norm_avx2;
    k->rope_neox = rope_neox_avx2;
    k->silu_mul = silu_mul_avx2;
    k->gelu_tanh = gelu_tanh_avx2;
    k->soft_cap = soft_cap_avx2;
    k->max_f32 = max_f32_avx2;
    k->exp_sum = exp_sum_avx2;
    k->sum_f32 = sum_f32_avx2;
    k->dot_f32 = dot_f32_avx2;
    k->dots_f32 = dots_f32_avx2;
    k->sum_above = sum_above_avx2;
    k->scale_f32 = scale_f32_avx2;
    k->add_f32 = add_f32_avx2;
    k->mul_f32 = mul_f32_avx2;
    k->minhash = minhash_avx2;
}
