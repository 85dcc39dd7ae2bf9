/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn_score.h - scores of the single turns of a dialogue.
 */
#ifndef CURATE_TURN_SCORE_H
#define CURATE_TURN_SCORE_H

#include <stdint.h>

struct error;
struct store;

struct turn_score_row {
    int64_t score_set_id;
    int64_t sample_id;
    int64_t turn;       /* of the sample, from 0 */
    double value;       /* ignored unless status is "ok" or "truncated" */
    const char *status; /* as in struct score_row */
    int64_t n_tokens;
};

/* Insert or replace. Inside a transaction. A value that is not finite is ERR_INVARIANT. */
int turn_score_put(struct store *store, const struct turn_score_row *row, struct error *err);

/* The first score of the sample whose turn is after 'after' (-1: of all): 1, 0 when there is
 * none, -1. status lasts until the next call. */
int turn_score_next(struct store *store, int64_t score_set_id, int64_t sample_id, int64_t after,
                    struct turn_score_row *out, struct error *err);

#endif
