/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mean_pool.h - the last states of a sequence's tokens, as one vector.
 */
#ifndef CURATE_MEAN_POOL_H
#define CURATE_MEAN_POOL_H

struct ragged;
struct session;

/* After the last layer: the means that the sequences asked for (pooled). */
void mean_pool_run(const struct session *session, const struct ragged *batch);

#endif
