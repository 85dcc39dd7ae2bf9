/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logits.h - from the last layer's rows to the negative log-likelihood of their next tokens.
 */
#ifndef CURATE_LOGITS_H
#define CURATE_LOGITS_H

struct ragged;
struct session;

/* Find logit, max and sum of every target. The vocabulary passes in blocks of columns, so that
 * no row of all its logits exists. Logits that are not finite mark their key bad. */
void logits_run(const struct session *session, struct ragged *batch);

/* Then, when none was bad: fill the nll_nats of the sequences. */
void logits_nll(const struct ragged *batch);

#endif
