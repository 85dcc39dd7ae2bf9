/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention.h - causal attention within each sequence, in tiles with an online softmax.
 *
 * Keys are stored transposed, values as they are, both as right sides for gemm:
 * - K: a part's keys begin at k + first_key * kv_width; there each key-value head has
 *   n_keys * head_dim floats: panels of `panel` keys (the last one fewer), element-major, that
 *   is element l of key j of a panel of n at [l * n + j].
 * - V: column c of key i at v[c / panel * n_keys * panel + i * panel + c % panel], with n_keys
 *   and i counted over the whole batch.
 */
#ifndef CURATE_ATTENTION_H
#define CURATE_ATTENTION_H

#include <stddef.h>

struct ragged;
struct part;
struct session;

/* Store one key row (kv_width floats, already rotated) at its place in k. */
void attention_put_key(const struct session *session, const struct ragged *batch,
                       const struct part *part, size_t position, const float *row);

/* The same of a row of values, in v. */
void attention_put_value(const struct session *session, const struct ragged *batch,
                         const struct part *part, size_t position, const float *row);

/* Turn the queries of all rows (rotated and scaled) of batch->layer into the attention's
 * output, in place, and note what sequences ask of it: mass, focus, reach of the batch. A row
 * sees the last `window` keys, its own among them; all when window is 0. */
void attention_run(const struct session *session, struct ragged *batch, size_t window);

/* How much 1 is in a part's sums of mass: fixed point such that the sum over layers, heads and
 * rows, each at most 1 (and rounding), stays below 2^62. */
double attention_unit(const struct session *session, const struct part *part);

/* After the last layer: the means that the sequences asked for. */
void attention_means(const struct session *session, const struct ragged *batch);
/* What focus is: mean over rows of the largest of a row's n_heads numbers. */
double attention_focus(const double *mass, size_t n_rows, size_t n_heads);
/* Unbiased variance of n numbers, by their sum and the sum of their squares. */
double attention_variance(double sum, double squares, double n);
/* After the first layer, before ragged_narrow(). */
void attention_reach(const struct session *session, const struct ragged *batch);

#endif
