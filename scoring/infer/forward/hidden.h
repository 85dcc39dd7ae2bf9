/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hidden.h - the last states of a sequence's tokens, as one vector.
 */
#ifndef CURATE_HIDDEN_H
#define CURATE_HIDDEN_H

struct ragged;
struct session;

/* After the last layer: the means that the sequences asked for (pooled). */
void hidden_means(const struct session *session, const struct ragged *batch);

#endif
