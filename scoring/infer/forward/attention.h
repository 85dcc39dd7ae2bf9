/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention.h - causal attention within each sequence, in tiles with an online softmax.
 *
 * A task is some rows under some of the heads that share keys and values, block of keys after
 * block of keys: scores, their softmax relative to the largest so far, and what they weigh of
 * the values. Products are of floats, or of bfloat16 (kv_is_bf16()): then queries, keys,
 * values and the softmax's weights are rounded to it, each within 2^-8; sums are of floats.
 * Blocks begin at multiples of ATTENTION_KEYS of a sequence, so a row's sums have one order
 * whatever else is in the batch.
 */
#ifndef CURATE_ATTENTION_H
#define CURATE_ATTENTION_H

#include <stddef.h>

struct model_info;
struct batch_range;
struct ragged;
struct session;

/* What of a thread's scratch attention_run() needs. */
size_t attention_scratch_bytes(const struct model_info *info);

/* Turn the queries of all rows (rotated and scaled) of batch->layer into the attention's
 * output, in place, and note what sequences ask of it: mass, focus, reach of the batch. A row
 * sees the last `window` keys, its own among them; all when window is 0. */
void attention_run(const struct session *session, struct ragged *batch, size_t window);

/* How much 1 is in a range's sums of mass: fixed point such that the sum over layers, heads and
 * rows, each at most 1 (and rounding), stays below 2^62. */
double attention_fixed_one(const struct session *session, const struct batch_range *range);

/* After the last layer: the means that the sequences asked for. */
void attention_means(const struct session *session, const struct ragged *batch);
/* What focus is: mean over rows of the largest of a row's n_heads numbers. */
double attention_focus(const double *mass, size_t n_rows, size_t n_heads);
/* Unbiased variance of n numbers, by their sum and the sum of their squares. */
double attention_variance(double sum, double squares, double n);
/* After the first layer, before ragged_narrow(). */
void attention_reach(const struct session *session, const struct ragged *batch);

#endif
