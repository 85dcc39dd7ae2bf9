/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sequence.h - whether a sequence of a call is what session.h says it must be.
 */
#ifndef CURATE_SEQUENCE_H
#define CURATE_SEQUENCE_H

#include <stddef.h>

struct error;
struct sequence;
struct session;

/* 0; ERR_INPUT where its tokens are not the model's, ERR_INVARIANT where the caller is wrong.
 * index is that of the sequence in the call, for the message. */
int sequence_check(const struct session *session, const struct sequence *sequence, size_t index,
                   struct error *err);

#endif
