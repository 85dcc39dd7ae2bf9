/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefix.h - sequences of one call that begin alike have the keys of their beginning once.
 *
 * A row depends on nothing but the tokens up to its own, and attention adds up in blocks of
 * keys counted from the start of a sequence. So as many whole blocks as two sequences have in
 * common, and as nobody looks at in the second, are taken from the first, and no bit changes.
 */
#ifndef CURATE_PREFIX_H
#define CURATE_PREFIX_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct part;
struct ragged;
struct session;

/* Fill holder and n_shared of the parts, which have their other members of part_observe() and
 * has_own_angles: those whose positions turn by their own length share nothing. In time and
 * memory of the session's arena linear in the number of tokens. */
int prefix_share(struct session *session, struct ragged *batch, struct error *err);

/* How many first tokens of a part are taken from an earlier one; both as above. */
size_t prefix_shared(const struct session *session, const struct part *earlier,
                     const struct part *part);

/* What prefix_share() takes for so many tokens, at most. */
uint64_t prefix_bytes(uint64_t n_tokens);

#endif
