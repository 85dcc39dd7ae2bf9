/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matmul_int8.h - the product of matmul.h in 8-bit integers, where the kernels are fast at it.
 *
 * Weights of the block types are bytes with scales already and are multiplied as they are. Rows
 * are rounded to bytes in blocks of 32, each with a scale of its own: the result differs from
 * that in floats by at most the sum over blocks of (M / 254 + 4 * FLT_EPSILON * M) * sum |w|, M
 * the block's largest magnitude (kernels.h).
 */
#ifndef CURATE_MATMUL_INT8_H
#define CURATE_MATMUL_INT8_H

#include <stdbool.h>
#include <stddef.h>

struct matmul;
struct matrix;
struct model_info;
struct session;

/* Whether these kernels and this type go together. */
bool matmul_int8_serves(const struct session *session, const struct matrix *weights);

/* Bytes of session->acts: a chunk of the widest rows, rounded. */
size_t matmul_int8_bytes(const struct model_info *info);

void matmul_int8_run(const struct session *session, const struct matmul *matmul);

#endif
