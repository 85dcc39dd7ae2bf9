/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "schemas/migrations.h" /* generated: migrations */
#include "store/db_private.h"
#include "store/score.h"

enum { N_MIGRATIONS = sizeof migrations / sizeof migrations[0] };

int store_version(void)
{
    return N_MIGRATIONS;
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

/* Run the code that belongs to a migration besides its SQL. */
static int run_migration_code(struct store *store, int64_t version, struct error *err)
{
    enum { ARITHMETIC = 12 };

    return version == ARITHMETIC ? rehash_score_sets(store, err) : 0;
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
        if (db_exec(store, migrations[from].sql, err) < 0 ||
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

int migrate_up(struct store *store, int64_t from, struct error *err)
{
    if (from == N_MIGRATIONS)
        return 0;
    if (store_sync_commits(store, true, err) < 0)
        return -1;
    for (; from < N_MIGRATIONS; from++)
        if (migrate_one(store, from, err) < 0)
            return -1;
    return store_sync_commits(store, false, err);
}
