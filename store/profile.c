/* SPDX-License-Identifier: Apache-2.0 */
#include "store/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/option.h"
#include "store/cohort.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/score.h"

enum { PROFILE_SQL_MAX_BYTES = 1 << 16, PROFILE_NAME_BYTES = 64 };

static const char LIST_FACTS[] = "SELECT c.name FROM pragma_table_info('fact') c"
                                 " JOIN fact_column k ON k.name = c.name AND k.of_turns = 0"
                                 " WHERE k.type <> 'TEXT' ORDER BY c.cid";

static const char LIST_METRICS[] =
    "SELECT DISTINCT m.name FROM metric m JOIN score_set t ON t.metric_id = m.metric_id"
    " UNION SELECT DISTINCT m.name || '@' || d.name FROM metric m"
    " JOIN score_set t ON t.metric_id = m.metric_id JOIN model d ON d.model_id = t.model_id"
    " ORDER BY 1";

static const char FIND_FACT[] =
    "SELECT k.type = 'TEXT', k.unit FROM fact_column k WHERE k.name = :name"
    " AND k.of_turns = 0 AND k.name IN (SELECT name FROM pragma_table_info('fact'))";

static const char FIND_UNIT[] =
    "SELECT m.unit FROM score_set t JOIN metric m ON m.metric_id = t.metric_id"
    " WHERE t.score_set_id = :score_set_id";

struct profile {
    struct store *store;
    size_t n_by;
    struct stmt *groups; /* a row a group: its columns, then counts */
    struct stmt *values; /* a row a value: its value and weight, ordered as the groups */
};

/* Append the names that a query returns. */
static int append_names(struct store *store, const char *sql, struct arena *arena,
                        struct text_list *out, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1) {
        const char *name = arena_copy(arena, stmt_bytes(stmt, 0)).ptr;

        if (!name)
            rc = error_nomem(err);
        if (!name || option_list_add(out, name, err) < 0) {
            stmt_reset(stmt);
            return -1;
        }
    }
    return rc;
}

int profile_list_facts(struct store *store, struct arena *arena, struct text_list *out,
                       struct error *err)
{
    return append_names(store, LIST_FACTS, arena, out, err);
}

int profile_list_metrics(struct store *store, struct arena *arena, struct text_list *out,
                         struct error *err)
{
    return append_names(store, LIST_METRICS, arena, out, err);
}

/* Find a fact. Returns 1 and whether it is text, 0 or -1. unit may be NULL. A name becomes part
 * of SQL, so only identifiers are found. */
static int find_fact_column(struct store *store, const char *name, bool *is_text,
                            struct arena *arena, const char **unit, struct error *err)
{
    const size_t len = strlen(name);
    struct stmt *stmt = NULL;

    if (len >= PROFILE_NAME_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        return 0;
    if (stmt_use(store, FIND_FACT, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    int rc = stmt_next(stmt, err);
    if (rc == 1) {
        *is_text = stmt_int(stmt, 0) != 0;
        if (unit && !(*unit = arena_copy(arena, stmt_bytes(stmt, 1)).ptr))
            rc = error_nomem(err);
    }
    stmt_reset(stmt);
    return rc;
}

int profile_find_column(struct store *store, const char *name, bool *is_text, struct error *err)
{
    return find_fact_column(store, name, is_text, NULL, NULL, err);
}

static int find_metric_unit(struct store *store, struct arena *arena, struct profile_fact *fact,
                            struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_UNIT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", fact->score_set_id);
    int rc = stmt_next(stmt, err);
    fact->unit = "";
    if (rc == 1 && !(fact->unit = arena_copy(arena, stmt_bytes(stmt, 0)).ptr))
        rc = error_nomem(err);
    stmt_reset(stmt);
    return rc < 0 ? -1 : 0;
}

int profile_of_set(struct store *store, const char *name, int64_t score_set_id,
                   struct arena *arena, struct profile_fact *out, struct error *err)
{
    static const char *const columns[] = { "hmp", "cas", "gateau" };
    struct cohort_row cohort;

    *out = (struct profile_fact){ .name = name, .score_set_id = score_set_id };
    const int of_cohort = cohort_of_set(store, score_set_id, arena, &cohort, err);
    if (of_cohort < 0)
        return -1;
    for (size_t i = 0; of_cohort && i < sizeof columns / sizeof *columns; i++)
        if (strcmp(columns[i], name) == 0) {
            out->cohort_id = cohort.cohort_id;
            out->cohort_column = columns[i];
        }
    return find_metric_unit(store, arena, out, err);
}

int profile_find_metric(struct store *store, const char *name, const char *model,
                        struct arena *arena, struct profile_fact *out, struct error *err)
{
    struct score_set_info set;

    if (score_set_find(store, name, model, &set, err) == 0)
        return profile_of_set(store, name, set.score_set_id, arena, out, err);
    if (err->code == ERR_NOT_FOUND && !model)
        error_set(err, ERR_NOT_FOUND,
                  "%s: is neither a fact that was measured nor a metric that was scored: run "
                  "'curate measure' or 'curate score' first",
                  name);
    return -1;
}

int profile_find(struct store *store, const char *name, const char *model, struct arena *arena,
                 struct profile_fact *out, struct error *err)
{
    bool is_text = false;

    *out = (struct profile_fact){ .name = name };
    const int found = find_fact_column(store, name, &is_text, arena, &out->unit, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return profile_find_metric(store, name, model, arena, out, err);
    if (is_text)
        return error_set(err, ERR_USAGE, "%s: is text, which has no thresholds: use --by %s",
                         name, name);
    return 0;
}

int profile_weight(struct store *store, const char **out, struct error *err)
{
    static const char *const names[] = { "tokens", "words" };
    bool is_text = false;

    *out = NULL;
    for (size_t i = 0; !*out && i < sizeof names / sizeof *names; i++) {
        const int found = find_fact_column(store, names[i], &is_text, NULL, NULL, err);

        if (found < 0)
            return -1;
        if (found == 1 && !is_text)
            *out = names[i];
    }
    return 0;
}

/* Append the expression of a group's column, and a comma. */
static int add_group_sql(struct store *store, const struct profile_spec *spec, const char *by,
                         struct buf *sql, struct error *err)
{
    bool is_text;

    if (strcmp(by, "source") == 0)
        return buf_add_text(sql, "o.name, ", err);
    if (strcmp(by, "length") == 0 && !spec->weight)
        return error_set(err, ERR_NOT_FOUND,
                         "--by length: neither tokens nor words were measured: run 'curate "
                         "measure' first");
    if (strcmp(by, "length") == 0)
        return buf_printf(sql, err,
                          "CASE WHEN f.%s < 128 THEN 0 WHEN f.%s < 512 THEN 128"
                          " WHEN f.%s < 2048 THEN 512 WHEN f.%s < 8192 THEN 2048"
                          " WHEN f.%s < 32768 THEN 8192 WHEN f.%s >= 32768 THEN 32768 END, ",
                          spec->weight, spec->weight, spec->weight, spec->weight, spec->weight,
                          spec->weight);
    const int found = find_fact_column(store, by, &is_text, NULL, NULL, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "--by %s: must be source, length or a fact that was measured", by);
    return buf_printf(sql, err, "f.\"%s\", ", by); /* a name of fact_column is an identifier */
}

/* Append the joins of a group's columns and of the value. */
static int add_joins(const struct profile_fact *fact, struct buf *sql, struct error *err)
{
    if (buf_add_text(sql,
                     " AS c JOIN sample s ON s.sample_id = c.sample_id"
                     " JOIN file p ON p.file_id = s.file_id"
                     " JOIN source o ON o.source_id = p.source_id"
                     " LEFT JOIN fact f ON f.sample_id = c.sample_id",
                     err) < 0)
        return -1;
    if (fact->cohort_id > 0)
        return buf_add_text(sql,
                            " LEFT JOIN cohort_score k ON k.cohort_id = :set_id"
                            " AND k.sample_id = c.sample_id",
                            err);
    if (fact->score_set_id > 0)
        return buf_add_text(sql,
                            " LEFT JOIN score k ON k.score_set_id = :set_id"
                            " AND k.sample_id = c.sample_id",
                            err);
    return 0;
}

/* Append "1, 2, 3" for the columns of a group. */
static int add_order(size_t n_by, struct buf *sql, struct error *err)
{
    for (size_t i = 0; i < n_by; i++)
        if (buf_printf(sql, err, "%s%zu", i > 0 ? ", " : "", i + 1) < 0)
            return -1;
    return 0;
}

/* The parts of a statement around the user's condition. */
struct profile_sql {
    struct buf before;
    struct buf after;
};

static int open_profile_stmt(struct profile *profile, const struct profile_spec *spec,
                             const struct profile_fact *fact, const struct profile_sql *sql,
                             struct stmt **out, struct error *err)
{
    if (condition_open(profile->store, sql->before.data, spec->condition, sql->after.data, out,
                       err) < 0)
        return -1;
    if (fact->cohort_id > 0)
        stmt_bind_int(*out, ":set_id", fact->cohort_id);
    else if (fact->score_set_id > 0)
        stmt_bind_int(*out, ":set_id", fact->score_set_id);
    return 0;
}

/* Append "SELECT " and the columns of a group. */
static int begin_sql(struct store *store, const struct profile_spec *spec,
                     const struct profile_fact *fact, struct profile_sql *sql,
                     struct error *err)
{
    buf_clear(&sql->before);
    buf_clear(&sql->after);
    if (buf_add_text(&sql->before, "SELECT ", err) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_by; i++)
        if (add_group_sql(store, spec, spec->by[i], &sql->before, err) < 0)
            return -1;
    return add_joins(fact, &sql->after, err);
}

static int open_profile_stmts(struct profile *profile, const struct profile_spec *spec,
                              const struct profile_fact *fact, struct profile_sql *sql,
                              struct error *err)
{
    const char *weight = spec->weight ? spec->weight : "sample_id * 0";
    char value[80];

    snprintf(value, sizeof value, fact->score_set_id > 0 ? "k.%s" : "f.\"%s\"",
             fact->cohort_id > 0      ? fact->cohort_column
             : fact->score_set_id > 0 ? "value"
                                      : fact->name);
    if (begin_sql(profile->store, spec, fact, sql, err) < 0 ||
        buf_printf(&sql->before, err,
                   "count(*), count(%s), coalesce(sum(f.%s), 0),"
                   " coalesce(sum(CASE WHEN %s IS NOT NULL THEN f.%s END), 0) FROM ",
                   value, weight, value, weight) < 0)
        return -1;
    if (spec->n_by > 0 && (buf_add_text(&sql->after, " GROUP BY ", err) < 0 ||
                           add_order(spec->n_by, &sql->after, err) < 0 ||
                           buf_add_text(&sql->after, " ORDER BY ", err) < 0 ||
                           add_order(spec->n_by, &sql->after, err) < 0))
        return -1;
    if (open_profile_stmt(profile, spec, fact, sql, &profile->groups, err) < 0)
        return -1;
    if (begin_sql(profile->store, spec, fact, sql, err) < 0 ||
        buf_printf(&sql->before, err, "%s, coalesce(f.%s, 0) FROM ", value, weight) < 0 ||
        buf_printf(&sql->after, err, " WHERE %s IS NOT NULL ORDER BY ", value) < 0 ||
        add_order(spec->n_by + 1, &sql->after, err) < 0)
        return -1;
    return open_profile_stmt(profile, spec, fact, sql, &profile->values, err);
}

int profile_open(struct store *store, const struct profile_spec *spec,
                 const struct profile_fact *fact, struct profile **out, struct error *err)
{
    struct profile *profile = calloc(1, sizeof *profile);
    struct profile_sql sql;

    if (!profile)
        return error_nomem(err);
    *profile = (struct profile){ .store = store, .n_by = spec->n_by };
    buf_init(&sql.before, PROFILE_SQL_MAX_BYTES);
    buf_init(&sql.after, PROFILE_SQL_MAX_BYTES);
    /* Both statements must read the same samples. */
    int rc = db_exec(store, "BEGIN", err);
    if (rc == 0)
        rc = open_profile_stmts(profile, spec, fact, &sql, err);
    buf_release(&sql.before);
    buf_release(&sql.after);
    if (rc < 0) {
        profile_close(profile);
        return -1;
    }
    *out = profile;
    return 0;
}

void profile_close(struct profile *profile)
{
    if (!profile)
        return;
    stmt_close(profile->groups);
    stmt_close(profile->values);
    store_rollback(profile->store);
    free(profile);
}

int profile_next(struct profile *profile, struct curve *curve, struct profile_group *out,
                 struct error *err)
{
    const size_t n_by = profile->n_by;
    const int found = stmt_next(profile->groups, err);

    if (found < 1)
        return found;
    *out = (struct profile_group){ .all.samples = (uint64_t)stmt_int(profile->groups, n_by) };
    for (size_t i = 0; i < n_by; i++)
        out->by[i] = stmt_bytes(profile->groups, i);
    const uint64_t n = (uint64_t)stmt_int(profile->groups, n_by + 1);
    out->n_missing = out->all.samples - n;
    out->all.weight = (uint64_t)stmt_int(profile->groups, n_by + 2);
    curve_begin(
        curve, (struct curve_count){ .samples = n,
                                     .weight = (uint64_t)stmt_int(profile->groups, n_by + 3) });
    for (uint64_t i = 0; i < n; i++) {
        const int rc = stmt_next(profile->values, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            return error_set(err, ERR_INVARIANT, "profile: %llu values are missing",
                             (unsigned long long)(n - i));
        curve_add(curve, stmt_real(profile->values, n_by),
                  (uint64_t)stmt_int(profile->values, n_by + 1));
    }
    curve_end(curve);
    return 1;
}
