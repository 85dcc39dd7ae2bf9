/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/db_private.h"
#include "store/profile.h"
#include "store/query.h"
#include "store/selection.h"

/* What is printed first has the smallest class. */
static const char SHOW[] =
    "SELECT kind, name, unit, n_pool, n_selected, pool, asked, selected FROM ("
    "SELECT 2 AS class, kind AS first, place AS second, kind, name, unit, n_pool, n_selected,"
    " units_pool AS pool, units_asked AS asked, units_selected AS selected"
    " FROM selection_group WHERE selection_id = :selection_id"
    " UNION ALL SELECT CASE WHEN name IN ('count', 'sum') THEN 1 ELSE 3 END, subject,"
    " instr('missing mean p5 p25 median p75 p95 spearman overlap weight', name), name, subject,"
    " NULL, NULL, NULL, pool, NULL, selected"
    " FROM selection_statistic WHERE selection_id = :selection_id"
    " UNION ALL SELECT 4, '', step, 'warning', text, NULL, NULL, NULL, NULL, NULL, NULL"
    " FROM selection_warning WHERE selection_id = :selection_id AND :with_warnings"
    ") ORDER BY class, first, second, name";

static const char WARNINGS[] =
    "SELECT text FROM selection_warning WHERE selection_id = :selection_id ORDER BY step";

#define COMPARE_SELECTIONS(units, facts)                                                       \
    "WITH a AS (SELECT sample_id FROM selection_sample WHERE selection_id = :a),"              \
    " b AS (SELECT sample_id FROM selection_sample WHERE selection_id = :b),"                  \
    " either AS (SELECT sample_id FROM a UNION SELECT sample_id FROM b),"                      \
    " compared AS (SELECT o.name AS source, e.sample_id IN (SELECT sample_id FROM a) AS in_a," \
    " e.sample_id IN (SELECT sample_id FROM b) AS in_b, " units " AS units"                    \
    " FROM either e JOIN sample s ON s.sample_id = e.sample_id"                                \
    " JOIN file f ON f.file_id = s.file_id"                                                    \
    " JOIN source o ON o.source_id = f.source_id" facts "),"                                   \
    " counted AS (SELECT source, sum(NOT in_b) AS only_a, sum(in_a AND in_b) AS both,"         \
    " sum(NOT in_a) AS only_b, coalesce(sum(units * NOT in_b), 0) AS units_only_a,"            \
    " coalesce(sum(units * (in_a AND in_b)), 0) AS units_both,"                                \
    " coalesce(sum(units * NOT in_a), 0) AS units_only_b FROM compared GROUP BY source)"       \
    " SELECT * FROM (SELECT source, only_a, both, only_b, :unit AS unit, units_only_a, "       \
    "units_both,"                                                                              \
    " units_only_b FROM counted UNION ALL SELECT NULL, coalesce(sum(only_a), 0),"              \
    " coalesce(sum(both), 0), coalesce(sum(only_b), 0), :unit,"                                \
    " coalesce(sum(units_only_a), 0), coalesce(sum(units_both), 0),"                           \
    " coalesce(sum(units_only_b), 0) FROM counted) ORDER BY source IS NULL, source"

#define FACTS " LEFT JOIN fact t ON t.sample_id = s.sample_id"
static const char COMPARE_TOKENS[] = COMPARE_SELECTIONS("t.tokens", FACTS);
static const char COMPARE_WORDS[] = COMPARE_SELECTIONS("t.words", FACTS);
static const char COMPARE_SAMPLES[] = COMPARE_SELECTIONS("1", "");

static int open_of_selection(struct store *store, const char *sql, const char *name,
                             struct stmt **out, struct error *err)
{
    int64_t selection_id = 0;

    if (selection_find(store, name, &selection_id, err) < 0 ||
        stmt_open(store, sql, out, err) < 0)
        return -1;
    stmt_bind_int(*out, ":selection_id", selection_id);
    return 0;
}

int query_open_selection(struct store *store, const char *name, bool with_warnings,
                         struct query **out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (open_of_selection(store, SHOW, name, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":with_warnings", with_warnings);
    *out = (struct query *)stmt;
    return 0;
}

int query_open_selection_warnings(struct store *store, const char *name, struct query **out,
                                  struct error *err)
{
    struct stmt *stmt = NULL;

    if (open_of_selection(store, WARNINGS, name, &stmt, err) < 0)
        return -1;
    *out = (struct query *)stmt;
    return 0;
}

int query_open_selection_diff(struct store *store, const char *a, const char *b,
                              struct query **out, struct error *err)
{
    int64_t first = 0, second = 0;
    const char *weight = NULL;
    struct stmt *stmt = NULL;

    if (selection_find(store, a, &first, err) < 0 ||
        selection_find(store, b, &second, err) < 0 || profile_weight(store, &weight, err) < 0)
        return -1;
    const char *sql = !weight                         ? COMPARE_SAMPLES
                      : strcmp(weight, "tokens") == 0 ? COMPARE_TOKENS
                                                      : COMPARE_WORDS;
    if (stmt_open(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":a", first);
    stmt_bind_int(stmt, ":b", second);
    stmt_bind_text(stmt, ":unit", slice_text(weight ? weight : "samples"));
    *out = (struct query *)stmt;
    return 0;
}
