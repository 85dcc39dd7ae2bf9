/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variants.h - the variants of the kernels, one family per instruction set.
 *
 * use_ref() fills all entries of k with the C reference. use_NAME() overwrites the entries that
 * its instruction set computes faster. These functions run on any CPU; the kernels that they
 * enter do not.
 */
#ifndef CURATE_VARIANTS_H
#define CURATE_VARIANTS_H

struct kernels;

void use_ref(struct kernels *k);
void use_avx2(struct kernels *k);
void use_avx512(struct kernels *k);
void use_avx512vnni(struct kernels *k);
void use_avx512bf16(struct kernels *k);

#endif
