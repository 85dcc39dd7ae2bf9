/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h - what a user asked a selection for, as JSON.
 */
#ifndef CURATE_RULE_H
#define CURATE_RULE_H

struct buf;
struct error;
struct option;

enum { RULE_MAX_BYTES = 1 << 20 };

/* Append the options of select that have a value other than the default, without those that
 * have a column of their own in the table of selections. A list is an array, everything else a
 * text. Returns 0, or -1 with err set. */
int rule_write(const struct option *options, const void *args, const void *defaults,
               struct buf *out, struct error *err);

#endif
