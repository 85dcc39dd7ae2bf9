/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward.h - the forward pass of the transformer, over all rows of a batch.
 */
#ifndef CURATE_FORWARD_H
#define CURATE_FORWARD_H

struct error;
struct ragged;
struct session;

/* Embed the tokens, run the layers that the batch needs, and write all that its sequences
 * request. Returns -1 with ERR_INPUT if values leave the range in which every sum of products
 * stays finite. */
int forward_run(const struct session *session, struct ragged *batch, struct error *err);

#endif
