/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text/utf8.h"
#include "schemas/migrations.h" /* generated: migrations */
#include "store/db_private.h"
#include "store/migrate_private.h"
#include "store/score.h"

enum {
    N_MIGRATIONS = sizeof migrations / sizeof migrations[0],
    NAMED_TEXT_MAX_BYTES = 16 << 20,
};

int store_version(void)
{
    return N_MIGRATIONS;
}

const struct store_migration *store_migration(const struct store *store)
{
    return &store->migration;
}

static int set_version(struct store *store, int64_t version, struct error *err)
{
    char sql[96];

    if (version == 1)
        snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = 1",
                 STORE_APPLICATION_ID);
    else
        snprintf(sql, sizeof sql, "PRAGMA user_version = %" PRId64, version);
    return db_exec(store, sql, err);
}

static const char NEXT_SET[] = "SELECT score_set_id, params FROM score_set"
                               " WHERE score_set_id > :after ORDER BY score_set_id LIMIT 1";

/* Read the next score set after `*id`. Copies its parameters to the arena. Returns 1, 0 if
 * there is none, or -1. */
static int next_score_set(struct store *store, int64_t *id, struct arena *arena,
                          struct slice *params, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, NEXT_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":after", *id);
    const int rc = stmt_next(stmt, err);
    if (rc < 1)
        return rc;
    *id = stmt_int(stmt, 0);
    *params = arena_copy(arena, stmt_bytes(stmt, 1));
    stmt_reset(stmt);
    return params->ptr ? 1 : error_nomem(err);
}

/* 0012_arithmetic changes the parameters of score sets. Recompute their hashes, which SQL
 * cannot do. */
static int rehash_score_sets(struct store *store, struct error *err)
{
    struct arena arena;
    struct slice params;
    int64_t id = 0;
    int rc;

    arena_init(&arena);
    while ((rc = next_score_set(store, &id, &arena, &params, err)) == 1) {
        if (score_set_change_params(store, id, params, err) < 0) {
            rc = -1;
            break;
        }
        arena_clear(&arena);
    }
    arena_release(&arena);
    return rc;
}

/* Text that comes from names, conditions and messages, not from records. */
static const struct named_text {
    const char *table;
    const char *column;
    bool is_json;
} named_texts[] = {
    { "run", "options", true },       { "run", "host", false },
    { "run", "message", false },      { "source", "name", false },
    { "file", "path", false },        { "reject", "detail", false },
    { "model", "name", false },       { "model", "path", false },
    { "selection", "name", false },   { "selection", "condition", false },
    { "selection", "top", false },    { "export", "selection", false },
    { "export", "path", false },      { "cohort", "name", false },
    { "cohort", "condition", false },
};

/* Escape the current text of `read` with `write`. */
static int escape_row(const struct stmt *read, struct stmt *write, bool is_json,
                      struct error *err)
{
    const struct slice text = stmt_bytes(read, 1);
    struct buf escaped;
    int rc = -1;

    if (utf8_bad_at(text) == text.len)
        return 0;
    buf_init(&escaped, NAMED_TEXT_MAX_BYTES);
    if (utf8_escape(text, is_json, &escaped, err) == 0) {
        stmt_bind_text(write, ":text", buf_slice(&escaped));
        stmt_bind_int(write, ":id", stmt_int(read, 0));
        rc = stmt_run(write, err);
    }
    buf_release(&escaped);
    return rc;
}

static int escape_column(struct store *store, const struct named_text *text, struct error *err)
{
    struct stmt *read = NULL, *write = NULL;
    char sql[160];
    int rc = -1;

    snprintf(sql, sizeof sql, "SELECT rowid, %s FROM %s NOT INDEXED WHERE %s IS NOT NULL",
             text->column, text->table, text->column);
    if (stmt_open(store, sql, &read, err) < 0)
        return -1;
    /* The escaped name may be that of another row: then the text stays as it is. */
    snprintf(sql, sizeof sql, "UPDATE OR IGNORE %s SET %s = :text WHERE rowid = :id",
             text->table, text->column);
    if (stmt_open(store, sql, &write, err) == 0)
        while ((rc = stmt_next(read, err)) == 1)
            if ((rc = escape_row(read, write, text->is_json, err)) < 0)
                break;
    stmt_close(write);
    stmt_close(read);
    return rc;
}

/* 0013_utf8: escape text that is not UTF-8, which SQL cannot find. */
static int escape_names(struct store *store, struct error *err)
{
    for (size_t i = 0; i < sizeof named_texts / sizeof named_texts[0]; i++)
        if (escape_column(store, &named_texts[i], err) < 0)
            return -1;
    return 0;
}

enum {
    VERSION_ARITHMETIC = 12,
    VERSION_UTF8 = 13,
    VERSION_RECORDS = 15,
    VERSION_REPOSITORY = 16,
};

/* Run the SQL of a migration. 0015_records and 0016_repository change the text of tables in the
 * schema. */
static int run_migration_sql(struct store *store, int64_t version, struct error *err)
{
    const bool edits_schema = version == VERSION_RECORDS || version == VERSION_REPOSITORY;
    struct error later;

    if (edits_schema && db_permit_schema_edits(store, true, err) < 0)
        return -1;
    int rc = db_exec(store, migrations[version - 1].sql, err);
    if (edits_schema && db_permit_schema_edits(store, false, rc < 0 ? &later : err) < 0)
        rc = -1;
    return rc;
}

/* Run the code that belongs to a migration besides its SQL. */
static int run_migration_code(struct store *store, int64_t version, struct error *err)
{
    if (version == VERSION_ARITHMETIC)
        return rehash_score_sets(store, err);
    if (version == VERSION_UTF8)
        return escape_names(store, err);
    return version == VERSION_RECORDS ? migrate_samples(store, err) : 0;
}

/* Apply one migration in a transaction. */
static int migrate_one(struct store *store, int64_t from, struct error *err)
{
    int64_t version;

    if (store_begin(store, err) < 0)
        goto failed;
    if (db_int(store, "PRAGMA user_version", &version, err) < 0)
        goto failed;
    if (version == from) { /* otherwise another process has applied it */
        if (run_migration_sql(store, from + 1, err) < 0 ||
            run_migration_code(store, from + 1, err) < 0 ||
            set_version(store, from + 1, err) < 0)
            goto failed;
    }
    if (store_commit(store, err) == 0)
        return 0;
failed:
    store_rollback(store);
    return error_prefix(err, "migration %s", migrations[from].name);
}

/* Give a new database the whole schema, in a transaction. All migrations one after
 * the other would take more than twice as long. */
static int make_schema(struct store *store, struct error *err)
{
    int64_t version;

    if (store_begin(store, err) < 0)
        goto failed;
    if (db_int(store, "PRAGMA user_version", &version, err) < 0)
        goto failed;
    /* Otherwise another process has made it. */
    if (version == 0 && db_exec(store, current_schema, err) < 0)
        goto failed;
    if (store_commit(store, err) == 0)
        return 0;
failed:
    store_rollback(store);
    return error_prefix(err, "making the tables");
}

int migrate_up(struct store *store, int64_t from, struct error *err)
{
    if (from == N_MIGRATIONS)
        return 0;
    if (store_sync_commits(store, true, err) < 0)
        return -1;
    if (from == 0 && make_schema(store, err) < 0)
        return -1;
    for (; from > 0 && from < N_MIGRATIONS; from++)
        if (migrate_one(store, from, err) < 0)
            return -1;
    return store_sync_commits(store, false, err);
}
