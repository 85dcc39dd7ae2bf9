/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets.h - the identity of scores: metric, version, model and parameters.
 *
 * Room "sets" of the score stage. It may call store/, scoring/ and base/, and read what run.h
 * declares. Whatever can change a number must be a parameter here.
 */
#ifndef CURATE_SCORE_SETS_H
#define CURATE_SCORE_SETS_H

struct error;
struct score_setup;

/* Fill in the ids of models and of the score sets of all nodes. A run creates those that do not
 * exist; without setup->writes, their ids stay 0. Returns 0 or -1. */
int score_sets_find(struct score_setup *setup, struct error *err);

#endif
