/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - all matrices of a model as panels, made once.
 */
#ifndef CURATE_PACK_H
#define CURATE_PACK_H

#include <stdint.h>

struct error;
struct kernels;
struct model;
struct pool;

/* Bytes that model_pack() takes with these kernels: 4 a weight in F32, F16, Q2_K, Q3_K and
 * Q6_K, 2 or 4 in BF16, 1.25 or 4 in the other types, the larger where the kernels multiply
 * floats only. The embedding stays in the file, but for the copy that the output makes of it.
 */
uint64_t model_pack_bytes(const struct model *model, const struct kernels *kernels);

/*
 * From now on sessions with these kernels multiply panels that are there already; results keep
 * their bits. Before the first session of the model. ERR_NOMEM, also when it would take more
 * memory than there is to be had: the model is then as it was.
 */
int model_pack(struct model *model, const struct kernels *kernels, struct pool *pool,
               struct error *err);

/* Free the panels, when no session of the model is left. */
void model_unpack(struct model *model);

#endif
