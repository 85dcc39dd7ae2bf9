/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rope_table.h - sines and cosines of rotary positions, and turning heads by them.
 */
#ifndef CURATE_ROPE_TABLE_H
#define CURATE_ROPE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct ragged;
struct session;

/* Fill the tables of a batch. Short sequences share a table; one that rope_depends_on_length()
 * has its own. */
void rope_table_fill(const struct session *session, struct ragged *batch);

/* Turn n_heads heads of a key or query row. */
void rope_table_rotate(const struct session *session, const struct ragged *batch, bool is_local,
                       size_t key, float *row, size_t n_heads);

#endif
