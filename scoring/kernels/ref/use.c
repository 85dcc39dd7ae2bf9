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
        .rms_norm = rms_norm_ref,
        .rope_norm = rope_norm_ref,
        .rope_neox = rope_neox_ref,
        .silu_mul = silu_mul_ref,
        .max_f32 = max_f32_ref,
        .exp_sum = exp_sum_ref,
        .sum_f32 = sum_f32_ref,
        .scale_f32 = scale_f32_ref,
        .add_f32 = add_f32_ref,
    };
}
