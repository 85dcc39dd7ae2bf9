/* SPDX-License-Identifier: Apache-2.0 */
#include "store/fact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/db_private.h"

enum { FACT_SQL_MAX_BYTES = 1 << 20 };

static const char PUT_REASON[] =
    "INSERT INTO fact_missing (sample_id, name, reason) VALUES (:sample_id, :name, :reason)"
    " ON CONFLICT (sample_id, name) DO UPDATE SET reason = excluded.reason";

static const char WAS_MEASURED[] =
    "SELECT EXISTS (SELECT 1 FROM fact_version WHERE sample_id = :sample_id)";

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
    int64_t sample_id; /* that was stored last */
    bool was_measured; /* it was stored before: reasons and spans may have to be removed */
};

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

static bool is_derived(const struct fact_group *group, const char *reason)
{
    return strcmp(reason, FACT_ABSENT) == 0 ||
           (group->may_be_unchecked && strcmp(reason, FACT_UNCHECKED) == 0);
}

/* Replace the reasons of the missing facts of a sample. */
static int put_reasons(const struct fact_writer *writer, int64_t sample_id,
                       const struct fact_cell *cells, struct error *err)
{
    for (size_t g = 0; g < writer->n_groups; g++) {
        const struct fact_group *group = &writer->groups[g];

        if (group->of_turns)
            continue;
        if (writer->was_measured &&
            run_of_group(writer->store, REMOVE_REASONS, sample_id, group->name, err) < 0)
            return -1;
        for (size_t i = 0; i < group->n_columns; i++, cells++)
            if (cells->reason && !is_derived(group, cells->reason) &&
                put_reason(writer->store, sample_id, group->columns[i].name, cells->reason,
                           err) < 0)
                return -1;
    }
    return 0;
}

/* Was the sample measured before, with any group? */
static int find_measured(struct fact_writer *writer, int64_t sample_id, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t found;

    if (stmt_use(writer->store, WAS_MEASURED, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    if (stmt_get_int(stmt, &found, err) < 0)
        return -1;
    writer->sample_id = sample_id;
    writer->was_measured = found;
    return 0;
}

int fact_write(struct fact_writer *writer, int64_t sample_id, const struct fact_cell *cells,
               struct error *err)
{
    int index = 2;

    if (find_measured(writer, sample_id, err) < 0)
        return -1;
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

int fact_write_spans(struct fact_writer *writer, const char *group,
                     const struct fact_span *spans, size_t n, struct error *err)
{
    if (writer->was_measured &&
        run_of_group(writer->store, REMOVE_SPANS, writer->sample_id, group, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (put_span(writer->store, writer->sample_id, group, &spans[i], err) < 0)
            return -1;
    return 0;
}
