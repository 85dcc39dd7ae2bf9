/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parameters.h - the parameters of a score set.
 *
 * Part of the room "sets" of the score stage (sets.h).
 */
#ifndef CURATE_SCORE_PARAMETERS_H
#define CURATE_SCORE_PARAMETERS_H

struct buf;
struct error;
struct score_node;
struct score_setup;

/*
 * Append to `out` everything that can change the node's scores beside the model, as canonical
 * JSON: keys in alphabetical order, no blanks. Equal parameters must give equal bytes in every
 * release: stored scores are found by them. arithmetic: of the node's model; not read for a
 * node without.
 */
int score_parameters(const struct score_setup *setup, const struct score_node *node,
                     const char *arithmetic, struct buf *out, struct error *err);

#endif
