/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_forward.h - the feed-forward range of a layer.
 */
#ifndef CURATE_FEED_FORWARD_H
#define CURATE_FEED_FORWARD_H

struct row_block;

/* The operand is the block after the norm; the result is added to the residual stream. */
void feed_forward_run(struct row_block *block);

#endif
