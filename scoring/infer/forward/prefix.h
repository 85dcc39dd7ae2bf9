/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefix.h - sequences of one call that begin alike have the keys of their beginning once.
 *
 * A row depends on nothing but the tokens up to its own. So what two sequences begin with, in
 * blocks of SESSION_SHARED_BLOCK tokens, and nobody looks at in the second, is computed in the
 * first alone. Attention adds up in blocks of keys (ATTENTION_KEYS, about) counted from the
 * start of a sequence: whole ones are read where the first sequence has them, of the last one,
 * which the second goes on with, each has the keys in its own memory. No bit changes.
 */
#ifndef CURATE_PREFIX_H
#define CURATE_PREFIX_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct batch_range;
struct ragged;
struct session;

/* Fill owner, n_shared, first_stored and users of the ranges, which have their other members
 * of range_observe() and has_own_rope_rows: those whose positions turn by their own length
 * share nothing. In time and memory of the session's arena linear in the number of tokens. */
int prefix_share(struct session *session, struct ragged *batch, struct error *err);

/* How many first tokens of a range are taken from an earlier one; both as above. */
size_t prefix_shared(const struct batch_range *earlier, const struct batch_range *range);

/* What prefix_share() takes for so many tokens in n_ranges ranges, at most. */
uint64_t prefix_bytes(uint64_t n_tokens, uint64_t n_ranges);

#endif
