/* SPDX-License-Identifier: Apache-2.0 */
#include "store/policy.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/profile.h"
#include "store/score.h"

enum { POLICY_SQL_MAX_BYTES = 1 << 20 };

static const char REMOVE_POLICY[] =
    "DELETE FROM selection_policy WHERE selection_id = :selection_id";

static const char REMOVE_FUNNEL[] =
    "DELETE FROM selection_funnel WHERE selection_id = :selection_id";

static const char PUT_POLICY[] =
    "INSERT INTO selection_policy"
    " (selection_id, name, approved_by, approved_on, corpus, text, n_samples) VALUES"
    " (:selection_id, :name, :approved_by, :approved_on, :corpus, :text, :n_samples)";

/* The rows of the funnel that are as they would be stored. */
static const char FIND_STEP[] =
    "SELECT count(*) FROM selection_funnel WHERE selection_id = :selection_id"
    " AND step = :step AND condition = :condition AND n_removed = :n_removed"
    " AND n_alone = :n_alone AND n_missing = :n_missing AND n_left = :n_left";

static const char PUT_STEP[] =
    "INSERT INTO selection_funnel"
    " (selection_id, step, condition, n_removed, n_alone, n_missing, n_left) VALUES"
    " (:selection_id, :step, :condition, :n_removed, :n_alone, :n_missing, :n_left)";

/* The texts of a condition while they are made. */
struct condition_text {
    struct buf sql;
    struct buf label;
};

static int add_bound_number(struct buf *out, double number, struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_double(&json, number);
    return jsonout_end(&json, err);
}

/* Find the scores of a metric. If several could be meant, the policy must name one. */
static int find_policy_metric(struct store *store, const struct policy_condition *condition,
                              struct arena *arena, struct profile_fact *out, struct error *err)
{
    const struct score_set_query query = { .metric = condition->name,
                                           .model = condition->model,
                                           .hash = condition->score_set };
    struct score_set_info set;

    if (score_set_find_one(store, &query, &set, err) < 0)
        return -1;
    return profile_of_set(store, condition->name, set.score_set_id, arena, out, err);
}

/* Append what the condition is about: "words", "ifd", "ifd of tiny-llama". */
static int add_subject(const struct policy_condition *condition, struct buf *label,
                       struct error *err)
{
    const char *const parts[] = { condition->model, condition->score_set };
    const char *before = " of ";

    if (buf_add_text(label, condition->name, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i])
            continue;
        if (buf_printf(label, err, "%s%s", before, parts[i]) < 0)
            return -1;
        before = ", ";
    }
    return 0;
}

/* Append the expression of a condition's value. */
static int add_value(struct store *store, const struct policy_condition *condition,
                     struct arena *arena, struct buf *sql, struct error *err)
{
    struct profile_fact found;
    bool is_text = false;

    if (condition->kind == POLICY_FACT) {
        const int rc = profile_find_column(store, condition->name, &is_text, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            return error_set(err, ERR_NOT_FOUND,
                             "%s: is not a fact that was measured: run 'curate measure' first",
                             condition->name);
        if (is_text && (!isnan(condition->min) || !isnan(condition->max)))
            return error_set(err, ERR_USAGE, "%s: is text: use in or not_in", condition->name);
        return buf_printf(sql, err, "fact.\"%s\"", condition->name);
    }
    if (find_policy_metric(store, condition, arena, &found, err) < 0)
        return -1;
    if (found.cohort_id > 0)
        return buf_printf(sql, err,
                          "(SELECT k.%s FROM cohort_score k WHERE k.cohort_id = %lld"
                          " AND k.sample_id = v_sample.sample_id)",
                          found.cohort_column, (long long)found.cohort_id);
    return buf_printf(sql, err,
                      "(SELECT k.value FROM score k WHERE k.score_set_id = %lld"
                      " AND k.sample_id = v_sample.sample_id)",
                      (long long)found.score_set_id);
}

/* Append "VALUE >= 50", and to the label ">= 50", joined to what is there. */
static int add_bound(struct condition_text *text, const char *value, const char *sign,
                     double bound, struct error *err)
{
    const bool first = text->sql.len == 0;

    if (isnan(bound))
        return 0;
    if (buf_printf(&text->sql, err, "%s%s %s ", first ? "" : " AND ", value, sign) < 0 ||
        add_bound_number(&text->sql, bound, err) < 0 ||
        buf_printf(&text->label, err, "%s%s ", first ? " " : " and ", sign) < 0)
        return -1;
    return add_bound_number(&text->label, bound, err);
}

static int add_quoted_text(struct buf *sql, const char *text, struct error *err)
{
    if (buf_add_text(sql, "'", err) < 0)
        return -1;
    for (; *text; text++)
        if (buf_add(sql, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1, err) < 0)
            return -1;
    return buf_add_text(sql, "'", err);
}

/* Append "VALUE IN ('a', 'b')", and to the label "in a, b". */
static int add_texts(struct condition_text *text, const char *value, const char *sign,
                     const char *word, const struct policy_texts *texts, struct error *err)
{
    const bool first = text->sql.len == 0;

    if (texts->n == 0)
        return 0;
    if (buf_printf(&text->sql, err, "%s%s %s (", first ? "" : " AND ", value, sign) < 0 ||
        buf_printf(&text->label, err, "%s%s ", first ? " " : " and ", word) < 0)
        return -1;
    for (size_t i = 0; i < texts->n; i++) {
        const char *comma = i > 0 ? ", " : "";

        if (buf_add_text(&text->sql, comma, err) < 0 ||
            add_quoted_text(&text->sql, texts->items[i], err) < 0 ||
            buf_printf(&text->label, err, "%s%s", comma, texts->items[i]) < 0)
            return -1;
    }
    return buf_add_text(&text->sql, ")", err);
}

/* A condition of SQL: prepare it once alone, so that a mistake is reported with its line. */
static int add_sql(struct store *store, const struct policy_condition *condition,
                   struct condition_text *text, struct error *err)
{
    struct stmt *stmt = NULL;

    if (condition_open(store, "SELECT sample_id FROM ", condition->name, "", &stmt, err) < 0)
        return -1;
    stmt_close(stmt);
    if (buf_printf(&text->sql, err, "NOT NOT (%s\n)", condition->name) < 0)
        return -1;
    return buf_add_text(&text->label, condition->name, err);
}

static int add_condition(struct store *store, const struct policy_condition *condition,
                         struct arena *arena, struct condition_text *text, struct error *err)
{
    struct buf value;

    if (condition->kind == POLICY_SQL)
        return add_sql(store, condition, text, err);
    buf_init(&value, POLICY_SQL_MAX_BYTES);
    int rc = add_value(store, condition, arena, &value, err);
    if (rc == 0)
        rc = add_subject(condition, &text->label, err);
    if (rc == 0)
        rc = add_bound(text, value.data, ">=", condition->min, err);
    if (rc == 0)
        rc = add_bound(text, value.data, "<=", condition->max, err);
    if (rc == 0)
        rc = add_texts(text, value.data, "IN", "in", &condition->in, err);
    if (rc == 0)
        rc = add_texts(text, value.data, "NOT IN", "not in", &condition->not_in, err);
    buf_release(&value);
    return rc;
}

static int prepare_condition(struct store *store, struct policy_condition *condition,
                             struct arena *arena, struct error *err)
{
    struct condition_text text;

    buf_init(&text.sql, POLICY_SQL_MAX_BYTES);
    buf_init(&text.label, POLICY_SQL_MAX_BYTES);
    int rc = add_condition(store, condition, arena, &text, err);
    if (rc == 0 && condition->keep_missing)
        rc = buf_add_text(&text.label, ", or missing", err);
    if (rc == 0) {
        condition->sql = arena_copy(arena, buf_slice(&text.sql)).ptr;
        condition->label = arena_copy(arena, buf_slice(&text.label)).ptr;
        if (!condition->sql || !condition->label)
            rc = error_nomem(err);
    }
    buf_release(&text.sql);
    buf_release(&text.label);
    return rc;
}

int policy_prepare(struct store *store, struct policy *policy, struct arena *arena,
                   struct error *err)
{
    for (size_t i = 0; i < policy->n; i++)
        if (prepare_condition(store, &policy->conditions[i], arena, err) < 0)
            return error_prefix(err, "policy %s: line %zu", policy->name,
                                policy->conditions[i].line);
    return 0;
}

int policy_join(const struct policy *policy, const char *where, struct arena *arena,
                const char **out, struct error *err)
{
    struct buf sql;

    buf_init(&sql, POLICY_SQL_MAX_BYTES);
    int rc = buf_printf(&sql, err, "(%s\n)", where ? where : "1");
    for (size_t i = 0; rc == 0 && i < policy->n; i++)
        rc = buf_printf(&sql, err, " AND (%s) IS %s", policy->conditions[i].sql,
                        policy->conditions[i].keep_missing ? "NOT FALSE" : "TRUE");
    if (rc == 0 && !(*out = arena_copy(arena, buf_slice(&sql)).ptr))
        rc = error_nomem(err);
    buf_release(&sql);
    return rc;
}

/* Count one sample. Column i of the row is what condition i gives. */
static void count_sample(struct policy *policy, const struct stmt *row)
{
    bool is_left = true;

    policy->n_samples++;
    for (size_t i = 0; i < policy->n; i++) {
        struct policy_step *step = &policy->steps[i];
        const bool is_missing = stmt_column_type(row, i) == STMT_NULL;
        const bool is_met =
            is_missing ? policy->conditions[i].keep_missing : stmt_int(row, i) != 0;

        step->n_missing += is_missing;
        step->n_alone += !is_met;
        step->n_removed += is_left && !is_met;
        is_left = is_left && is_met;
        step->n_left += is_left;
    }
}

/* Append the statement whose column i is what condition i gives for a sample. */
static int add_count_sql(struct store *store, const struct policy *policy, const char *where,
                         struct buf *sql, struct error *err)
{
    const char *conditions[POLICY_CONDITIONS_MAX + 1];
    size_t n = 0;

    conditions[n++] = where;
    if (buf_add_text(sql, "SELECT ", err) < 0)
        return -1;
    for (size_t i = 0; i < policy->n; i++) {
        if (buf_printf(sql, err, "%s%s", i > 0 ? ", " : "", policy->conditions[i].sql) < 0)
            return -1;
        if (policy->conditions[i].kind == POLICY_SQL)
            conditions[n++] = policy->conditions[i].name;
    }
    if (buf_add_text(sql, " FROM ", err) < 0 ||
        condition_add_source(store, conditions, n, sql, err) < 0)
        return -1;
    return buf_printf(sql, err, " WHERE (%s\n)", where);
}

int policy_count(struct store *store, struct policy *policy, const char *where,
                 struct error *err)
{
    struct stmt *stmt = NULL;
    struct buf sql;

    policy->n_samples = 0;
    memset(policy->steps, 0, sizeof policy->steps);
    buf_init(&sql, POLICY_SQL_MAX_BYTES);
    int rc = add_count_sql(store, policy, where ? where : "1", &sql, err);
    if (rc == 0)
        rc = stmt_open_user(store, sql.data,
                            &(const struct stmt_user){ .prefix = "policy: ", .len = sql.len },
                            &stmt, err);
    if (rc == 0)
        while ((rc = stmt_next(stmt, err)) == 1)
            count_sample(policy, stmt);
    stmt_close(stmt);
    buf_release(&sql);
    return rc;
}

static struct slice optional_text(const char *text)
{
    return text ? slice_text(text) : slice_of(NULL, 0);
}

static void bind_step(struct stmt *stmt, int64_t selection_id, const struct policy *policy,
                      size_t i)
{
    const struct policy_step *step = &policy->steps[i];

    stmt_bind_int(stmt, ":selection_id", selection_id);
    stmt_bind_count(stmt, ":step", i + 1);
    stmt_bind_text(stmt, ":condition", slice_text(policy->conditions[i].label));
    stmt_bind_count(stmt, ":n_removed", step->n_removed);
    stmt_bind_count(stmt, ":n_alone", step->n_alone);
    stmt_bind_count(stmt, ":n_missing", step->n_missing);
    stmt_bind_count(stmt, ":n_left", step->n_left);
}

static int put_step(struct store *store, int64_t selection_id, const struct policy *policy,
                    size_t i, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_STEP, &stmt, err) < 0)
        return -1;
    bind_step(stmt, selection_id, policy, i);
    return stmt_run(stmt, err);
}

int policy_is_stored(struct store *store, int64_t selection_id, const struct policy *policy,
                     struct error *err)
{
    int64_t n = 1;

    for (size_t i = 0; n == 1 && i < policy->n; i++) {
        struct stmt *stmt = NULL;

        if (stmt_use(store, FIND_STEP, &stmt, err) < 0)
            return -1;
        bind_step(stmt, selection_id, policy, i);
        if (stmt_get_int(stmt, &n, err) < 0)
            return -1;
    }
    return (int)n;
}

static int remove_policy(struct store *store, const char *sql, int64_t selection_id,
                         struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    return stmt_run(stmt, err);
}

int policy_put(struct store *store, int64_t selection_id, const struct policy *policy,
               struct error *err)
{
    struct stmt *stmt = NULL;

    if (remove_policy(store, REMOVE_POLICY, selection_id, err) < 0 ||
        remove_policy(store, REMOVE_FUNNEL, selection_id, err) < 0)
        return -1;
    if (!policy)
        return 0;
    if (stmt_use(store, PUT_POLICY, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    stmt_bind_text(stmt, ":name", slice_text(policy->name));
    stmt_bind_text(stmt, ":approved_by", optional_text(policy->approved_by));
    stmt_bind_text(stmt, ":approved_on", optional_text(policy->approved_on));
    stmt_bind_text(stmt, ":corpus", optional_text(policy->corpus));
    stmt_bind_text(stmt, ":text", policy->text);
    stmt_bind_count(stmt, ":n_samples", policy->n_samples);
    if (stmt_run(stmt, err) < 0)
        return -1;
    for (size_t i = 0; i < policy->n; i++)
        if (put_step(store, selection_id, policy, i, err) < 0)
            return -1;
    return 0;
}
