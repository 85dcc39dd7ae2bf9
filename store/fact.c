/* SPDX-License-Identifier: Apache-2.0 */
#include "store/fact.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/selection.h"

enum { FACT_SQL_MAX_BYTES = 1 << 20, FACT_NAME_BYTES = 64 };

static const char *const type_names[] = {
    [CELL_INTEGER] = "INTEGER", [CELL_REAL] = "REAL", [CELL_TEXT] = "TEXT"
};

static const char FIND_COLUMN[] =
    "SELECT fact_group, version, coalesce(params, ''), type FROM fact_column"
    " WHERE name = :name AND of_turns = :of_turns";

static const char PUT_COLUMN[] =
    "INSERT INTO fact_column (name, of_turns, fact_group, version, type, unit, params)"
    " VALUES (:name, :of_turns, :fact_group, :version, :type, :unit, :params)"
    " ON CONFLICT (name, of_turns) DO UPDATE SET version = excluded.version,"
    " unit = excluded.unit, params = excluded.params";

static const char HAS_COLUMN[] =
    "SELECT count(*) FROM pragma_table_info(:table) WHERE name = :name";

static const char PUT_REASON[] =
    "INSERT INTO fact_missing (sample_id, name, reason) VALUES (:sample_id, :name, :reason)"
    " ON CONFLICT (sample_id, name) DO UPDATE SET reason = excluded.reason";

static const char REMOVE_REASONS[] = "DELETE FROM fact_missing WHERE sample_id = :sample_id"
                                     " AND name IN (SELECT name FROM fact_column"
                                     " WHERE fact_group = :fact_group)";

static const char REMOVE_SPANS[] =
    "DELETE FROM span WHERE sample_id = :sample_id AND fact_group = :fact_group";

static const char PUT_SPAN[] =
    "INSERT INTO span (sample_id, turn, part, start, end, fact_group, kind, detail)"
    " VALUES (:sample_id, :turn, :part, :start, :end, :fact_group, :kind, :detail)";

struct fact_writer {
    struct store *store;
    const struct fact_group *groups;
    size_t n_groups;
    struct stmt *put;      /* of the table fact; NULL: no group has columns there */
    struct stmt *put_turn; /* of turn_fact */
    struct stmt *put_version;
};

/* Names become part of SQL: only those of identifiers are accepted. */
static int check_fact_name(const char *name, struct error *err)
{
    const size_t len = strlen(name);

    if (len == 0 || len >= FACT_NAME_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len ||
        (name[0] >= '0' && name[0] <= '9'))
        return error_set(
            err, ERR_USAGE,
            "%s: the name of a fact or label has lower-case letters, digits and _, "
            "at most %d of them, and does not begin with a digit",
            name, FACT_NAME_BYTES - 1);
    return 0;
}

/* Run a statement whose text was made for names. */
static int exec_named(struct store *store, struct error *err, const char *format,
                      const char *table, const char *name, const char *type)
{
    char sql[256];
    struct stmt *stmt = NULL;

    snprintf(sql, sizeof sql, format, table, name, type);
    if (stmt_open(store, sql, &stmt, err) < 0)
        return -1;
    const int rc = stmt_run(stmt, err);
    stmt_close(stmt);
    return rc;
}

/* Add the column to a table unless it is there. */
static int add_fact_column(struct store *store, const char *table, const char *name,
                           const char *type, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t n;

    if (stmt_use(store, HAS_COLUMN, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":table", slice_text(table));
    stmt_bind_text(stmt, ":name", slice_text(name));
    if (stmt_get_int(stmt, &n, err) < 0)
        return -1;
    return n > 0 ? 0
                 : exec_named(store, err, "ALTER TABLE %s ADD COLUMN \"%s\" %s", table, name,
                              type);
}

/* Compare a column with its row of fact_column. Returns 1 if it is as described, 0 if it has
 * other values or none, -1 with ERR_USAGE if the name is another group's. */
static int check_column(struct store *store, const struct fact_group *group,
                        const struct fact_column *column, struct error *err)
{
    const struct slice params = group->params.ptr ? group->params : slice_text("");
    struct stmt *stmt = NULL;

    if (check_fact_name(column->name, err) < 0 || stmt_use(store, FIND_COLUMN, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(column->name));
    stmt_bind_int(stmt, ":of_turns", group->of_turns);
    int rc = stmt_next(stmt, err);
    if (rc == 1) {
        if (!slice_equal(stmt_bytes(stmt, 0), slice_text(group->name)) ||
            !slice_equal(stmt_bytes(stmt, 3), slice_text(type_names[column->type])))
            rc = error_set(err, ERR_USAGE,
                           "%s: another fact of the database has this name: choose another",
                           column->name);
        else
            rc =
                stmt_int(stmt, 1) == group->version && slice_equal(stmt_bytes(stmt, 2), params);
    }
    stmt_reset(stmt);
    return rc;
}

static int put_column(struct store *store, const struct fact_group *group,
                      const struct fact_column *column, struct error *err)
{
    const char *table = group->of_turns ? "turn_fact" : "fact";
    struct stmt *stmt = NULL;

    if (add_fact_column(store, table, column->name, type_names[column->type], err) < 0 ||
        stmt_use(store, PUT_COLUMN, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(column->name));
    stmt_bind_int(stmt, ":of_turns", group->of_turns);
    stmt_bind_text(stmt, ":fact_group", slice_text(group->name));
    stmt_bind_int(stmt, ":version", group->version);
    stmt_bind_text(stmt, ":type", slice_text(type_names[column->type]));
    stmt_bind_text(stmt, ":unit", slice_text(column->unit));
    stmt_bind_text(stmt, ":params", group->params);
    return stmt_run(stmt, err);
}

/* Forget which samples were measured, so that all are measured again. */
static int forget_versions(struct store *store, const struct fact_group *group,
                           struct error *err)
{
    return exec_named(store, err, "UPDATE %s SET \"%s\" = %s", "fact_version", group->name,
                      "NULL");
}

/* The columns that were added to the three tables, in their order. */
static const char LIST_ADDED[] =
    "SELECT 'fact', c.name, c.type FROM pragma_table_info('fact') c"
    " JOIN fact_column k ON k.name = c.name AND k.type = c.type AND k.of_turns = 0"
    " UNION ALL SELECT 'turn_fact', c.name, c.type FROM pragma_table_info('turn_fact') c"
    " JOIN fact_column k ON k.name = c.name AND k.type = c.type AND k.of_turns = 1"
    " UNION ALL SELECT 'fact_version', c.name, c.type FROM pragma_table_info('fact_version') c"
    " WHERE c.type = 'INTEGER' AND c.name IN (SELECT fact_group FROM fact_column)";

int fact_copy_columns(struct store *from, struct store *to, struct error *err)
{
    struct stmt *stmt = NULL;
    char table[FACT_NAME_BYTES], name[FACT_NAME_BYTES], type[FACT_NAME_BYTES];
    int rc;

    if (stmt_use(from, LIST_ADDED, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1) {
        snprintf(table, sizeof table, "%s", stmt_bytes(stmt, 0).ptr);
        snprintf(name, sizeof name, "%s", stmt_bytes(stmt, 1).ptr);
        snprintf(type, sizeof type, "%s", stmt_bytes(stmt, 2).ptr);
        if (check_fact_name(name, err) < 0 || add_fact_column(to, table, name, type, err) < 0) {
            stmt_reset(stmt);
            return -1;
        }
    }
    return rc;
}

static int put_group(struct store *store, const struct fact_group *group, struct error *err)
{
    bool changed = false;

    if (check_fact_name(group->name, err) < 0 ||
        add_fact_column(store, "fact_version", group->name, "INTEGER", err) < 0)
        return -1;
    for (size_t i = 0; i < group->n_columns; i++) {
        const int same = check_column(store, group, &group->columns[i], err);

        if (same < 0 || (same == 0 && put_column(store, group, &group->columns[i], err) < 0))
            return -1;
        changed = changed || same == 0;
    }
    return changed ? forget_versions(store, group, err) : 0;
}

int fact_group_put(struct store *store, const struct fact_group *group, struct error *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    if (put_group(store, group, err) == 0 && store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

int fact_find_pending(struct store *store, const struct fact_group *groups, size_t n,
                      const char *condition, struct id_list *out, struct error *err)
{
    struct stmt *stmt = NULL;
    struct buf sql;
    int rc;

    buf_init(&sql, FACT_SQL_MAX_BYTES);
    rc = buf_add_text(&sql, " LEFT JOIN fact_version m USING (sample_id) WHERE 0", err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = buf_printf(&sql, err, " OR m.\"%s\" IS NOT %d", groups[i].name, groups[i].version);
    if (rc == 0)
        rc = buf_add_text(&sql, " ORDER BY sample_id", err);
    if (rc == 0)
        rc = condition_open(store, "SELECT sample_id FROM ", condition, sql.data, &stmt, err);
    buf_release(&sql);
    return rc < 0 ? -1 : condition_collect(stmt, out, err);
}

/* The statement that stores a row of a table, in three parts that grow column by column. */
struct put_sql {
    struct buf columns;
    struct buf values;
    struct buf updates;
    int n_params;
};

static int add_put_column(struct put_sql *sql, const char *name, struct error *err)
{
    const char *comma = sql->updates.len > 0 ? ", " : "";

    if (buf_printf(&sql->columns, err, ", \"%s\"", name) < 0 ||
        buf_printf(&sql->values, err, ", ?%d", ++sql->n_params) < 0)
        return -1;
    return buf_printf(&sql->updates, err, "%s\"%s\" = excluded.\"%s\"", comma, name, name);
}

/* Add the columns of the groups that belong to the table. */
static int add_put_columns(struct put_sql *sql, const struct fact_writer *writer,
                           const char *table, struct error *err)
{
    const bool of_turns = strcmp(table, "turn_fact") == 0;
    const bool of_versions = strcmp(table, "fact_version") == 0;

    for (size_t g = 0; g < writer->n_groups; g++) {
        const struct fact_group *group = &writer->groups[g];

        if (of_versions && add_put_column(sql, group->name, err) < 0)
            return -1;
        if (of_versions || group->of_turns != of_turns)
            continue;
        for (size_t i = 0; i < group->n_columns; i++)
            if (add_put_column(sql, group->columns[i].name, err) < 0)
                return -1;
    }
    return 0;
}

/* Prepare the statement that stores a row, unless it has no columns. Parameters are numbered:
 * the keys, then the columns. */
static int open_put(const struct fact_writer *writer, const char *table, const char *keys,
                    int n_keys, struct stmt **out, struct error *err)
{
    struct put_sql sql = { .n_params = n_keys };
    struct buf text;
    int rc = -1;

    buf_init(&sql.columns, FACT_SQL_MAX_BYTES);
    buf_init(&sql.values, FACT_SQL_MAX_BYTES);
    buf_init(&sql.updates, FACT_SQL_MAX_BYTES);
    buf_init(&text, 4 * FACT_SQL_MAX_BYTES);
    if (add_put_columns(&sql, writer, table, err) < 0)
        goto done;
    if (sql.n_params == n_keys) {
        rc = 0;
        goto done;
    }
    if (buf_printf(&text, err,
                   "INSERT INTO %s (%s%s) VALUES (?1%s%s) ON CONFLICT (%s)"
                   " DO UPDATE SET %s",
                   table, keys, sql.columns.data, n_keys > 1 ? ", ?2" : "", sql.values.data,
                   keys, sql.updates.data) == 0)
        rc = stmt_open(writer->store, text.data, out, err);
done:
    buf_release(&sql.columns);
    buf_release(&sql.values);
    buf_release(&sql.updates);
    buf_release(&text);
    return rc;
}

int fact_writer_open(struct store *store, const struct fact_group *groups, size_t n,
                     struct fact_writer **out, struct error *err)
{
    struct fact_writer *writer = calloc(1, sizeof *writer);

    if (!writer)
        return error_nomem(err);
    *writer = (struct fact_writer){ .store = store, .groups = groups, .n_groups = n };
    if (open_put(writer, "fact", "sample_id", 1, &writer->put, err) < 0 ||
        open_put(writer, "turn_fact", "sample_id, turn", 2, &writer->put_turn, err) < 0 ||
        open_put(writer, "fact_version", "sample_id", 1, &writer->put_version, err) < 0) {
        fact_writer_close(writer);
        return -1;
    }
    *out = writer;
    return 0;
}

void fact_writer_close(struct fact_writer *writer)
{
    if (!writer)
        return;
    stmt_close(writer->put);
    stmt_close(writer->put_turn);
    stmt_close(writer->put_version);
    free(writer);
}

static int put_reason(struct store *store, int64_t sample_id, const char *name,
                      const char *reason, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_REASON, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_text(stmt, ":name", slice_text(name));
    stmt_bind_text(stmt, ":reason", slice_text(reason));
    return stmt_run(stmt, err);
}

/* Run a statement about one group of one sample. */
static int run_of_group(struct store *store, const char *sql, int64_t sample_id,
                        const char *group, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_text(stmt, ":fact_group", slice_text(group));
    return stmt_run(stmt, err);
}

static int bind_cell(struct stmt *stmt, int index, const struct fact_column *column,
                     const struct fact_cell *cell, struct error *err)
{
    if (cell->reason)
        stmt_bind_null_at(stmt, index);
    else if (column->type == CELL_TEXT)
        stmt_bind_text_at(stmt, index, slice_text(cell->text));
    else if (column->type == CELL_INTEGER)
        stmt_bind_int_at(stmt, index, cell->integer);
    else if (isfinite(cell->real))
        stmt_bind_real_at(stmt, index, cell->real);
    else
        return error_set(err, ERR_INVARIANT, "the fact %s is %f", column->name, cell->real);
    return 0;
}

/* Bind the cells of all groups that are of turns or not, from this parameter on. */
static int bind_cells(const struct fact_writer *writer, struct stmt *stmt, bool of_turns,
                      int index, const struct fact_cell *cells, struct error *err)
{
    for (size_t g = 0; g < writer->n_groups; g++) {
        const struct fact_group *group = &writer->groups[g];

        for (size_t i = 0; group->of_turns == of_turns && i < group->n_columns; i++)
            if (bind_cell(stmt, index++, &group->columns[i], cells++, err) < 0)
                return -1;
    }
    return 0;
}

/* Replace the reasons of the missing facts of a sample. */
static int put_reasons(const struct fact_writer *writer, int64_t sample_id,
                       const struct fact_cell *cells, struct error *err)
{
    for (size_t g = 0; g < writer->n_groups; g++) {
        const struct fact_group *group = &writer->groups[g];

        if (group->of_turns)
            continue;
        if (run_of_group(writer->store, REMOVE_REASONS, sample_id, group->name, err) < 0)
            return -1;
        for (size_t i = 0; i < group->n_columns; i++, cells++)
            if (cells->reason && strcmp(cells->reason, FACT_ABSENT) != 0 &&
                put_reason(writer->store, sample_id, group->columns[i].name, cells->reason,
                           err) < 0)
                return -1;
    }
    return 0;
}

int fact_write(struct fact_writer *writer, int64_t sample_id, const struct fact_cell *cells,
               struct error *err)
{
    int index = 2;

    if (writer->put) {
        stmt_reset(writer->put);
        stmt_bind_int_at(writer->put, 1, sample_id);
        if (bind_cells(writer, writer->put, false, 2, cells, err) < 0 ||
            stmt_run(writer->put, err) < 0)
            return -1;
    }
    stmt_reset(writer->put_version);
    stmt_bind_int_at(writer->put_version, 1, sample_id);
    for (size_t g = 0; g < writer->n_groups; g++)
        stmt_bind_int_at(writer->put_version, index++, writer->groups[g].version);
    if (stmt_run(writer->put_version, err) < 0)
        return -1;
    return put_reasons(writer, sample_id, cells, err);
}

int fact_write_turn(struct fact_writer *writer, int64_t sample_id, int64_t turn,
                    const struct fact_cell *cells, struct error *err)
{
    if (!writer->put_turn)
        return 0;
    stmt_reset(writer->put_turn);
    stmt_bind_int_at(writer->put_turn, 1, sample_id);
    stmt_bind_int_at(writer->put_turn, 2, turn);
    if (bind_cells(writer, writer->put_turn, true, 3, cells, err) < 0)
        return -1;
    return stmt_run(writer->put_turn, err);
}

static const char *part_of_span(int64_t turn)
{
    if (turn >= 0)
        return "turn";
    return turn == -1 ? "context" : "system";
}

static int put_span(struct store *store, int64_t sample_id, const char *group,
                    const struct fact_span *span, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_SPAN, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    if (span->turn >= 0)
        stmt_bind_int(stmt, ":turn", span->turn);
    stmt_bind_text(stmt, ":part", slice_text(part_of_span(span->turn)));
    stmt_bind_count(stmt, ":start", span->start);
    stmt_bind_count(stmt, ":end", span->end);
    stmt_bind_text(stmt, ":fact_group", slice_text(group));
    stmt_bind_text(stmt, ":kind", slice_text(span->kind));
    stmt_bind_text(stmt, ":detail", span->detail);
    return stmt_run(stmt, err);
}

int fact_write_spans(struct store *store, int64_t sample_id, const char *group,
                     const struct fact_span *spans, size_t n, struct error *err)
{
    if (run_of_group(store, REMOVE_SPANS, sample_id, group, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (put_span(store, sample_id, group, &spans[i], err) < 0)
            return -1;
    return 0;
}
