/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dedup_vector.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/db_private.h"
#include "store/selection.h"

static const char FIND_VECTORS[] =
    "SELECT sample_id FROM embedding WHERE score_set_id = :score_set_id ORDER BY sample_id";

static const char FIND_MISSING[] =
    "SELECT sample_id FROM score k WHERE score_set_id = :score_set_id AND value IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.score_set_id = k.score_set_id"
    " AND e.sample_id = k.sample_id) ORDER BY sample_id";

static const char COUNT_PAIRS[] =
    "SELECT count(*) FROM dedup_pair WHERE dedup_set_id = :dedup_set_id";

static const char *const clear_statements[] = {
    "DELETE FROM dedup_member WHERE dedup_set_id = :dedup_set_id",
    "DELETE FROM dedup_pair WHERE dedup_set_id = :dedup_set_id",
    "DELETE FROM dedup_signature WHERE dedup_set_id = :dedup_set_id",
    "UPDATE dedup_set SET statistics = NULL WHERE dedup_set_id = :dedup_set_id",
};

static const char PUT_STATISTICS[] = "UPDATE dedup_set SET statistics = :statistics"
                                     " WHERE dedup_set_id = :dedup_set_id";

static const char GET_SUMS[] =
    "SELECT coalesce(statistics ->> '$.compared', ''), coalesce(statistics ->> '$.pool', '')"
    " FROM dedup_set WHERE dedup_set_id = :dedup_set_id AND json_valid(statistics)";

/* List the ids of the rows of a statement about a score set. */
static int list_ids(struct store *store, const char *sql, int64_t score_set_id,
                    struct id_list *out, struct error *err)
{
    struct id_list list = { 0 };
    struct stmt *stmt = NULL;
    size_t cap = 0;
    int rc;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (list.n == cap) {
            cap = cap > 0 ? 2 * cap : 1024;
            int64_t *ids = reallocarray(list.ids, cap, sizeof *ids);

            if (!ids) {
                stmt_reset(stmt);
                rc = error_nomem(err);
                break;
            }
            list.ids = ids;
        }
        list.ids[list.n++] = stmt_int(stmt, 0);
    }
    if (rc < 0) {
        id_list_release(&list);
        return -1;
    }
    *out = list;
    return 0;
}

int dedup_find_vectors(struct store *store, int64_t score_set_id, struct id_list *out,
                       struct error *err)
{
    return list_ids(store, FIND_VECTORS, score_set_id, out, err);
}

int dedup_find_missing(struct store *store, int64_t score_set_id, struct id_list *out,
                       struct error *err)
{
    return list_ids(store, FIND_MISSING, score_set_id, out, err);
}

int dedup_count_pairs(struct store *store, int64_t dedup_set_id, uint64_t *n, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t count;

    if (stmt_use(store, COUNT_PAIRS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    if (stmt_get_int(stmt, &count, err) < 0)
        return -1;
    *n = (uint64_t)count;
    return 0;
}

int dedup_clear(struct store *store, int64_t dedup_set_id, struct error *err)
{
    for (size_t i = 0; i < sizeof clear_statements / sizeof *clear_statements; i++) {
        struct stmt *stmt = NULL;

        if (stmt_use(store, clear_statements[i], &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

int dedup_put_statistics(struct store *store, int64_t dedup_set_id, struct slice json,
                         struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_STATISTICS, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":statistics", json);
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    return stmt_run(stmt, err);
}

int dedup_put_sums(struct store *store, int64_t dedup_set_id, const struct dedup_sums *sums,
                   struct error *err)
{
    char json[80];

    snprintf(json, sizeof json, "{\"compared\":\"%016" PRIx64 "\",\"pool\":\"%016" PRIx64 "\"}",
             sums->compared, sums->pool);
    return dedup_put_statistics(store, dedup_set_id, slice_text(json), err);
}

/* Read a number as dedup_put_sums() writes it; 0 if it is none. */
static uint64_t parse_sum(struct slice text)
{
    char hex[17];

    if (text.len != sizeof hex - 1)
        return 0;
    memcpy(hex, text.ptr, text.len);
    hex[text.len] = '\0';
    return strtoull(hex, NULL, 16);
}

int dedup_get_sums(struct store *store, int64_t dedup_set_id, struct dedup_sums *out,
                   struct error *err)
{
    struct dedup_sums sums = { 0 };
    struct stmt *stmt = NULL;

    if (stmt_use(store, GET_SUMS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    const int found = stmt_next(stmt, err);
    if (found < 0)
        return -1;
    if (found == 1) {
        sums.compared = parse_sum(stmt_bytes(stmt, 0));
        sums.pool = parse_sum(stmt_bytes(stmt, 1));
        stmt_reset(stmt);
    }
    *out = sums;
    return 0;
}
