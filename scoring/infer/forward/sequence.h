/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sequence.h - check a sequence of a call against the rules of session.h.
 */
#ifndef CURATE_SEQUENCE_H
#define CURATE_SEQUENCE_H

#include <stddef.h>

struct error;
struct sequence;
struct session;

/* Check tokens, positions and spans. Returns -1 with ERR_INPUT if the model cannot process the
 * tokens, or with ERR_INVARIANT if the caller breaks a rule of session.h. index is that of the
 * sequence in the call, for the message. */
int sequence_check(const struct session *session, const struct sequence *sequence, size_t index,
                   struct error *err);

#endif
