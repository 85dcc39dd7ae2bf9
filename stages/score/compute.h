/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compute.h - scores that need no model: derived from stored scores, measured on the text, or
 * pooled over all samples of the run.
 *
 * Room "compute" of the score stage: derive.c, measure.c, pool.c. It may call the rooms "rows"
 * and "texts", scoring/, store/ and base/, and read what run.h declares.
 */
#ifndef CURATE_SCORE_COMPUTE_H
#define CURATE_SCORE_COMPUTE_H

#include "stages/score/run.h"

struct error;
struct id_list;
struct score_node;

/* Compute the node's missing scores of these samples from stored scores or segments. */
int score_derive(struct score_run *run, const struct score_node *node,
                 const struct id_list *samples, enum score_pass pass, struct error *err);
/* Compute the node's missing scores from the texts of the run's samples. */
int score_measure(struct score_run *run, const struct score_node *node, struct error *err);
/* Compute the node's scores anew over all samples of the run: each new sample can change every
 * score. Rows that did not change are not written. One transaction. */
int score_pool(struct score_run *run, const struct score_node *node, struct error *err);

#endif
