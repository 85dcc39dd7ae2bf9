/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logits.h - from the last layer's rows to the negative log-likelihood of their next tokens.
 */
#ifndef CURATE_LOGITS_H
#define CURATE_LOGITS_H

struct ragged;
struct session;

/* Fill nll_nats of every target. The vocabulary passes in blocks of columns, so that no row of
 * all its logits exists. Logits that are not finite mark their key bad. */
void logits_run(const struct session *session, struct ragged *batch);

#endif
