/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "schemas/migrations.h" /* generated: migrations */
#include "store/db_private.h"

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
    for (; from < N_MIGRATIONS; from++)
        if (migrate_one(store, from, err) < 0)
            return -1;
    return 0;
}
