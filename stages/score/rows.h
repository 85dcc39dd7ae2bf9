/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - scores, segments and tables of attention: from the store, and into it.
 *
 * Room "rows" of the score stage. It may call store/, scoring/scorer.h and base/, and read what
 * run.h declares. It computes nothing.
 *
 * All functions return 0, or -1 and set err, unless stated otherwise. What is written is inside
 * a transaction between score_batch_begin() and score_batch_commit().
 */
#ifndef CURATE_SCORE_ROWS_H
#define CURATE_SCORE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/scorer.h"
#include "stages/score/run.h"

struct arena;
struct error;
struct id_list;
struct observation;

/* List the samples that have no score of the node, out of `samples`. A sample that --top
 * skipped counts as missing, except in a pass for attention only. Free with id_list_release().
 */
int score_list_missing(const struct score_setup *setup, const struct score_node *node,
                       const struct id_list *samples, enum score_pass pass, struct id_list *out,
                       struct error *err);

/* Fill in what a stored status means: truncated, or a reason, which is copied to the arena. */
int score_parse_status(struct score *score, const char *status, struct arena *arena,
                       struct error *err);

/* Load a stored score; its reason is copied to the arena. Returns 1, 0 if there is none, or -1.
 */
int score_load(const struct score_setup *setup, const struct score_node *node,
               int64_t sample_id, struct arena *arena, struct score *out, struct error *err);
/* Load a score that must exist; ERR_INVARIANT if it does not. */
int score_load_input(const struct score_setup *setup, const struct score_node *node,
                     int64_t sample_id, struct arena *arena, struct score *out,
                     struct error *err);

/* Begin a transaction with empty counts. */
int score_batch_begin(struct score_run *run, struct error *err);
/* Commit it, with its counts in the row of the run. */
int score_batch_commit(struct score_run *run, struct error *err);
void score_batch_rollback(struct score_run *run);

/* Insert or replace the score of a sample. */
int score_save(struct score_run *run, const struct score_node *node, int64_t sample_id,
               const struct score *score, struct error *err);
/* Save the score of a sample, computed from the scores of n turns. With --turns all save these,
 * too. turns[i] is the turn of scores[i], -1 if the sample has no response. */
int score_save_turns(struct score_run *run, const struct score_node *node, int64_t sample_id,
                     const struct score *scores, const int *turns, size_t n, struct error *err);

/* Save the segments of a sample, or in a pass for NLLs the NLLs of stored segments. */
int score_save_segments(const struct score_setup *setup, const struct score_node *node,
                        int64_t sample_id, const struct observation *seen, enum score_pass pass,
                        struct error *err);

/* True if --attention-by asks for tables beside the node's scores. */
bool score_has_tables(const struct score_setup *setup, const struct score_node *node);
/* List the samples that have no tables. Free with id_list_release(). */
int score_list_missing_tables(const struct score_setup *setup, const struct score_node *node,
                              const struct id_list *samples, struct id_list *out,
                              struct error *err);
/* Save the attention of layers, or of layers and heads, to segments; after the segments. */
int score_save_tables(const struct score_setup *setup, const struct score_node *node,
                      int64_t sample_id, const struct observation *seen, struct error *err);

/* Returns -1 with ERR_CANCELLED if a signal asks the run to stop. */
int score_check_stop(const struct score_setup *setup, struct error *err);
/* Set err to ERR_CANCELLED: stopped by this signal. Returns -1. */
int score_raise_stopped(int signal, struct error *err);

#endif
