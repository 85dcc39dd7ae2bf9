/* SPDX-License-Identifier: Apache-2.0 */
/* Which of similar samples is kept. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/option.h"
#include "store/db_private.h"
#include "store/dedup.h"
#include "store/profile.h"
#include "store/score.h"

enum { KEEP_SQL_MAX_BYTES = 1 << 16 };

static const char COUNT_SOURCE[] = "SELECT count(*) FROM source WHERE name = :name";

static const char LIST_SOURCES[] = "SELECT name FROM source ORDER BY name";

#define BYTES(column) "length(CAST(" column " AS BLOB))"

/* The bytes of a field. The whole text of a sample without turns is its context. */
static const struct {
    const char *field, *sql;
} lengths[] = {
    { "instruction", BYTES("instruction") },
    { "response", BYTES("response") },
    { "context", BYTES("context") },
    { "whole", "CASE WHEN kind = 'text' THEN " BYTES("context") " ELSE nullif(coalesce(" BYTES(
                   "instruction") ", 0) + coalesce(" BYTES("response") ", 0), 0) END" },
};

/* Append the expression of a metric, so that the greatest value is the best one. */
static int add_metric(struct store *store, const struct dedup_order *order, struct buf *sql,
                      struct error *err)
{
    struct score_set_info set;
    struct profile_fact found;
    struct arena arena;

    if (order->lower)
        return error_set(
            err, ERR_USAGE,
            "--keep lowest:%s: a metric says itself which end is better: leave out "
            "'lowest:'",
            order->by);
    arena_init(&arena);
    int rc = score_set_find(store, order->by, order->model, &set, err);
    if (rc == 0)
        rc = profile_find_metric(store, order->by, order->model, &arena, &found, err);
    if (rc == 0)
        rc = buf_add_text(sql, set.higher_is_better ? "" : "-", err);
    if (rc == 0 && found.cohort_id > 0)
        rc = buf_printf(sql, err,
                        "(SELECT k.%s FROM cohort_score k WHERE k.cohort_id = %lld"
                        " AND k.sample_id = v_sample.sample_id)",
                        found.cohort_column, (long long)found.cohort_id);
    else if (rc == 0)
        rc = buf_printf(sql, err,
                        "(SELECT k.value FROM score k WHERE k.score_set_id = %lld"
                        " AND k.sample_id = v_sample.sample_id)",
                        (long long)found.score_set_id);
    arena_release(&arena);
    return rc;
}

static int add_order_value(struct store *store, const struct dedup_order *order,
                           struct buf *sql, struct error *err)
{
    bool is_text = false;

    if (!order->by)
        return buf_add_text(sql, "NULL", err);
    for (size_t i = 0; strcmp(order->by, "length") == 0 && i < sizeof lengths / sizeof *lengths;
         i++)
        if (strcmp(order->field, lengths[i].field) == 0)
            return buf_add_text(sql, lengths[i].sql, err);
    const int found = profile_find_column(store, order->by, &is_text, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return add_metric(store, order, sql, err);
    if (is_text)
        return error_set(err, ERR_USAGE,
                         "--keep %s: the fact is text: choose a fact that is a number",
                         order->by);
    return buf_printf(sql, err, "%sfact.\"%s\"", order->lower ? "-" : "", order->by);
}

/* Open the statement that returns value and source of a sample. */
static int open_order(struct store *store, const struct dedup_order *order, struct stmt **out,
                      struct error *err)
{
    struct buf sql;

    buf_init(&sql, KEEP_SQL_MAX_BYTES);
    int rc = buf_add_text(&sql, "SELECT ", err);
    if (rc == 0)
        rc = add_order_value(store, order, &sql, err);
    if (rc == 0)
        rc = buf_add_text(&sql,
                          ", source FROM v_sample LEFT JOIN fact USING (sample_id)"
                          " WHERE sample_id = :sample_id",
                          err);
    if (rc == 0)
        rc = stmt_open(store, sql.data, out, err);
    buf_release(&sql);
    return rc;
}

static int check_preferred(struct store *store, const char *name, struct error *err)
{
    struct stmt *stmt = NULL;
    char names[300];
    int64_t n;

    if (stmt_use(store, COUNT_SOURCE, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    if (stmt_get_int(stmt, &n, err) < 0)
        return -1;
    if (n > 0)
        return 0;
    if (stmt_use(store, LIST_SOURCES, &stmt, err) < 0 ||
        stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    return error_set(err, ERR_NOT_FOUND, "--prefer %s: no such source: choose from: %s", name,
                     names[0] ? names : "none, the database has no samples");
}

int dedup_order_check(struct store *store, const struct dedup_order *order, struct error *err)
{
    const unsigned n = order->prefer ? order->prefer->n : 0;
    struct stmt *stmt = NULL;
    int rc = open_order(store, order, &stmt, err);

    stmt_close(stmt);
    for (unsigned i = 0; rc == 0 && i < n; i++)
        rc = check_preferred(store, order->prefer->items[i], err);
    return rc;
}

static uint32_t find_source(const struct text_list *prefer, struct slice source)
{
    for (uint32_t i = 0; prefer && i < prefer->n; i++)
        if (slice_equal(slice_text(prefer->items[i]), source))
            return i;
    return prefer ? prefer->n : 0;
}

int dedup_order_read(struct store *store, const struct dedup_order *order, const int64_t *ids,
                     size_t n, struct dedup_rank *out, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc = open_order(store, order, &stmt, err);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        out[i] = (struct dedup_rank){ .value = NAN };
        stmt_bind_int(stmt, ":sample_id", ids[i]);
        const int found = stmt_next(stmt, err);
        rc = found < 0 ? -1 : 0;
        if (found < 1)
            continue;
        if (stmt_column_type(stmt, 0) != STMT_NULL)
            out[i].value = stmt_real(stmt, 0);
        out[i].source = find_source(order->prefer, stmt_bytes(stmt, 1));
        stmt_reset(stmt);
    }
    stmt_close(stmt);
    return rc;
}
