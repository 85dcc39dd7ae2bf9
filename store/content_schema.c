/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/content_private.h"
#include "store/db_private.h"

/*
 * Tables (column NULL) and columns that describe one machine or moment and are not content.
 * Columns that refer to runs are left out as well, without being listed here.
 */
static const struct {
    const char *table;
    const char *column;
} left_out[] = {
    { "evaluation", "path" },
    { "export", NULL }, /* a log of files outside the database */
    { "ingest_position", NULL },
    { "migrated_sample", NULL },
    { "model", "ctime_ns" },
    { "model", "inode" },
    { "model", "mtime_ns" },
    { "model", "path" },
    { "run", NULL },
    { "run_defect", NULL },
};

/* SQLite quotes the names, because a name may contain '"'. */
static const char READ_COLUMNS[] =
    "SELECT t.name, '\"' || replace(t.name, '\"', '\"\"') || '\"', c.name,"
    " '\"' || replace(c.name, '\"', '\"\"') || '\"', f.\"table\", c.pk,"
    " c.type = 'INTEGER' AND c.pk = 1 AND"
    " (SELECT count(*) FROM pragma_table_info(t.name) WHERE pk > 0) = 1,"
    " EXISTS (SELECT 1 FROM pragma_index_info("
    " (SELECT name FROM pragma_index_list(t.name) WHERE \"unique\" AND origin = 'u'"
    " ORDER BY seq DESC LIMIT 1)) AS k WHERE k.name = c.name)"
    " FROM pragma_table_list AS t"
    " JOIN pragma_table_info(t.name) AS c"
    " LEFT JOIN pragma_foreign_key_list(t.name) AS f ON f.\"from\" = c.name AND NOT EXISTS"
    " (SELECT 1 FROM pragma_foreign_key_list(t.name) AS o WHERE o.id = f.id AND o.seq > 0)"
    " WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    " ORDER BY t.name, c.name";

enum {
    COL_TABLE,
    COL_TABLE_QUOTED,
    COL_COLUMN,
    COL_COLUMN_QUOTED,
    COL_REFERS,
    COL_PK,
    COL_IS_ID,
    COL_IS_NATURAL_KEY,
};

void content_schema_init(struct content_schema *schema)
{
    schema->n_tables = 0;
    arena_init(&schema->arena);
}

void content_schema_release(struct content_schema *schema)
{
    arena_release(&schema->arena);
}

static bool content_is_left_out(const char *table, const char *column)
{
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        if (strcmp(table, left_out[i].table) == 0 &&
            (!left_out[i].column || (column && strcmp(column, left_out[i].column) == 0)))
            return true;
    return false;
}

/* Copy a text column to the arena. Returns NULL when memory runs out. */
static const char *copy_column_text(struct content_schema *schema, const struct stmt *row,
                                    size_t column)
{
    return arena_copy(&schema->arena, stmt_bytes(row, column)).ptr;
}

/* Get the table that the row belongs to. Rows are sorted by table, so it is the last table read
 * or a new one. */
static int get_table_of_row(struct content_schema *schema, const struct stmt *row,
                            struct content_table **out, struct error *err)
{
    struct content_table *table =
        schema->n_tables ? &schema->tables[schema->n_tables - 1] : NULL;

    if (!table || !slice_equal(stmt_bytes(row, COL_TABLE), slice_text(table->name))) {
        if (schema->n_tables == CONTENT_TABLES_MAX)
            return error_set(err, ERR_INPUT, "the database has more than %d tables",
                             CONTENT_TABLES_MAX);
        table = &schema->tables[schema->n_tables];
        *table =
            (struct content_table){ .name = copy_column_text(schema, row, COL_TABLE),
                                    .quoted = copy_column_text(schema, row, COL_TABLE_QUOTED) };
        if (!table->name || !table->quoted)
            return error_nomem(err);
        table->left_out = content_is_left_out(table->name, NULL);
        schema->n_tables++;
    }
    *out = table;
    return 0;
}

static int add_column(struct content_schema *schema, const struct stmt *row,
                      struct content_column ***last, struct error *err)
{
    struct content_column *column = arena_alloc(&schema->arena, 1, sizeof *column);
    const char *name = copy_column_text(schema, row, COL_COLUMN);
    struct content_table *table = NULL;

    if (!column || !name)
        return error_nomem(err);
    if (get_table_of_row(schema, row, &table, err) < 0)
        return -1;
    *column = (struct content_column){
        .quoted = copy_column_text(schema, row, COL_COLUMN_QUOTED),
        .is_primary = stmt_int(row, COL_PK) == 1,
        .is_natural_key = stmt_int(row, COL_IS_NATURAL_KEY) != 0,
        .left_out = content_is_left_out(table->name, name),
    };
    if (stmt_column_type(row, COL_REFERS) != STMT_NULL) {
        column->refers = copy_column_text(schema, row, COL_REFERS);
        if (!column->refers)
            return error_nomem(err);
        column->left_out |= strcmp(column->refers, "run") == 0;
    }
    if (!column->quoted)
        return error_nomem(err);
    column->is_id = !column->refers && stmt_int(row, COL_IS_ID) != 0;
    table->has_natural_key |= column->is_natural_key;
    if (!table->columns)
        *last = &table->columns;
    **last = column;
    *last = &column->next;
    return 0;
}

int content_schema_read(struct content_schema *schema, struct store *store, struct error *err)
{
    struct content_column **last = NULL;
    struct stmt *rows = NULL;
    int rc;

    if (stmt_use(store, READ_COLUMNS, &rows, err) < 0)
        return -1;
    while ((rc = stmt_next(rows, err)) == 1)
        if (add_column(schema, rows, &last, err) < 0) {
            stmt_reset(rows);
            return -1;
        }
    return rc;
}

static const struct content_table *find_table(const struct content_schema *schema,
                                              const char *name)
{
    for (size_t t = 0; t < schema->n_tables; t++)
        if (strcmp(schema->tables[t].name, name) == 0)
            return &schema->tables[t];
    return NULL;
}

static const char *find_primary_key(const struct content_table *table)
{
    for (const struct content_column *c = table->columns; c; c = c->next)
        if (c->is_primary)
            return c->quoted;
    return NULL;
}

enum { DEPTH_MAX = 16 };

/*
 * Append the SQL expression for the value of a column. The row is called aN, where N is the
 * depth. A reference becomes
 *     (SELECT quote(k1) || ',' || quote(k2) FROM table AS aM WHERE aM.id = aN.column)
 * where M = N + 1 and the k are the values of the natural key of the referenced row, built in
 * the same way. If that table has no natural key, the k are all its columns.
 */
static int add_value_sql(const struct content_schema *schema,
                         const struct content_column *column, unsigned depth, struct buf *out,
                         struct error *err)
{
    const struct content_table *table =
        column->refers ? find_table(schema, column->refers) : NULL;
    const char *id = table ? find_primary_key(table) : NULL;
    bool first = true;

    if (!id || depth == DEPTH_MAX)
        return buf_printf(out, err, "a%u.%s", depth, column->quoted);
    if (buf_add_text(out, "(SELECT ", err) < 0)
        return -1;
    for (const struct content_column *c = table->columns; c; c = c->next) {
        if (c->left_out || c->is_id || (table->has_natural_key && !c->is_natural_key))
            continue;
        if (buf_add_text(out, first ? "quote(" : " || ',' || quote(", err) < 0 ||
            add_value_sql(schema, c, depth + 1, out, err) < 0 ||
            buf_add_text(out, ")", err) < 0)
            return -1;
        first = false;
    }
    return buf_printf(out, err, "%s FROM %s AS a%u WHERE a%u.%s = a%u.%s)", first ? "''" : "",
                      table->quoted, depth + 1, depth + 1, id, depth, column->quoted);
}

int content_schema_rows(const struct content_schema *schema, size_t table, struct buf *out,
                        struct error *err)
{
    const struct content_table *t = &schema->tables[table];
    const char *comma = "";

    if (buf_add_text(out, "SELECT ", err) < 0)
        return -1;
    for (const struct content_column *c = t->columns; c; c = c->next) {
        if (c->left_out || c->is_id)
            continue;
        if (buf_add_text(out, comma, err) < 0 || add_value_sql(schema, c, 0, out, err) < 0 ||
            buf_printf(out, err, " AS %s", c->quoted) < 0)
            return -1;
        comma = ", ";
    }
    return buf_printf(out, err, "%s FROM %s AS a0", *comma ? "" : "NULL", t->quoted);
}
