/* SPDX-License-Identifier: Apache-2.0 */
#include "store/defect.h"

#include "store/db_private.h"

static const char ADD[] = "INSERT INTO sample_defect (sample_id, class)"
                          " VALUES (:sample_id, :class) ON CONFLICT DO NOTHING";

static const char COUNT[] =
    "INSERT INTO run_defect (run_id, class, action, n) VALUES (:run_id, :class, :action, :n)"
    " ON CONFLICT (run_id, class, action) DO UPDATE SET n = n + excluded.n";

int defect_add(struct store *store, int64_t sample_id, const char *class, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, ADD, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_text(stmt, ":class", slice_text(class));
    return stmt_run(stmt, err);
}

int defect_count(struct store *store, int64_t run_id, const char *class, const char *action,
                 uint64_t n, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, COUNT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":run_id", run_id);
    stmt_bind_text(stmt, ":class", slice_text(class));
    stmt_bind_text(stmt, ":action", slice_text(action));
    stmt_bind_count(stmt, ":n", n);
    return stmt_run(stmt, err);
}
