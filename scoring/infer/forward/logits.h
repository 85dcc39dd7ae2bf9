/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logits.h - from the last layer's hidden states to negative log-likelihoods of tokens.
 */
#ifndef CURATE_LOGITS_H
#define CURATE_LOGITS_H

#include <stddef.h>

struct model_info;
struct ragged;
struct session;

/* Compute nll of every target of the batch. The logits of a row never exist all at once. Mark
 * the key of a target as bad if one of its logits is not finite. */
void logits_run(const struct session *session, struct ragged *batch);

/* Number of blocks of the vocabulary. The batch has TARGET_CHUNK sums for each. */
size_t logits_vocab_blocks(const struct model_info *info);

/* Write nll_nats and next_nll_nats of the sequences. Call it if no key was marked bad. */
void logits_nll(const struct ragged *batch);

#endif
