/* SPDX-License-Identifier: Apache-2.0 */
#include "store/score.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/selection.h"

static const char PUT_SCORE[] =
    "INSERT INTO score (score_set_id, sample_id, value, status, n_tokens, run_id)"
    " VALUES (:score_set_id, :sample_id, :value, :status, :n_tokens, :run_id)"
    " ON CONFLICT (score_set_id, sample_id) DO UPDATE SET value = excluded.value,"
    " status = excluded.status, n_tokens = excluded.n_tokens, run_id = excluded.run_id";

static const char PUT_SEGMENT[] =
    "INSERT INTO segment_score"
    " (score_set_id, sample_id, segment, tok_start, tok_end, attention, nll)"
    " VALUES (:score_set_id, :sample_id, :segment, :tok_start, :tok_end, :attention, :nll)"
    " ON CONFLICT (score_set_id, sample_id, segment) DO UPDATE SET"
    " tok_start = excluded.tok_start, tok_end = excluded.tok_end,"
    " attention = excluded.attention, nll = excluded.nll";

static const char PUT_SEGMENT_NLL[] =
    "UPDATE segment_score SET nll = :nll WHERE score_set_id = :score_set_id"
    " AND sample_id = :sample_id AND segment = :segment";

static const char COUNT_SEGMENTS[] =
    "SELECT count(*) FROM segment_score WHERE score_set_id = :score_set_id"
    " AND sample_id = :sample_id";

static const char LOAD_SEGMENTS[] =
    "SELECT segment, tok_start, tok_end, attention, nll FROM segment_score"
    " WHERE score_set_id = :score_set_id AND sample_id = :sample_id ORDER BY segment";

static const char GET_SCORE[] =
    "SELECT value, status, n_tokens FROM score"
    " WHERE score_set_id = :score_set_id AND sample_id = :sample_id";

static const char LIST_SCORED[] =
    "SELECT sample_id FROM score WHERE score_set_id = :score_set_id"
    " AND sample_id BETWEEN :first AND :last AND NOT (:skipped AND status = 'outside_top')"
    " ORDER BY sample_id";

static const char DELETE_SCORE[] =
    "DELETE FROM score WHERE score_set_id = :score_set_id AND sample_id = :sample_id";

bool score_has_value(const char *status)
{
    return strcmp(status, "ok") == 0 || strcmp(status, "truncated") == 0;
}

int score_put(struct store *store, const struct score_row *row, int64_t run_id,
              struct error *err)
{
    struct stmt *stmt = NULL;

    if (score_has_value(row->status) && !isfinite(row->value))
        return error_set(err, ERR_INVARIANT,
                         "the score of sample %" PRId64 " is %f with status '%s'",
                         row->sample_id, row->value, row->status);
    if (stmt_use(store, PUT_SCORE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", row->score_set_id);
    stmt_bind_int(stmt, ":sample_id", row->sample_id);
    if (score_has_value(row->status))
        stmt_bind_real(stmt, ":value", row->value);
    stmt_bind_text(stmt, ":status", slice_text(row->status));
    stmt_bind_int(stmt, ":n_tokens", row->n_tokens);
    stmt_bind_int(stmt, ":run_id", run_id);
    return stmt_run(stmt, err);
}

int segment_put(struct store *store, const struct segment_row *row, struct error *err)
{
    struct stmt *stmt = NULL;

    if (!isfinite(row->attention) || isinf(row->nll))
        return error_set(err, ERR_INVARIANT,
                         "segment %" PRId64 " of sample %" PRId64
                         " has attention %f and nll %f",
                         row->segment, row->sample_id, row->attention, row->nll);
    if (stmt_use(store, PUT_SEGMENT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", row->score_set_id);
    stmt_bind_int(stmt, ":sample_id", row->sample_id);
    stmt_bind_int(stmt, ":segment", row->segment);
    stmt_bind_int(stmt, ":tok_start", row->tok_start);
    stmt_bind_int(stmt, ":tok_end", row->tok_end);
    stmt_bind_real(stmt, ":attention", row->attention);
    if (!isnan(row->nll))
        stmt_bind_real(stmt, ":nll", row->nll);
    return stmt_run(stmt, err);
}

int segment_put_nll(struct store *store, const struct segment_row *row, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_SEGMENT_NLL, &stmt, err) < 0)
        return -1;
    stmt_bind_real(stmt, ":nll", row->nll);
    stmt_bind_int(stmt, ":score_set_id", row->score_set_id);
    stmt_bind_int(stmt, ":sample_id", row->sample_id);
    stmt_bind_int(stmt, ":segment", row->segment);
    if (stmt_run(stmt, err) < 0)
        return -1;
    if (db_changes(store) != 1)
        return error_set(err, ERR_INVARIANT,
                         "segment %" PRId64 " of sample %" PRId64 " is not stored",
                         row->segment, row->sample_id);
    return 0;
}

static int use_stmt_of_sample(struct store *store, const char *sql, int64_t score_set_id,
                              int64_t sample_id, struct stmt **out, struct error *err)
{
    if (stmt_use(store, sql, out, err) < 0)
        return -1;
    stmt_bind_int(*out, ":score_set_id", score_set_id);
    stmt_bind_int(*out, ":sample_id", sample_id);
    return 0;
}

int segment_load(struct store *store, int64_t score_set_id, int64_t sample_id,
                 struct arena *arena, struct segment_row **out, size_t *n, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t count;
    int rc;

    if (use_stmt_of_sample(store, COUNT_SEGMENTS, score_set_id, sample_id, &stmt, err) < 0 ||
        stmt_get_int(stmt, &count, err) < 0)
        return -1;
    struct segment_row *rows = arena_alloc(arena, (size_t)count + 1, sizeof *rows);
    if (!rows)
        return error_nomem(err);
    if (use_stmt_of_sample(store, LOAD_SEGMENTS, score_set_id, sample_id, &stmt, err) < 0)
        return -1;
    *n = 0;
    while ((rc = stmt_next(stmt, err)) == 1 && *n < (size_t)count)
        rows[(*n)++] = (struct segment_row){ .score_set_id = score_set_id,
                                             .sample_id = sample_id,
                                             .segment = stmt_int(stmt, 0),
                                             .tok_start = stmt_int(stmt, 1),
                                             .tok_end = stmt_int(stmt, 2),
                                             .attention = stmt_real(stmt, 3),
                                             .nll = stmt_column_type(stmt, 4) == STMT_NULL
                                                        ? NAN
                                                        : stmt_real(stmt, 4) };
    stmt_reset(stmt);
    *out = rows;
    return rc < 0 ? -1 : 0;
}

int score_check_stored(const struct store *store, int64_t sample_id, const char *status,
                       double value, bool is_null, struct error *err)
{
    if (score_has_value(status) ? !is_null && isfinite(value) : is_null)
        return 0;
    return error_set(err, ERR_INPUT,
                     "%s: a score of sample %" PRId64 " is damaged: its value does not fit its "
                     "status: delete the row, and score it again",
                     db_path(store), sample_id);
}

int score_get(struct store *store, int64_t score_set_id, int64_t sample_id,
              struct score_row *out, struct error *err)
{
    struct score_row row = { .score_set_id = score_set_id, .sample_id = sample_id };
    struct stmt *stmt = NULL;

    if (stmt_use(store, GET_SCORE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    stmt_bind_int(stmt, ":sample_id", sample_id);
    int rc = stmt_next(stmt, err);
    if (rc == 1) {
        row.value = stmt_real(stmt, 0);
        row.n_tokens = stmt_int(stmt, 2);
        if (db_copy_text(store, stmt_bytes(stmt, 1), &row.status, err) < 0 ||
            score_check_stored(store, sample_id, row.status, row.value,
                               stmt_column_type(stmt, 0) == STMT_NULL, err) < 0)
            rc = -1;
        else
            *out = row;
    }
    stmt_reset(stmt);
    return rc;
}

/* List the samples with ids from first to last that have a row in the set; with skipped, leave
 * out rows whose status is outside_top. */
static int list_scored(struct store *store, int64_t score_set_id, int64_t first, int64_t last,
                       bool skipped, struct id_list *out, struct error *err)
{
    struct stmt *stmt = NULL;
    size_t cap = 0;
    int rc;

    if (stmt_use(store, LIST_SCORED, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    stmt_bind_int(stmt, ":first", first);
    stmt_bind_int(stmt, ":last", last);
    stmt_bind_int(stmt, ":skipped", skipped);
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (id_list_add(out, &cap, stmt_int(stmt, 0), err) < 0) {
            rc = -1;
            break;
        }
    }
    stmt_reset(stmt);
    return rc;
}

/* List the ids of a that are not in b. */
static int id_list_subtract(const struct id_list *a, const struct id_list *b,
                            struct id_list *out, struct error *err)
{
    size_t cap = 0, j = 0;

    for (size_t i = 0; i < a->n; i++) {
        while (j < b->n && b->ids[j] < a->ids[i])
            j++;
        if (j < b->n && b->ids[j] == a->ids[i])
            continue;
        if (id_list_add(out, &cap, a->ids[i], err) < 0)
            return -1;
    }
    return 0;
}

int score_list_unscored(struct store *store, int64_t score_set_id,
                        const struct id_list *samples, bool skipped, struct id_list *out,
                        struct error *err)
{
    struct id_list scored = { 0 }, list = { 0 };
    int rc = -1;

    if (samples->n > 0 && list_scored(store, score_set_id, samples->ids[0],
                                      samples->ids[samples->n - 1], skipped, &scored, err) < 0)
        goto done;
    if (id_list_subtract(samples, &scored, &list, err) < 0)
        goto done;
    *out = list;
    list = (struct id_list){ 0 };
    rc = 0;
done:
    id_list_release(&scored);
    id_list_release(&list);
    return rc;
}

int score_keep_only(struct store *store, int64_t score_set_id, const struct id_list *samples,
                    struct error *err)
{
    struct id_list scored = { 0 }, others = { 0 };
    struct stmt *stmt = NULL;
    int rc = -1;

    if (list_scored(store, score_set_id, INT64_MIN, INT64_MAX, false, &scored, err) < 0 ||
        id_list_subtract(&scored, samples, &others, err) < 0)
        goto done;
    for (size_t i = 0; i < others.n; i++) {
        if (stmt_use(store, DELETE_SCORE, &stmt, err) < 0)
            goto done;
        stmt_bind_int(stmt, ":score_set_id", score_set_id);
        stmt_bind_int(stmt, ":sample_id", others.ids[i]);
        if (stmt_run(stmt, err) < 0)
            goto done;
    }
    rc = 0;
done:
    id_list_release(&scored);
    id_list_release(&others);
    return rc;
}
