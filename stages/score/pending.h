/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending.h - the samples that a model must be run on, in the order in which it runs on them.
 *
 * Part of the room "backlog" of the score stage (backlog.h).
 */
#ifndef CURATE_SCORE_PENDING_H
#define CURATE_SCORE_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stages/score/cost.h"

struct error;
struct id_list;
struct store;

struct pending {
    int64_t sample_id;
    int64_t context_id; /* in the store; 0: the sample has no context */
    uint32_t nodes;     /* bits: the nodes of the backlog that the sample is missing */
    struct token_cost cost;
    uint64_t end_token; /* sum of cost.n_new up to and with this sample */
    uint64_t size;      /* its tokens, estimated from bytes */
    bool is_counted;    /* cost is counted, not estimated */
};
struct pending_list {
    struct pending *samples;
    size_t n;
};

/* Append samples with these missing nodes. */
int pending_add(struct pending_list *list, const struct id_list *ids, uint32_t nodes,
                struct error *err);
/* Merge the entries of each sample, then sort them by missing nodes, context and id. So samples
 * that need the same passes stand together, and among them samples of one context. */
int pending_sort(struct pending_list *list, struct store *store, struct error *err);
/* True if sample i has the context and the missing nodes of the sample before it: the model
 * computes the context once. */
bool pending_shares_context(const struct pending_list *list, size_t i);
/* Find the first sample that begins at this token or later and does not share the context of
 * the sample before it. Returns its index, or n if there is none. */
size_t pending_find_token(const struct pending_list *list, uint64_t token);
void pending_release(struct pending_list *list);

#endif
