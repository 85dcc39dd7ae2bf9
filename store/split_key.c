/* SPDX-License-Identifier: Apache-2.0 */
/* What makes groups of samples: contexts, files, clusters of duplicates, a user's expression.
 */
#include "base/arena.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/split.h"

static const char COUNT_SAMPLES[] = "SELECT count(*) FROM sample";

/* Columns: sample, key, text. */
static const char *const key_queries[] = {
    [SPLIT_KEY_CONTEXT] = "SELECT sample_id, context_id, NULL FROM sample"
                          " WHERE context_id IS NOT NULL ORDER BY context_id",
    [SPLIT_KEY_FILE] = "SELECT sample_id, file_id, NULL FROM sample ORDER BY file_id",
    [SPLIT_KEY_CLUSTER] = "SELECT sample_id, cluster, NULL FROM dedup_member"
                          " WHERE dedup_set_id = :dedup_set_id ORDER BY cluster",
    [SPLIT_KEY_EXT_ID] = "SELECT sample_id, 0, ext_id FROM sample WHERE ext_id IS NOT NULL",
    [SPLIT_KEY_HASH] = "SELECT sample_id, 0, hash FROM sample ORDER BY hash",
};

static const char NEWEST_DEDUP[] =
    "SELECT name FROM dedup_set WHERE complete AND kind IN ('near', 'exact')"
    " ORDER BY kind = 'near' DESC, run_id DESC, dedup_set_id DESC LIMIT 1";

static int open_values(struct store *store, const struct split_source *source,
                       struct stmt **out, struct error *err)
{
    if (source->key == SPLIT_KEY_EXPRESSION)
        return expression_open_numbered(store, source->expression, out, err);
    if (stmt_open(store, key_queries[source->key], out, err) < 0)
        return -1;
    if (source->key == SPLIT_KEY_CLUSTER)
        stmt_bind_int(*out, ":dedup_set_id", source->dedup_set_id);
    return 0;
}

static int call_with_row(const struct stmt *row,
                         int (*fn)(void *arg, const struct split_value *value,
                                   struct error *err),
                         void *arg, struct error *err)
{
    const enum stmt_type type = stmt_column_type(row, 2);
    const struct split_value value = {
        .sample_id = stmt_int(row, 0),
        .key = stmt_int(row, 1),
        .is_null = type == STMT_NULL,
        .number = type == STMT_INT || type == STMT_REAL ? stmt_real(row, 2) : 0,
        .text = stmt_bytes(row, 2),
    };

    return fn(arg, &value, err);
}

/* An aggregate gives one value for all samples. */
static int check_count(struct store *store, const struct split_source *source, int64_t n_rows,
                       struct error *err)
{
    int64_t n_samples = 0;

    if (source->key != SPLIT_KEY_EXPRESSION)
        return 0;
    if (db_int(store, COUNT_SAMPLES, &n_samples, err) < 0)
        return -1;
    if (n_rows == n_samples)
        return 0;
    return error_set(err, ERR_USAGE,
                     "expression: it must have a value for each sample, so functions such as "
                     "count() cannot be used: %s",
                     source->expression);
}

int split_each_value(struct store *store, const struct split_source *source,
                     int (*fn)(void *arg, const struct split_value *value, struct error *err),
                     void *arg, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t n = 0;
    int rc;

    if (open_values(store, source, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1) {
        n++;
        if ((rc = call_with_row(stmt, fn, arg, err)) < 0)
            break;
    }
    stmt_close(stmt);
    return rc < 0 ? -1 : check_count(store, source, n, err);
}

int split_newest_dedup(struct store *store, struct arena *arena, const char **name,
                       struct error *err)
{
    struct stmt *stmt = NULL;

    *name = NULL;
    if (stmt_use(store, NEWEST_DEDUP, &stmt, err) < 0)
        return -1;
    const int found = stmt_next(stmt, err);
    if (found == 1)
        *name = arena_copy(arena, stmt_bytes(stmt, 0)).ptr;
    stmt_reset(stmt);
    if (found == 1 && !*name)
        return error_nomem(err);
    return found < 0 ? -1 : 0;
}
