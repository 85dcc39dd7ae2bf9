/* SPDX-License-Identifier: Apache-2.0 */
#include "store/turn_score.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "base/error.h"
#include "store/db_private.h"
#include "store/score.h"

static const char PUT[] =
    "INSERT INTO turn_score (score_set_id, sample_id, turn, value, status, n_tokens)"
    " VALUES (:score_set_id, :sample_id, :turn, :value, :status, :n_tokens)"
    " ON CONFLICT (score_set_id, sample_id, turn) DO UPDATE SET value = excluded.value,"
    " status = excluded.status, n_tokens = excluded.n_tokens";

static const char NEXT[] =
    "SELECT turn, value, status, n_tokens FROM turn_score"
    " WHERE score_set_id = :score_set_id AND sample_id = :sample_id AND turn > :after"
    " ORDER BY turn LIMIT 1";

int turn_score_put(struct store *store, const struct turn_score_row *row, struct error *err)
{
    const bool has_value = score_has_value(row->status);
    struct stmt *stmt = NULL;

    if (has_value && !isfinite(row->value))
        return error_set(err, ERR_INVARIANT,
                         "the score of turn %" PRId64 " of sample %" PRId64
                         " is %f with status '%s'",
                         row->turn, row->sample_id, row->value, row->status);
    if (stmt_use(store, PUT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", row->score_set_id);
    stmt_bind_int(stmt, ":sample_id", row->sample_id);
    stmt_bind_int(stmt, ":turn", row->turn);
    if (has_value)
        stmt_bind_real(stmt, ":value", row->value);
    stmt_bind_text(stmt, ":status", slice_text(row->status));
    stmt_bind_int(stmt, ":n_tokens", row->n_tokens);
    return stmt_run(stmt, err);
}

int turn_score_next(struct store *store, int64_t score_set_id, int64_t sample_id, int64_t after,
                    struct turn_score_row *out, struct error *err)
{
    struct turn_score_row row = { .score_set_id = score_set_id, .sample_id = sample_id };
    struct stmt *stmt = NULL;

    if (stmt_use(store, NEXT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_int(stmt, ":after", after);
    int rc = stmt_next(stmt, err);
    if (rc == 1) {
        row.turn = stmt_int(stmt, 0);
        row.value = stmt_real(stmt, 1);
        row.n_tokens = stmt_int(stmt, 3);
        if (db_copy_text(store, stmt_bytes(stmt, 2), &row.status, err) < 0 ||
            score_check_stored(store, sample_id, row.status, row.value,
                               stmt_column_type(stmt, 1) == STMT_NULL, err) < 0)
            rc = -1;
        else
            *out = row;
    }
    stmt_reset(stmt);
    return rc;
}
