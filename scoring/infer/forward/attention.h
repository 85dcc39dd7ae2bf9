/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention.h - causal attention within each sequence, in tiles, with an online softmax.
 *
 * A task computes one tile: up to ATTENTION_ROWS query rows of a sequence, under some of the
 * heads that share a key-value head (grouped-query attention). It goes over the keys in blocks.
 * For each block it computes the scores, rescales the running sums to the largest score so far,
 * and adds the weighted values.
 *
 * Products are of floats, or of bfloat16 if kv_is_bf16(). Then queries, keys, values and
 * softmax weights are rounded to bfloat16, each within 2^-8; sums are of floats.
 *
 * Blocks of keys are counted from position 0 of a sequence. So the sums of a query row have one
 * order, whatever else is in the batch.
 */
#ifndef CURATE_ATTENTION_H
#define CURATE_ATTENTION_H

#include <stddef.h>

struct batch_range;
struct model_info;
struct ragged;
struct session;

/* Bytes of a thread's scratch that attention_run() needs. */
size_t attention_scratch_bytes(const struct model_info *info);

/* Replace the queries (rotated and scaled) of all rows of batch->layer by the output of
 * attention, in place. Fill the batch's mass, head_mass, focus and reach as the sequences
 * request. A query row sees the last `window` keys, its own included; all keys if window is 0.
 */
void attention_run(const struct session *session, struct ragged *batch, size_t window);

/* The fixed-point value of probability 1 in a range's sums of mass. It is chosen so that the
 * sum over layers, heads and rows, each at most 1 (plus rounding), stays below 2^62. */
double attention_fixed_one(const struct session *session, const struct batch_range *range);

/* After the last layer: write the attention, attention_by_head and focus of the sequences. */
void attention_means(const struct session *session, const struct ragged *batch);
/* Mean over rows of the largest of a row's n_heads values. mass is n_rows x n_heads. */
double attention_focus(const double *mass, size_t n_rows, size_t n_heads);
/* Unbiased variance of n numbers, from their sum and the sum of their squares. */
double attention_variance(double sum, double squares, double n);
/* After the first layer, before ragged_keep_observed(): write the reach of the sequences. */
void attention_reach(const struct session *session, const struct ragged *batch);

#endif
