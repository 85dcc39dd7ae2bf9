/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dedup_text.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/db_private.h"

#define TURN_SQL(column)                                                                       \
    "SELECT t.content FROM sample s JOIN turn t ON t.sample_id = s.sample_id"                  \
    " AND t.turn = s." column " WHERE s.sample_id = :sample_id"

static const char CONTEXT[] = "SELECT c.text FROM sample s JOIN context c USING (context_id)"
                              " WHERE s.sample_id = :sample_id";
static const char INSTRUCTION[] = TURN_SQL("instruction_turn");
static const char RESPONSE[] = TURN_SQL("response_turn");
static const char WHOLE[] =
    "SELECT CASE WHEN s.kind = 'text' THEN c.text ELSE i.content END, r.content FROM sample s"
    " LEFT JOIN turn i ON i.sample_id = s.sample_id AND i.turn = s.instruction_turn"
    " LEFT JOIN turn r ON r.sample_id = s.sample_id AND r.turn = s.response_turn"
    " LEFT JOIN context c ON s.kind = 'text' AND c.context_id = s.context_id"
    " WHERE s.sample_id = :sample_id";

static const char DROP_PAIRS[] = "DELETE FROM dedup_pair WHERE dedup_set_id = :dedup_set_id";
static const char DROP_PAIRS_A[] =
    "DELETE FROM dedup_pair WHERE dedup_set_id = :dedup_set_id AND a = :sample_id";
static const char DROP_PAIRS_B[] =
    "DELETE FROM dedup_pair WHERE b = :sample_id AND dedup_set_id = :dedup_set_id";
static const char BIG_BUCKETS[] =
    "SELECT n_big_buckets FROM dedup_set WHERE dedup_set_id = :dedup_set_id";
static const char SIGNATURE[] =
    "SELECT signature FROM dedup_signature"
    " WHERE dedup_set_id = :dedup_set_id AND sample_id = :sample_id";

static const char SELECTED[] =
    "SELECT s.hash FROM selection e JOIN selection_sample USING (selection_id)"
    " JOIN sample s USING (sample_id) WHERE e.name = :name ORDER BY s.hash";

static const char *find_text_sql(const char *field)
{
    static const struct {
        const char *field;
        const char *sql;
    } all[] = { { "instruction", INSTRUCTION },
                { "response", RESPONSE },
                { "context", CONTEXT },
                { "whole", WHOLE } };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].field, field) == 0)
            return all[i].sql;
    return NULL;
}

/* Append the first two columns of the row, with LF between them. */
static int add_text_columns(const struct stmt *row, bool is_whole, struct buf *out,
                            struct error *err)
{
    const struct slice first = stmt_bytes(row, 0);
    const struct slice second = is_whole ? stmt_bytes(row, 1) : (struct slice){ 0 };

    if (buf_add_slice(out, first, err) < 0 ||
        (first.len > 0 && second.len > 0 && buf_add(out, "\n", 1, err) < 0))
        return -1;
    return buf_add_slice(out, second, err);
}

int dedup_read_text(struct store *store, const char *field, int64_t sample_id, struct buf *out,
                    struct error *err)
{
    const char *sql = find_text_sql(field);
    struct stmt *stmt = NULL;

    if (!sql)
        return error_set(err, ERR_USAGE, "no field '%s' of samples can be compared", field);
    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    const int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    const int rc = add_text_columns(stmt, sql == WHOLE, out, err);
    stmt_reset(stmt);
    return rc;
}

static int use_set(struct store *store, const char *sql, int64_t dedup_set_id,
                   struct stmt **out, struct error *err)
{
    if (stmt_use(store, sql, out, err) < 0)
        return -1;
    stmt_bind_int(*out, ":dedup_set_id", dedup_set_id);
    return 0;
}

int dedup_drop_pairs(struct store *store, int64_t dedup_set_id, struct error *err)
{
    struct stmt *stmt = NULL;

    return use_set(store, DROP_PAIRS, dedup_set_id, &stmt, err) < 0 ? -1 : stmt_run(stmt, err);
}

int dedup_drop_pairs_of(struct store *store, int64_t dedup_set_id, int64_t sample_id,
                        struct error *err)
{
    static const char *const both[] = { DROP_PAIRS_A, DROP_PAIRS_B };

    for (size_t i = 0; i < 2; i++) {
        struct stmt *stmt = NULL;

        if (use_set(store, both[i], dedup_set_id, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":sample_id", sample_id);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

int dedup_big_buckets(struct store *store, int64_t dedup_set_id, int64_t *out,
                      struct error *err)
{
    struct stmt *stmt = NULL;

    if (use_set(store, BIG_BUCKETS, dedup_set_id, &stmt, err) < 0)
        return -1;
    return stmt_get_int(stmt, out, err);
}

int dedup_read_signature(struct store *store, int64_t dedup_set_id, int64_t sample_id,
                         struct buf *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (use_set(store, SIGNATURE, dedup_set_id, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    const int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    const int rc = buf_add_slice(out, stmt_bytes(stmt, 0), err);
    stmt_reset(stmt);
    return rc;
}

int dedup_hash_selection(struct store *store, const char *name, struct hash *out,
                         struct error *err)
{
    struct hash_stream *stream = NULL;
    struct stmt *stmt = NULL;
    int found = -1;

    if (hash_stream_new(&stream, err) < 0)
        return -1;
    if (stmt_use(store, SELECTED, &stmt, err) == 0) {
        stmt_bind_text(stmt, ":name", slice_text(name));
        while ((found = stmt_next(stmt, err)) == 1) {
            const struct slice hash = stmt_bytes(stmt, 0);

            hash_stream_add(stream, hash.ptr, hash.len);
        }
        *out = hash_stream_end(stream);
    }
    hash_stream_free(stream);
    return found;
}
