/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefix.h - prefix sharing: sequences of a call with a common prefix share its KV entries.
 *
 * The hidden state of a token depends on no later token. So a common prefix is computed once,
 * by the earlier sequence (its owner), in blocks of SESSION_SHARED_BLOCK tokens, up to the
 * first token whose output the later sequence (its user) needs.
 *
 * Attention sums over blocks of about ATTENTION_KEYS keys, counted from the start of a
 * sequence. A user reads whole shared blocks from the owner's memory. A block that is only
 * partly shared is copied into the user's own memory, where the user continues it. No bit of a
 * result changes.
 */
#ifndef CURATE_PREFIX_H
#define CURATE_PREFIX_H

#include <stddef.h>
#include <stdint.h>

struct batch_range;
struct error;
struct ragged;
struct session;

/* Fill owner, n_shared, first_stored and users of all ranges of the batch. Needs the members
 * set by range_observe(), and has_own_rope_rows: a range whose RoPE frequencies depend on its
 * length shares nothing. Time, and memory of the session's arena, are linear in the number of
 * tokens. Returns -1 on ERR_NOMEM. */
int prefix_share(struct session *session, struct ragged *batch, struct error *err);

/* Number of first tokens of a range that an earlier range computes for it. Needs the same
 * members as prefix_share(). */
size_t prefix_shared(const struct batch_range *earlier, const struct batch_range *range);

/* Upper bound of the bytes that prefix_share() allocates for n_tokens in n_ranges ranges. */
uint64_t prefix_bytes(uint64_t n_tokens, uint64_t n_ranges);

#endif
