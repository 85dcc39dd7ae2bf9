/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/db_private.h"
#include "store/fact.h"

static const char HAS_GROUP[] =
    "SELECT count(*) FROM pragma_table_info('fact_version') WHERE name = :name";

static const char COUNT_SPANS[] =
    "SELECT count(*) FROM span WHERE sample_id = :sample_id AND fact_group = :fact_group";

static const char READ_SPANS[] =
    "SELECT coalesce(turn, CASE part WHEN 'context' THEN -1 ELSE -2 END), start, \"end\", kind"
    " FROM span WHERE sample_id = :sample_id AND fact_group = :fact_group ORDER BY 1, 2";

/* Was the sample measured with this version of a group? Returns 1, 0 or -1. */
static int is_measured(struct store *store, int64_t sample_id, const char *group, int version,
                       struct error *err)
{
    struct stmt *stmt = NULL;
    char sql[160];
    int64_t n;

    if (stmt_use(store, HAS_GROUP, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(group));
    if (stmt_get_int(stmt, &n, err) < 0)
        return -1;
    if (n == 0)
        return 0;
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM fact_version WHERE sample_id = ?1 AND \"%s\" = ?2", group);
    if (stmt_open(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int_at(stmt, 1, sample_id);
    stmt_bind_int_at(stmt, 2, version);
    const int rc = stmt_get_int(stmt, &n, err);
    stmt_close(stmt);
    return rc < 0 ? -1 : n > 0;
}

/* Use a statement about the spans of a group of a sample. */
static int use_spans(struct store *store, const char *sql, int64_t sample_id, const char *group,
                     struct stmt **out, struct error *err)
{
    if (stmt_use(store, sql, out, err) < 0)
        return -1;
    stmt_bind_int(*out, ":sample_id", sample_id);
    stmt_bind_text(*out, ":fact_group", slice_text(group));
    return 0;
}

int fact_read_spans(struct store *store, int64_t sample_id, const char *group, int version,
                    struct arena *arena, struct fact_span **out, size_t *n, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t n_spans;
    int rc = is_measured(store, sample_id, group, version, err);

    *n = 0;
    if (rc <= 0)
        return rc;
    if (use_spans(store, COUNT_SPANS, sample_id, group, &stmt, err) < 0 ||
        stmt_get_int(stmt, &n_spans, err) < 0)
        return -1;
    *out = arena_alloc(arena, (size_t)n_spans + 1, sizeof **out);
    if (!*out)
        return error_nomem(err);
    if (use_spans(store, READ_SPANS, sample_id, group, &stmt, err) < 0)
        return -1;
    while (*n < (size_t)n_spans && (rc = stmt_next(stmt, err)) == 1) {
        const char *kind = arena_copy(arena, stmt_bytes(stmt, 3)).ptr;

        if (!kind) {
            stmt_reset(stmt);
            return error_nomem(err);
        }
        (*out)[(*n)++] = (struct fact_span){ .turn = stmt_int(stmt, 0),
                                             .start = (uint64_t)stmt_int(stmt, 1),
                                             .end = (uint64_t)stmt_int(stmt, 2),
                                             .group = group,
                                             .kind = kind };
    }
    stmt_reset(stmt);
    return rc < 0 ? -1 : 1;
}
