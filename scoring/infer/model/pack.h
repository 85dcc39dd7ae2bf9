/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - pack all matrices of a model into panels, once, before the first session.
 */
#ifndef CURATE_PACK_H
#define CURATE_PACK_H

#include <stdint.h>

struct error;
struct kernels;
struct model;
struct pool;

/* Bytes that model_pack() allocates with these kernels. Per weight: 4 bytes for F32, F16, Q2_K,
 * Q3_K and Q6_K; 2 or 4 for BF16; 1.25 or 4 for the other types. The larger figure is for
 * kernels that multiply floats only. The embedding is not packed, unless it is also the output
 * matrix. */
uint64_t model_pack_bytes(const struct model *model, const struct kernels *kernels);

/*
 * Pack a model for these kernels: sessions with them no longer make panels for each product.
 * Results are bit-identical. Call it before the first session of the model. Returns -1 with
 * ERR_NOMEM, also if it needs more memory than is available; the model is then unchanged.
 */
int model_pack(struct model *model, const struct kernels *kernels, struct pool *pool,
               struct error *err);

/* Free the panels. No session of the model may exist. */
void model_unpack(struct model *model);

#endif
