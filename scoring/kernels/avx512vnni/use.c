/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512vnni/avx512vnni.h"
#include "scoring/kernels/kernels.h"
#include "scoring/kernels/variants.h"

/* Adds to use_avx512(); the panel has the same size. */
void use_avx512vnni(struct kernels *k)
{
    k->name = "avx512vnni";
    k->panel = PANEL_AVX512VNNI;
    k->int8 = true;
    k->quantise_int8 = quantise_int8_avx512vnni;
    k->pack_int8 = pack_int8_avx512vnni;
    k->gemm_int8 = gemm_int8_avx512vnni;
}
