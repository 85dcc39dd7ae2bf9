/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_forward.h - the feed-forward network of a layer.
 */
#ifndef CURATE_FEED_FORWARD_H
#define CURATE_FEED_FORWARD_H

struct row_block;

/* Add the output of the feed-forward network to the residual stream. Its input is the operand:
 * the block's rows after the pre-norm. */
void feed_forward_run(struct row_block *block);

#endif
