/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of facts, and which samples lack values in them. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/fact_private.h"
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

int fact_check_name(const char *name, struct error *err)
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

/* A condition could not tell a fact from another column of the same name. */
static int check_new_column(struct store *store, const char *name, struct error *err)
{
    static const char *const views[] = { "v_sample", "v_sample_contamination" };

    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        struct stmt *stmt = NULL;
        int64_t n;

        if (stmt_use(store, HAS_COLUMN, &stmt, err) < 0)
            return -1;
        stmt_bind_text(stmt, ":table", slice_text(views[i]));
        stmt_bind_text(stmt, ":name", slice_text(name));
        if (stmt_get_int(stmt, &n, err) < 0)
            return -1;
        if (n > 0)
            return error_set(err, ERR_USAGE, "%s: %s has a column of this name: choose another",
                             name, views[i]);
    }
    return 0;
}

/* Compare a column with its row of fact_column. Returns 1 if it is as described, 2 if its
 * values are others, 0 if it is new, -1 with ERR_USAGE if the name is another group's. */
static int check_column(struct store *store, const struct fact_group *group,
                        const struct fact_column *column, struct error *err)
{
    const struct slice params = group->params.ptr ? group->params : slice_text("");
    struct stmt *stmt = NULL;

    if (fact_check_name(column->name, err) < 0 || stmt_use(store, FIND_COLUMN, &stmt, err) < 0)
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
            rc = stmt_int(stmt, 1) == group->version && slice_equal(stmt_bytes(stmt, 2), params)
                     ? 1
                     : 2;
    }
    stmt_reset(stmt);
    return rc == 0 ? check_new_column(store, column->name, err) : rc;
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

/* Remove the values of a column, and why some are missing. */
static int forget_values(struct store *store, const struct fact_group *group, const char *name,
                         struct error *err)
{
    const char *table = group->of_turns ? "turn_fact" : "fact";

    if (exec_named(store, err, "UPDATE %s SET \"%s\" = %s", table, name, "NULL") < 0)
        return -1;
    return group->of_turns ? 0
                           : exec_named(store, err, "DELETE FROM %s WHERE name = '%s'%s",
                                        "fact_missing", name, "");
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
        if (fact_check_name(name, err) < 0 || add_fact_column(to, table, name, type, err) < 0) {
            stmt_reset(stmt);
            return -1;
        }
    }
    return rc < 0 ? -1 : fact_view_copy(from, to, err);
}

static int put_group(struct store *store, const struct fact_group *group, struct error *err)
{
    bool changed = false;

    if (fact_check_name(group->name, err) < 0 ||
        add_fact_column(store, "fact_version", group->name, "INTEGER", err) < 0)
        return -1;
    for (size_t i = 0; i < group->n_columns; i++) {
        const struct fact_column *column = &group->columns[i];
        const int found = check_column(store, group, column, err);

        if (found < 0 || (found == 2 && forget_values(store, group, column->name, err) < 0) ||
            (found != 1 && put_column(store, group, column, err) < 0))
            return -1;
        changed = changed || found != 1;
    }
    if (group->may_be_unchecked && fact_view_put(store, group, err) < 0)
        return -1;
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

/* Are all columns of the group as described? Returns 1 or 0, or -1 with err set. */
static int group_is_put(struct store *store, const struct fact_group *group, struct error *err)
{
    int found = 1;

    for (size_t i = 0; found == 1 && i < group->n_columns; i++)
        found = check_column(store, group, &group->columns[i], err);
    return found < 0 ? -1 : found == 1;
}

/* Add a term that is true for samples without the values of a group: all samples before the
 * group is put. */
static int add_pending(struct store *store, const struct fact_group *group, struct buf *sql,
                       struct error *err)
{
    const int is_put = group_is_put(store, group, err);

    if (is_put < 0)
        return -1;
    return is_put ? buf_printf(sql, err, " OR m.\"%s\" IS NOT %d", group->name, group->version)
                  : buf_add_text(sql, " OR 1", err);
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
        rc = add_pending(store, &groups[i], &sql, err);
    if (rc == 0)
        rc = buf_add_text(&sql, " ORDER BY sample_id", err);
    if (rc == 0)
        rc = condition_open(store, "SELECT sample_id FROM ", condition, sql.data, &stmt, err);
    buf_release(&sql);
    return rc < 0 ? -1 : condition_collect(stmt, out, err);
}
