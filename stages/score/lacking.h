/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lacking.h - the samples that a model must be run on, in the order in which it runs on them.
 *
 * Part of the room "backlog" of the score stage (backlog.h).
 */
#ifndef CURATE_SCORE_LACKING_H
#define CURATE_SCORE_LACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stages/score/cost.h"

struct error;
struct id_list;
struct store;

struct lacking {
    int64_t sample_id;
    int64_t context_id; /* in the store; 0: the sample has no context */
    uint32_t nodes;     /* bits: the nodes of the backlog that the sample lacks */
    struct token_cost cost;
    uint64_t end_token; /* sum of cost.n_new up to and with this sample */
};
struct lacking_list {
    struct lacking *samples;
    size_t n;
};

/* Append samples that lack these nodes. */
int lacking_add(struct lacking_list *list, const struct id_list *ids, uint32_t nodes,
                struct error *err);
/* Merge the entries of each sample, then sort: samples that lack the same nodes stand together,
 * among them samples of one context, in order of id. */
int lacking_order(struct lacking_list *list, struct store *store, struct error *err);
/* True if sample i has the context of the sample before it and lacks the same nodes: the model
 * can share what it computed for the context. */
bool lacking_goes_on(const struct lacking_list *list, size_t i);
/* Find the first sample that begins at this token or later, and does not go on with the context
 * of the one before it. Returns its index, or n if there is none. */
size_t lacking_find_token(const struct lacking_list *list, uint64_t token);
void lacking_release(struct lacking_list *list);

#endif
