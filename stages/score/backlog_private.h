/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backlog_private.h - the parts of a backlog, for backlog.c, batch.c and cost_tokens.c.
 */
#ifndef CURATE_SCORE_BACKLOG_PRIVATE_H
#define CURATE_SCORE_BACKLOG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scoring/observe/observe.h"
#include "stages/score/backlog.h"
#include "stages/score/pending.h"
#include "stages/score/texts.h"

struct observer;
struct sample_reader;

/* A batch is one transaction, and lost if the process is killed. */
enum { BATCH_SAMPLES = 256, BACKLOG_NODES_MAX = 32 };

struct batch {
    struct arena arena;
    const struct pending *samples; /* n of them, with the same missing nodes */
    size_t n;
    struct token_cost cost;
    struct score_texts texts;
    size_t first_text[BATCH_SAMPLES + 1]; /* of each sample, and the end */
    struct observation *seen;             /* of each text, in the arena */
};

/* What the model is run for: the scores of a node, or the tables beside them. */
struct backlog_node {
    const struct score_node *node;
    bool is_tables;
    unsigned needs; /* in this pass */
};

struct score_backlog {
    const struct score_setup *setup;
    struct score_request request;
    struct observer_options observing;
    struct backlog_node nodes[BACKLOG_NODES_MAX];
    size_t n_nodes;
    uint64_t n_stored;
    struct pending_list pending;
    struct token_cost cost; /* of all samples */
    struct sample_reader *reader;
    struct batch batch;
    struct observer *observer; /* of score_backlog_open() */
    size_t batch_least;        /* new tokens of a batch, at least */
    size_t batch_goal;
    bool reports;            /* report progress: true for a run, false for an estimate */
    uint64_t n_done_before;  /* the report's counts when the batch began */
    uint64_t n_total_before; /* with the cost of the batch, which may be an estimate */
};

/* The needs of samples with these missing nodes. */
unsigned backlog_needs(const struct score_backlog *backlog, uint32_t nodes);

/* cost_tokens.c: set the cost of each listed sample, and of all. */
int backlog_count_tokens(struct score_backlog *backlog, struct error *err);

/* Fill the batch with samples from `first` on, at most up to `end`, until it has enough tokens.
 */
int batch_read(struct score_backlog *backlog, size_t first, size_t end, struct error *err);
/* Read such a batch and run the model on it. */
int batch_observe(struct score_backlog *backlog, size_t first, size_t end, struct error *err);
/* Store the scores of the batch in one transaction. */
int batch_save(struct score_backlog *backlog, struct score_run *run, struct error *err);

#endif
