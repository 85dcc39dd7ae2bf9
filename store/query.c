/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

#include <string.h>

#include "base/error.h"
#include "store/db_private.h"

/* A query is nothing but its statement: struct query is never completed. */
static struct stmt *stmt_of(struct query *query)
{
    return (struct stmt *)query;
}

static const struct stmt *row_of(const struct query *query)
{
    return (const struct stmt *)query;
}

int query_open(struct store *store, const char *sql, struct query **out, struct error *err)
{
    const struct stmt_user user = { .prefix = "", .len = strlen(sql) };
    struct stmt *stmt = NULL;

    if (stmt_open_user(store, sql, &user, &stmt, err) < 0)
        return -1;
    *out = (struct query *)stmt;
    return 0;
}

int query_open_rejects(struct store *store, const char *class, struct query **out,
                       struct error *err)
{
    static const char sql[] =
        "SELECT reject_id, run_id, source, line, byte_offset, class, detail FROM v_rejects"
        " WHERE :class IS NULL OR class = :class ORDER BY run_id, source, byte_offset";

    if (query_open(store, sql, out, err) < 0)
        return -1;
    if (class)
        stmt_bind_text(stmt_of(*out), ":class", slice_text(class));
    return 0;
}

int query_open_view(struct store *store, const char *view, struct query **out,
                    struct error *err)
{
    static const struct {
        const char *view, *sql;
    } listings[] = {
        { "v_runs", "SELECT run_id, command, started_at, finished_at, status, read, inserted, "
                    "duplicate, rejected, scored FROM v_runs ORDER BY run_id" },
    };

    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++)
        if (strcmp(view, listings[i].view) == 0)
            return query_open(store, listings[i].sql, out, err);
    return error_set(err, ERR_NOT_FOUND, "there is no listing of %s", view);
}

void query_close(struct query *query)
{
    stmt_close(stmt_of(query));
}

size_t query_columns(const struct query *query)
{
    return stmt_columns(row_of(query));
}

const char *query_column_name(const struct query *query, size_t column)
{
    return stmt_column_name(row_of(query), column);
}

int query_next(struct query *query, struct error *err)
{
    return stmt_next(stmt_of(query), err);
}

struct query_value query_value(const struct query *query, size_t column)
{
    static const enum query_type types[] = {
        [STMT_NULL] = QUERY_NULL, [STMT_INT] = QUERY_INT,   [STMT_REAL] = QUERY_REAL,
        [STMT_TEXT] = QUERY_TEXT, [STMT_BLOB] = QUERY_BLOB,
    };
    const struct stmt *row = row_of(query);
    struct query_value value = { .type = types[stmt_column_type(row, column)] };

    switch (value.type) {
    case QUERY_NULL:
        break;
    case QUERY_INT:
        value.integer = stmt_int(row, column);
        break;
    case QUERY_REAL:
        value.real = stmt_real(row, column);
        break;
    case QUERY_TEXT:
    case QUERY_BLOB:
        value.bytes = stmt_bytes(row, column);
        break;
    }
    return value;
}
