/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backlog.h - what a model must be run on: list it, know its cost, run it.
 *
 * Room "backlog" of the score stage: backlog.c, batch.c, pending.c, cost*.c, estimate.c. It may
 * call the rooms "rows" and "texts", scoring/, store/ and base/, and read what run.h declares.
 * No other room may include its other headers.
 */
#ifndef CURATE_SCORE_BACKLOG_H
#define CURATE_SCORE_BACKLOG_H

#include <stddef.h>
#include <stdint.h>

#include "stages/score/cost.h"
#include "stages/score/run.h"

struct error;
struct id_list;
struct pool;
struct prompt_cache;
struct score_backlog;

/* What is asked of a backlog. */
struct score_request {
    enum scorer_model role;
    const struct id_list *samples;
    enum score_pass pass;
    struct prompt_cache *prompts; /* kept by the first model of a pair for the other; or NULL */
    uint64_t memory_limit;        /* bytes; 0: no limit */
    uint64_t count_bytes;         /* bytes of text to tokenise for the cost; 0: default */
};

/* List the samples with missing scores of this model, and count or estimate their cost. The
 * request is copied, its samples are borrowed. */
int score_backlog_new(const struct score_setup *setup, const struct score_request *request,
                      struct score_backlog **out, struct error *err);
void score_backlog_free(struct score_backlog *backlog);
const struct token_cost *score_backlog_cost(const struct score_backlog *backlog);
/* Number of scores asked for that are stored already. */
uint64_t score_backlog_stored(const struct score_backlog *backlog);

/* Returns -1 with ERR_NOMEM when the longest sample does not fit. */
int score_backlog_check_memory(const struct score_backlog *backlog, struct error *err);

/* Run the model on all listed samples and store their scores. */
int score_backlog_run(struct score_backlog *backlog, struct score_run *run, struct error *err);

/* Pack the weights and open the observer, for score_backlog_probe(). The pool is borrowed. */
int score_backlog_open(struct score_backlog *backlog, struct pool *pool, struct error *err);
/*
 * Run one batch-sized slice that starts at fraction `where` (0 to 1) of the backlog, and
 * discard the results. Slices never separate samples of one context. Outputs its new tokens and
 * the seconds; both 0 if no sample starts in the slice. The slice at 0 is never empty. The
 * backlog must be open and have samples.
 */
int score_backlog_probe(struct score_backlog *backlog, double where, struct cost_probe *out,
                        struct error *err);

/* Run all models of the plan on the samples of the run, with one progress bar. */
int score_backlog_run_all(struct score_run *run, enum score_pass pass, struct error *err);
/* Run the long model on these samples, and add that to the progress. */
int score_backlog_run_some(struct score_run *run, const struct id_list *samples,
                           enum score_pass pass, struct error *err);
/* The tokens that all models of the plan have to be run on. */
int score_backlog_count_tokens(const struct score_setup *setup, uint64_t *out,
                               struct error *err);

/* What a run will cost. */
struct run_cost {
    uint64_t n_tokens;
    struct time_cost time;
    double secs; /* expected, and an interval around it */
    double low_secs;
    double high_secs;
    uint64_t bytes; /* weights, packed weights and activations of the larger model */
};
/* Estimate it: time some batches of each model, and discard their results. */
int score_estimate(const struct score_setup *setup, struct run_cost *out, struct error *err);

#endif
