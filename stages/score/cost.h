/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cost.h - what it costs to run a model on samples. The only cost model of the score stage.
 *
 * Everything follows from tokens: progress, the size of batches, memory, and the time that
 * --estimate prints and --max-cost limits. cost_tokens.c counts them, or estimates them from
 * counted samples.
 *
 * Part of the room "backlog" of the score stage (backlog.h).
 */
#ifndef CURATE_SCORE_COST_H
#define CURATE_SCORE_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/scorer.h"

struct error;
struct observer_options;
struct pool;
struct score_setup;
struct score_texts;

/* Tokens of a sample, or of many. */
struct token_cost {
    uint64_t n_tokens; /* of all sequences */
    uint64_t n_new;    /* without those shared with the sample before, of the same context */
    uint64_t longest;  /* of the longest sequence */
};
/* Estimate the cost of a sample's texts from their bytes. shares_context: with the sample
 * before. */
struct token_cost token_cost_of(const struct score_texts *texts,
                                const struct observer_options *observing, unsigned needs,
                                bool shares_context);
void token_cost_add(struct token_cost *sum, const struct token_cost *cost);
/* Set the number of tokens, and scale the other members. */
void token_cost_set(struct token_cost *cost, double n_tokens);

/* One model of the run, and the memory it may use. */
struct model_run {
    const struct score_setup *setup;
    enum scorer_model role;
    uint64_t memory_limit; /* bytes; 0: whatever the machine has */
};
/* How to run a model in the memory it may use. */
struct memory_plan {
    size_t batch_tokens;
    bool packs;      /* pack the weights */
    bool lacks_room; /* packing them would pay, but there is no room */
    uint64_t bytes;  /* activations and packed weights */
};
void memory_plan_make(const struct model_run *run, const struct token_cost *cost,
                      struct memory_plan *out);
/* Returns -1 with ERR_NOMEM when the longest sequence does not fit. */
int memory_check(const struct model_run *run, const struct token_cost *cost, struct error *err);
/* Pack the weights if the plan says so. When there is no room, report that and go on. */
int memory_pack(const struct model_run *run, const struct memory_plan *plan, struct pool *pool,
                struct error *err);
/* Bytes that the prompts kept between the models of a pair may take. */
uint64_t memory_of_prompts(const struct score_setup *setup);

/* A stretch of a model's work that was timed. */
struct cost_probe {
    double tokens; /* new ones */
    double secs;
    double cpu_secs; /* of all threads */
};
/* Tokens that take BATCH_SECONDS at the speed of a probe, but at least `least`. A batch is one
 * transaction, so this bounds what is lost if the process is killed. */
size_t cost_batch_tokens(const struct cost_probe *probe, size_t least);

/* The seconds of a run. */
struct time_cost {
    double start_secs;         /* to list the samples and load the models */
    double secs;               /* to run them, as fast as the probes were */
    double idle_secs;          /* the same if no other process ran */
    double half_width_squared; /* square of half of the 95 % interval of idle_secs: intervals of
                            models add in squares */
};
/* Add the seconds that n_tokens new tokens take, extrapolated from n >= 1 probes. */
void time_cost_add(struct time_cost *sum, const struct cost_probe *probes, size_t n,
                   double n_tokens, size_t n_threads);
/* Compute an interval that holds a run's seconds in at least nine of ten runs. loads: load
 * averages, the number of other processes that wanted to run. */
void time_cost_interval(const struct time_cost *cost, size_t n_threads, const double *loads,
                        size_t n_loads, double *low, double *high);

#endif
