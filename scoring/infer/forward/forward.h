/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward.h - the transformer, written as kernel calls over all rows of a batch.
 */
#ifndef CURATE_FORWARD_H
#define CURATE_FORWARD_H

struct ragged;
struct error;
struct session;

/* Embed, run all layers, fill nll_nats and attention of the batch's sequences. ERR_INPUT when
 * values leave the range in which all sums of products stay finite. */
int forward_run(const struct session *session, struct ragged *batch, struct error *err);

#endif
