/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variants.h - what each instruction set offers.
 *
 * use_NAME() overwrites the entries of k that its instruction set does better; use_ref() fills
 * them all. Calling one is safe on any CPU, calling what it put in the table is not.
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
