/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logits.h - from the last layer's rows to the negative log-likelihood of their next tokens.
 */
#ifndef CURATE_LOGITS_H
#define CURATE_LOGITS_H

#include <stddef.h>

struct model_info;
struct ragged;
struct session;

/* Find the likelihood of every target. No row of all its logits exists. Logits that are not
 * finite mark their key bad. */
void logits_run(const struct session *session, struct ragged *batch);

/* Into how many slices the vocabulary is cut: TARGET_CHUNK sums for each. */
size_t logits_vocab_blocks(const struct model_info *info);

/* Then, when none was bad: fill the nll_nats of the sequences. */
void logits_nll(const struct ragged *batch);

#endif
