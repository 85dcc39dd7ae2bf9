/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - which metrics a run computes, and in which order.
 *
 * The metrics asked for and everything they are made of form a graph. The plan lists its nodes,
 * inputs before the metrics made of them.
 *
 * Room "plan" of the score stage. It may call scoring/ (what a metric is) and base/, and no
 * other room: it knows no option, no model file and no database.
 */
#ifndef CURATE_SCORE_PLAN_H
#define CURATE_SCORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "scoring/scorer.h"

struct buf;
struct error;

/* Models of a pair; roles also count "no model". */
enum { SCORE_MODELS = SCORER_SHORT_MODEL + 1, SCORE_ROLES = SCORER_NO_MODEL + 1 };

/* One metric of one model: a score set. A rank (hmp, gateau) has a cohort instead. */
struct score_node {
    const struct scorer *scorer;
    enum scorer_model role;
    size_t inputs[SCORER_INPUTS_MAX]; /* indices of nodes */
    size_t n_inputs;
    bool asked;           /* the user named this metric; false: only an input of another */
    unsigned needs;       /* bits of scorer_needs: of this node and of all its inputs */
    bool is_pooled;       /* this node or an input is computed over all samples of the run */
    bool uses_neighbour;  /* this node or an input depends on --neighbour */
    bool has_segments;    /* this node or an input depends on segments of the context */
    bool reads_segments;  /* computed from the stored segments of its input */
    bool has_short_model; /* an input comes from the other model of the pair */
    int64_t set_id;       /* 0 for a rank, and in a dry run when the set does not exist yet */
};

struct score_plan {
    struct score_node *nodes; /* inputs first */
    size_t n;
    bool roles[SCORE_ROLES]; /* which models the nodes need */
    bool counts_tokens;      /* a fact needs a vocabulary */
};

/* Does the name stand for facts, which are measured before the metrics, instead of a metric? */
bool score_names_facts(const char *name);

/* Make the plan of these metrics; names of facts add no node. *out must be zeroed; release it
 * also after a failure. Returns -1 with ERR_USAGE for an unknown metric, ERR_NOMEM. */
int score_plan_make(const struct text_list *metrics, struct score_plan *out, struct error *err);
/* Copy the plan: a run fills in the ids of its score sets. ERR_NOMEM. */
int score_plan_copy(const struct score_plan *plan, struct score_plan *out, struct error *err);
void score_plan_release(struct score_plan *plan);

/* Append the node's name: "nll", or "nll@short" for the short model of a pair. */
int score_node_name(const struct score_node *node, struct buf *out, struct error *err);

/* True if the model must be run for this node itself. Metrics of segments are computed from
 * stored segments. But with --turns all only the last response's segments are stored, so these
 * metrics are computed while the model runs. */
bool score_node_asks_model(const struct score_node *node, bool all_turns);

/* True if this node stores the segments of the context. */
bool score_node_stores_segments(const struct score_node *node);

#endif
