/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

#include <string.h>

#include "base/error.h"
#include "store/db_private.h"
#include "store/dedup.h"
#include "store/split.h"

/* struct query is never defined: a query is a struct stmt under another name. */
static struct stmt *query_stmt(struct query *query)
{
    return (struct stmt *)query;
}

static const struct stmt *query_row(const struct query *query)
{
    return (const struct stmt *)query;
}

int query_open(struct store *store, const char *sql, struct query **out, struct error *err)
{
    const struct stmt_user user = { .prefix = "", .len = strlen(sql) };
    struct stmt *stmt = NULL;

    if (stmt_open_user(store, sql, &user, &stmt, err) < 0)
        return -1;
    *out = (struct query *)stmt;
    return 0;
}

int query_open_rejects(struct store *store, const char *class, struct query **out,
                       struct error *err)
{
    static const char sql[] =
        "SELECT reject_id, run_id, path, line, byte_offset, class, detail, source, n_rows"
        " FROM v_rejects WHERE :class IS NULL OR class = :class"
        " ORDER BY run_id, path, byte_offset, line, reject_id";

    if (query_open(store, sql, out, err) < 0)
        return -1;
    if (class)
        stmt_bind_text(query_stmt(*out), ":class", slice_text(class));
    return 0;
}

int query_open_runs(struct store *store, int64_t last_dead, struct query **out,
                    struct error *err)
{
    static const char sql[] =
        "SELECT run_id, command, started_at, finished_at,"
        " CASE WHEN status = 'running' AND run_id <= :last_dead THEN 'dead' ELSE status END"
        " AS status, read, inserted, duplicate, rejected, scored, kernels FROM v_runs"
        " ORDER BY run_id";

    if (query_open(store, sql, out, err) < 0)
        return -1;
    stmt_bind_int(query_stmt(*out), ":last_dead", last_dead);
    return 0;
}

int query_open_view(struct store *store, const char *view, struct query **out,
                    struct error *err)
{
    static const struct {
        const char *view, *sql;
    } listings[] = {
        { "v_cohorts", "SELECT cohort, version, is_current, n_samples, n, normaliser, ppl, "
                       "alpha, cas_sign, nulls, model, short_model FROM v_cohorts "
                       "ORDER BY cohort, version" },
        { "v_dedup_sets", "SELECT dedup_set, kind, field, is_complete, threshold, n_samples, "
                          "n_newer, n_pairs, n_clusters, n_duplicates, "
                          "n_component_duplicates, containment_threshold, n_big_buckets, "
                          "params, keep FROM v_dedup_sets ORDER BY dedup_set" },
        { "v_splits", "SELECT split, parts, n_samples, n_groups, n_outside, params "
                      "FROM v_splits ORDER BY split" },
        { "v_selections", "SELECT selection, ordered_by, direction, model, condition, policy, "
                          "top, rule, n_samples, n_candidates, n_unscored, run_id "
                          "FROM v_selections ORDER BY selection" },
    };

    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++)
        if (strcmp(view, listings[i].view) == 0)
            return query_open(store, listings[i].sql, out, err);
    return error_set(err, ERR_NOT_FOUND, "no listing of %s", view);
}

/* One row per property. */
static const char ABOUT_COHORT[] =
    "WITH v AS (SELECT v.* FROM v_cohorts v JOIN cohort h"
    " ON h.name = v.cohort AND h.version = v.version WHERE h.cohort_id = :cohort_id)"
    " SELECT 'cohort' AS what, cohort AS value FROM v"
    " UNION ALL SELECT 'version', version FROM v"
    " UNION ALL SELECT 'current', is_current FROM v"
    " UNION ALL SELECT 'condition', condition FROM v"
    " UNION ALL SELECT 'model', model FROM v"
    " UNION ALL SELECT 'short model', short_model FROM v"
    " UNION ALL SELECT 'parameters of nll', nll_params FROM v"
    " UNION ALL SELECT 'parameters of cas', cas_params FROM v"
    " UNION ALL SELECT 'hmp compares', ppl FROM v"
    " UNION ALL SELECT 'normaliser', normaliser FROM v"
    " UNION ALL SELECT 'alpha', alpha FROM v"
    " UNION ALL SELECT 'cas sign', cas_sign FROM v"
    " UNION ALL SELECT 'nulls', nulls FROM v"
    " UNION ALL SELECT 'samples', n_samples FROM v"
    " UNION ALL SELECT 'in the cohort', n FROM v"
    " UNION ALL SELECT 'imputed', n_imputed FROM v"
    " UNION ALL SELECT 'skipped', n_skipped FROM v"
    " UNION ALL SELECT 'nll short min', nll_short_min FROM v"
    " UNION ALL SELECT 'nll short max', nll_short_max FROM v"
    " UNION ALL SELECT 'nll long min', nll_long_min FROM v"
    " UNION ALL SELECT 'nll long max', nll_long_max FROM v"
    " UNION ALL SELECT 'hmp min', hmp_min FROM v UNION ALL SELECT 'hmp max', hmp_max FROM v"
    " UNION ALL SELECT 'cas min', cas_min FROM v UNION ALL SELECT 'cas max', cas_max FROM v"
    " UNION ALL SELECT * FROM (SELECT 'status ' || status, count(*) FROM cohort_score"
    " WHERE cohort_id = :cohort_id GROUP BY status ORDER BY 1)";

int query_open_cohort(struct store *store, int64_t cohort_id, struct query **out,
                      struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_open(store, ABOUT_COHORT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":cohort_id", cohort_id);
    *out = (struct query *)stmt;
    return 0;
}

/* The whole text of a sample without turns is its context. */
static const char CLUSTERS[] =
    "WITH c AS (SELECT m.cluster, count(*) AS size, row_number()"
    " OVER (ORDER BY count(*) DESC, s.hash) AS number"
    " FROM dedup_member m JOIN sample s ON s.sample_id = m.cluster"
    " WHERE m.dedup_set_id = :dedup_set_id GROUP BY m.cluster)"
    " SELECT c.number AS cluster, c.size, m.sample_id, v.ext_id, v.source,"
    " m.leader AS duplicate_of, p.similarity, p.containment, CASE d.field"
    " WHEN 'instruction' THEN v.instruction WHEN 'response' THEN v.response"
    " WHEN 'context' THEN v.context ELSE CASE WHEN v.kind = 'text' THEN v.context ELSE"
    " coalesce(v.instruction, '') || char(10) || coalesce(v.response, '') END END AS text"
    " FROM c JOIN dedup_member m ON m.cluster = c.cluster"
    " JOIN dedup_set d ON d.dedup_set_id = m.dedup_set_id"
    " JOIN sample s ON s.sample_id = m.sample_id JOIN v_sample v ON v.sample_id = m.sample_id"
    " LEFT JOIN dedup_pair p ON p.dedup_set_id = m.dedup_set_id"
    " AND ((p.a = m.leader AND p.b = m.sample_id) OR (p.b = m.leader AND p.a = m.sample_id))"
    " WHERE m.dedup_set_id = :dedup_set_id AND CASE WHEN :sample_id = 0"
    " THEN c.number <= :limit ELSE c.cluster = (SELECT x.cluster FROM dedup_member x"
    " WHERE x.dedup_set_id = :dedup_set_id AND x.sample_id = :sample_id) END"
    " ORDER BY c.number, m.leader IS NOT NULL, p.similarity DESC, s.hash";

int query_open_clusters(struct store *store, const char *set, int64_t sample_id, int64_t limit,
                        struct query **out, struct error *err)
{
    struct stmt *stmt = NULL;
    struct dedup_set found;

    if (dedup_set_find(store, set, &found, err) < 0 ||
        stmt_open(store, CLUSTERS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", found.dedup_set_id);
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_int(stmt, ":limit", limit);
    *out = (struct query *)stmt;
    return 0;
}

static const char SPLIT_PARTS[] =
    "SELECT v.part, v.share, v.had, v.n_samples, v.n_groups FROM v_split_parts v"
    " JOIN split p ON p.name = v.split WHERE p.split_id = :split_id ORDER BY v.number";

/* Pairs that make clusters, by the sets that have any between two parts. */
static const char SPLIT_LEAKS[] =
    "SELECT d.name AS dedup_set, count(*) AS n_pairs, sum(a.part <> b.part) AS n_between"
    " FROM dedup_set d JOIN dedup_pair p ON p.dedup_set_id = d.dedup_set_id"
    " AND (p.similarity >= d.threshold OR p.containment >= d.containment_threshold)"
    " JOIN split_sample a ON a.split_id = :split_id AND a.sample_id = p.a"
    " JOIN split_sample b ON b.split_id = :split_id AND b.sample_id = p.b"
    " WHERE d.complete GROUP BY d.name ORDER BY d.name";

static int open_of_split(struct store *store, const char *sql, const char *split,
                         struct query **out, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t split_id = 0;

    if (split_get(store, split, &split_id, err) < 0 || stmt_open(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    *out = (struct query *)stmt;
    return 0;
}

int query_open_split_parts(struct store *store, const char *split, struct query **out,
                           struct error *err)
{
    return open_of_split(store, SPLIT_PARTS, split, out, err);
}

int query_open_split_leaks(struct store *store, const char *split, struct query **out,
                           struct error *err)
{
    return open_of_split(store, SPLIT_LEAKS, split, out, err);
}

void query_close(struct query *query)
{
    stmt_close(query_stmt(query));
}

size_t query_columns(const struct query *query)
{
    return stmt_columns(query_row(query));
}

const char *query_column_name(const struct query *query, size_t column)
{
    return stmt_column_name(query_row(query), column);
}

int query_next(struct query *query, struct error *err)
{
    return stmt_next(query_stmt(query), err);
}

struct query_value query_value(const struct query *query, size_t column)
{
    static const enum query_type types[] = {
        [STMT_NULL] = QUERY_NULL, [STMT_INT] = QUERY_INT,   [STMT_REAL] = QUERY_REAL,
        [STMT_TEXT] = QUERY_TEXT, [STMT_BLOB] = QUERY_BLOB,
    };
    const struct stmt *row = query_row(query);
    struct query_value value = { .type = types[stmt_column_type(row, column)] };

    switch (value.type) {
    case QUERY_NULL:
        break;
    case QUERY_INT:
        value.integer = stmt_int(row, column);
        break;
    case QUERY_REAL:
        value.real = stmt_real(row, column);
        break;
    case QUERY_TEXT:
    case QUERY_BLOB:
        value.bytes = stmt_bytes(row, column);
        break;
    }
    return value;
}
