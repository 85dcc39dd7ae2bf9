/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of v_missing_facts that derives reasons.
 *
 * A sample in which a verifier finds nothing to check would need a row of fact_missing for each
 * of its facts: 18 rows for a plain question and answer, more bytes than its values. So these
 * rows are not stored. The view gets a term for each such column, which lists the samples
 * that were measured and have neither a value nor a stored reason. A migration that creates
 * the view anew drops the terms; the next `curate measure` adds them.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/db_private.h"
#include "store/fact_private.h"

enum { VIEW_SQL_MAX_BYTES = 1 << 20 };

static const char READ_VIEW[] =
    "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = 'v_missing_facts'";

/* The columns whose terms the view has, in the order of the terms. */
static const char LIST_DERIVED[] =
    "SELECT fact_group, name FROM (SELECT k.fact_group, k.name,"
    " instr(v.sql, 'WHERE f.\"' || k.name || '\" IS NULL') AS place FROM fact_column k"
    " JOIN sqlite_schema v ON v.type = 'view' AND v.name = 'v_missing_facts'"
    " WHERE k.of_turns = 0) WHERE place > 0 ORDER BY place";

/* Read the SQL of the view. */
static int read_view(struct store *store, struct buf *sql, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, READ_VIEW, &stmt, err) < 0)
        return -1;
    int rc = stmt_next(stmt, err);
    if (rc == 1)
        rc = buf_add_slice(sql, stmt_bytes(stmt, 0), err);
    else if (rc == 0)
        rc = error_set(err, ERR_INPUT,
                       "the database has no view v_missing_facts: curate fsck checks it");
    stmt_reset(stmt);
    return rc;
}

/* Append the term of a column unless the view has it. Names were checked: fact_column.c. */
static int add_term(struct buf *sql, const char *group, const char *name, struct error *err)
{
    char condition[96];

    snprintf(condition, sizeof condition, "WHERE f.\"%s\" IS NULL", name);
    if (strstr(sql->data, condition))
        return 0;
    return buf_printf(
        sql, err,
        "\nUNION ALL\nSELECT f.sample_id, '%s', '" FACT_UNCHECKED "'"
        "\n  FROM fact f JOIN fact_version m ON m.sample_id = f.sample_id"
        "\n %s AND m.\"%s\" IS NOT NULL"
        "\n   AND NOT EXISTS (SELECT 1 FROM fact_missing r"
        "\n                    WHERE r.sample_id = f.sample_id AND r.name = '%s')",
        name, condition, group, name);
}

/* Replace the view. */
static int replace_view(struct store *store, const struct buf *sql, struct error *err)
{
    struct stmt *stmt = NULL;

    if (db_exec(store, "DROP VIEW v_missing_facts", err) < 0 ||
        stmt_open(store, sql->data, &stmt, err) < 0)
        return -1;
    const int rc = stmt_run(stmt, err);
    stmt_close(stmt);
    return rc;
}

int fact_view_put(struct store *store, const struct fact_group *group, struct error *err)
{
    struct buf sql;

    buf_init(&sql, VIEW_SQL_MAX_BYTES);
    int rc = read_view(store, &sql, err);
    const size_t len = sql.len;
    for (size_t i = 0; rc == 0 && i < group->n_columns; i++)
        rc = add_term(&sql, group->name, group->columns[i].name, err);
    if (rc == 0 && sql.len > len)
        rc = replace_view(store, &sql, err);
    buf_release(&sql);
    return rc;
}

/* Append the term of a row of LIST_DERIVED. The database may be damaged. */
static int add_listed_term(struct buf *sql, const struct stmt *stmt, struct error *err)
{
    const char *group = stmt_bytes(stmt, 0).ptr;
    const char *name = stmt_bytes(stmt, 1).ptr;

    if (fact_check_name(group, err) < 0 || fact_check_name(name, err) < 0)
        return -1;
    return add_term(sql, group, name, err);
}

int fact_view_copy(struct store *from, struct store *to, struct error *err)
{
    struct stmt *stmt = NULL;
    struct buf sql;

    buf_init(&sql, VIEW_SQL_MAX_BYTES);
    int rc = read_view(to, &sql, err);
    if (rc == 0)
        rc = stmt_use(from, LIST_DERIVED, &stmt, err);
    const size_t len = sql.len;
    while (rc == 0 && (rc = stmt_next(stmt, err)) == 1)
        rc = add_listed_term(&sql, stmt, err);
    if (stmt)
        stmt_reset(stmt);
    if (rc == 0 && sql.len > len)
        rc = replace_view(to, &sql, err);
    buf_release(&sql);
    return rc;
}
