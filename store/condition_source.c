/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What conditions are evaluated over: the view v_sample, the facts, the contamination, and a
 * column for each metric that a condition names.
 */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/profile.h"

/* SQLite joins at most 64 tables. */
enum { METRICS_MAX = 32 };

/* Columns of v_sample and facts hide metrics of the same name. */
static const char FIND_METRIC[] =
    "SELECT name FROM metric WHERE name = :name COLLATE NOCASE AND :name COLLATE NOCASE NOT IN"
    " (SELECT name FROM pragma_table_info('v_sample') UNION ALL"
    " SELECT name FROM pragma_table_info('fact') UNION ALL"
    " SELECT name FROM pragma_table_info('v_sample_contamination')) LIMIT 1";

/* The metrics that have been joined. */
struct source_metrics {
    struct store *store;
    struct arena arena;
    const char *names[METRICS_MAX];
    size_t n;
    struct buf *sql;
};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static int add_quoted_name(struct buf *sql, const char *name, struct error *err)
{
    if (buf_add_text(sql, "\"", err) < 0)
        return -1;
    for (; *name; name++)
        if (buf_add(sql, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1, err) < 0)
            return -1;
    return buf_add_text(sql, "\"", err);
}

/* A metric that a condition names: "ifd", or "ifd@MODEL". */
struct named_metric {
    const char *column; /* as written, but a metric in small letters */
    const char *metric;
    const char *model; /* NULL: any */
};

static int find_named_scores(struct source_metrics *metrics, const struct named_metric *named,
                             struct profile_fact *out, struct error *err)
{
    if (profile_find_metric(metrics->store, named->metric, named->model, &metrics->arena, out,
                            err) == 0)
        return 0;
    if (err->code == ERR_USAGE && !named->model)
        return error_set(err, ERR_USAGE,
                         "condition: %s: has scores of several models: write \"%s@MODEL\"",
                         named->metric, named->metric);
    return error_prefix(err, "condition");
}

/* Append the join of a metric's values. */
static int join_metric(struct source_metrics *metrics, const struct named_metric *named,
                       struct error *err)
{
    struct buf *sql = metrics->sql;
    struct profile_fact found;

    if (find_named_scores(metrics, named, &found, err) < 0 ||
        buf_printf(sql, err, " LEFT JOIN (SELECT sample_id, %s AS ",
                   found.cohort_id > 0 ? found.cohort_column : "value") < 0 ||
        add_quoted_name(sql, named->column, err) < 0)
        return -1;
    if (found.cohort_id > 0)
        return buf_printf(sql, err,
                          " FROM cohort_score WHERE cohort_id = %lld) USING (sample_id)",
                          (long long)found.cohort_id);
    return buf_printf(sql, err, " FROM score WHERE score_set_id = %lld) USING (sample_id)",
                      (long long)found.score_set_id);
}

/* Look up the metric of a name. Returns 1, 0 if it names none, or -1. */
static int find_metric(struct source_metrics *metrics, struct slice name,
                       struct named_metric *out, struct error *err)
{
    const char *at = memchr(name.ptr, '@', name.len);
    struct arena *arena = &metrics->arena;
    struct stmt *stmt = NULL;

    if (stmt_use(metrics->store, FIND_METRIC, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_of(name.ptr, at ? (size_t)(at - name.ptr) : name.len));
    const int found = stmt_next(stmt, err);
    if (found == 1) {
        out->metric = arena_copy(arena, stmt_bytes(stmt, 0)).ptr;
        out->column = at ? arena_copy(arena, name).ptr : out->metric;
        out->model = at && out->column ? strchr(out->column, '@') + 1 : NULL;
    }
    stmt_reset(stmt);
    return found == 1 && (!out->metric || !out->column) ? error_nomem(err) : found;
}

/* Join the metric that the name is, if it is one and is not joined yet. */
static int use_name(struct source_metrics *metrics, struct slice name, struct error *err)
{
    struct named_metric named = { .metric = NULL };
    const int found = find_metric(metrics, name, &named, err);

    if (found < 1)
        return found;
    for (size_t i = 0; i < metrics->n; i++)
        if (strcasecmp(metrics->names[i], named.column) == 0)
            return 0;
    if (metrics->n == METRICS_MAX)
        return error_set(err, ERR_USAGE, "condition: names more than %d metrics", METRICS_MAX);
    metrics->names[metrics->n++] = named.column;
    return join_metric(metrics, &named, err);
}

/* Find the next name that is not part of a text, number or comment. Quotes around it are left
 * out. *after is set behind it. */
static bool next_name(const char *from, struct slice *name, const char **after)
{
    for (const char *c = from; *c;) {
        const char *end = condition_skip_quoted(c);
        size_t len = 0;

        if (!end) /* condition_open() raises it */
            return false;
        while (is_name_char(c[len]))
            len++;
        if (len > 0 && !isdigit((unsigned char)*c)) {
            *name = slice_of(c, len);
            *after = c + len;
            return true;
        }
        if (strchr("\"`[", *c)) {
            *name = slice_of(c + 1, (size_t)(end - c) - 2);
            *after = end;
            return true;
        }
        c = len > 0 ? c + len : end > c ? end : c + 1;
    }
    return false;
}

static bool is_keyword(struct slice name, const char *word)
{
    return name.len == strlen(word) && strncasecmp(name.ptr, word, name.len) == 0;
}

/* Join the metrics that a condition names. The name of a table, a function, or a column of
 * another table is none. */
static int use_names(struct source_metrics *metrics, const char *condition, struct error *err)
{
    struct slice before = slice_of("", 0);
    const char *c = condition;
    struct slice name;

    while (next_name(c, &name, &c)) {
        const bool is_other = (name.ptr > condition && name.ptr[-1] == '.') ||
                              is_keyword(before, "FROM") || is_keyword(before, "JOIN") ||
                              c[strspn(c, " \t\r\n")] == '(';

        if (!is_other && use_name(metrics, name, err) < 0)
            return -1;
        before = name;
    }
    return 0;
}

int condition_add_source(struct store *store, const char *const *conditions, size_t n,
                         struct buf *sql, struct error *err)
{
    struct source_metrics metrics = { .store = store, .sql = sql };

    arena_init(&metrics.arena);
    int rc = buf_add_text(sql,
                          "v_sample LEFT JOIN fact USING (sample_id)"
                          " LEFT JOIN v_sample_contamination USING (sample_id)",
                          err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = use_names(&metrics, conditions[i], err);
    arena_release(&metrics.arena);
    return rc;
}
