/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/kernels.h"
#include "scoring/kernels/ref/ref.h"
#include "scoring/kernels/variants.h"

void use_ref(struct kernels *k)
{
    *k = (struct kernels){
        .name = "ref",
        .panel = PANEL_REF,
        .gemm_f32 = gemm_f32_ref,
        .pack_f32 = pack_f32_ref,
        .pack_f16 = pack_f16_ref,
        .pack_bf16 = pack_bf16_ref,
        .pack_q8_0 = pack_q8_0_ref,
        .unpack_q4_0 = unpack_q4_0_ref,
        .unpack_q4_1 = unpack_q4_1_ref,
        .unpack_q5_0 = unpack_q5_0_ref,
        .unpack_q5_1 = unpack_q5_1_ref,
        .unpack_iq4_nl = unpack_iq4_nl_ref,
        .unpack_q2_k = unpack_q2_k_ref,
        .unpack_q3_k = unpack_q3_k_ref,
        .unpack_q4_k = unpack_q4_k_ref,
        .unpack_q5_k = unpack_q5_k_ref,
        .unpack_q6_k = unpack_q6_k_ref,
        .quantise_int8 = quantise_int8_ref,
        .quants_q8_0 = quants_q8_0_ref,
        .quants_q4_0 = quants_q4_0_ref,
        .quants_q4_1 = quants_q4_1_ref,
        .quants_q5_0 = quants_q5_0_ref,
        .quants_q5_1 = quants_q5_1_ref,
        .quants_iq4_nl = quants_iq4_nl_ref,
        .quants_q4_k = quants_q4_k_ref,
        .quants_q5_k = quants_q5_k_ref,
        .pack_int8 = pack_int8_ref,
        .gemm_int8 = gemm_int8_ref,
        .rms_norm = rms_norm_ref,
        .layer_norm = layer_norm_ref,
        .rope_norm = rope_norm_ref,
        .rope_neox = rope_neox_ref,
        .silu_mul = silu_mul_ref,
        .gelu_tanh = gelu_tanh_ref,
        .gelu_erf = gelu_erf_ref,
        .soft_cap = soft_cap_ref,
        .max_f32 = max_f32_ref,
        .exp_sum = exp_sum_ref,
        .sum_f32 = sum_f32_ref,
        .scale_f32 = scale_f32_ref,
        .add_f32 = add_f32_ref,
        .mul_f32 = mul_f32_ref,
    };
}
