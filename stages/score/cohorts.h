/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohorts.h - versions of cohorts from the scores of a run.
 *
 * Room "cohorts" of the score stage: cohort.c, top.c. It may call the rooms "backlog",
 * "compute" and "rows", stages/cohort, scoring/ and base/, and read what run.h declares.
 */
#ifndef CURATE_SCORE_COHORTS_H
#define CURATE_SCORE_COHORTS_H

#include "stages/score/run.h"

struct cohort_spec;
struct error;
struct score_node;

/* Make the cohort of a rank (hmp, gateau) that was asked for. pass: of score_top_pass(). */
int score_cohort(struct score_run *run, const struct score_node *node, enum score_pass pass,
                 struct error *err);

/* Choose the first pass over segments: SCORE_PASS_ATTENTION if --top can skip NLLs later, else
 * SCORE_PASS_ALL. Report why if --top was given and can skip nothing. */
enum score_pass score_top_pass(const struct score_setup *setup);
/* Compute the segment NLLs of samples that may be in the top, until the top is certain. Sets
 * the top of the spec. */
int score_top_run(struct score_run *run, const struct score_node *node,
                  struct cohort_spec *spec, struct error *err);

#endif
