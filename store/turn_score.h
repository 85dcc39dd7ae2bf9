/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn_score.h - scores of single turns of a dialogue.
 */
#ifndef CURATE_TURN_SCORE_H
#define CURATE_TURN_SCORE_H

#include <stdint.h>

struct error;
struct store;

struct turn_score_row {
    int64_t score_set_id;
    int64_t sample_id;
    int64_t turn;       /* index within the sample, from 0 */
    double value;       /* ignored unless score_has_value(status) */
    const char *status; /* as in struct score_row */
    int64_t n_tokens;
};

/* Insert or replace a row. ERR_INVARIANT if a value is not finite. Call inside a transaction.
 * Returns 0, or -1 with err set. */
int turn_score_put(struct store *store, const struct turn_score_row *row, struct error *err);

/* Read the first stored turn of the sample that comes after turn `after` (-1: the first of
 * all). Returns 1, 0 if there is none, or -1. out->status is valid until the next call. */
int turn_score_next(struct store *store, int64_t score_set_id, int64_t sample_id, int64_t after,
                    struct turn_score_row *out, struct error *err);

#endif
