/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mean_pool.h - the mean of a sequence's last hidden states.
 */
#ifndef CURATE_MEAN_POOL_H
#define CURATE_MEAN_POOL_H

struct ragged;
struct session;

/* After the last layer: write the means of each sequence that requests them. Applies the output
 * norm to the pooled rows of the residual stream in place. */
void mean_pool_run(const struct session *session, const struct ragged *batch);

#endif
