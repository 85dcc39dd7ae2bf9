/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rope_table.h - tables of the sines and cosines of rotary positions (RoPE) for one batch.
 */
#ifndef CURATE_ROPE_TABLE_H
#define CURATE_ROPE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct ragged;
struct session;

/* Fill the tables of a batch. All ranges share one table, except those whose frequencies
 * depend on their length (rope_depends_on_length()): each of these has its own rows. */
void rope_table_fill(const struct session *session, struct ragged *batch);

/* Rotate n_heads heads of a key or query row by the position of KV entry `key`, in place.
 * is_local: the layer is local, and its model may have another RoPE for such layers. */
void rope_table_rotate(const struct session *session, const struct ragged *batch, bool is_local,
                       size_t key, float *row, size_t n_heads);

#endif
