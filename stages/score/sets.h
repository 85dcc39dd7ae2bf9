/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets.h - the identity of scores: metric, version, model and parameters.
 *
 * Room "sets" of the score stage: sets.c, parameters.c. It may call store/, scoring/ and base/,
 * and read what run.h declares. Whatever can change a score must be a parameter here.
 */
#ifndef CURATE_SCORE_SETS_H
#define CURATE_SCORE_SETS_H

struct buf;
struct error;
struct score_node;
struct score_setup;

/* Fill in the ids of models and of the score sets of all nodes. A run creates those that do not
 * exist; without setup->writes, their ids stay 0. Returns 0 or -1. */
int score_sets_find(struct score_setup *setup, struct error *err);

/*
 * Append to `out` everything that can change the node's scores beside the model, as canonical
 * JSON: keys in alphabetical order, no blanks. Equal parameters must give equal bytes in every
 * release: stored scores are found by them. arithmetic: of the node's model; not read for a
 * node without.
 */
int score_parameters(const struct score_setup *setup, const struct score_node *node,
                     const char *arithmetic, struct buf *out, struct error *err);

#endif
