/* SPDX-License-Identifier: Apache-2.0 */
#include "store/exclusion.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/dedup.h"
#include "store/selection.h"

enum { EXCLUSION_SQL_MAX_BYTES = 1 << 20, NAMES_BYTES = 300 };

static const char IS_COMPLETE[] =
    "SELECT complete, kind FROM dedup_set WHERE dedup_set_id = :dedup_set_id";
static const char FIND_EVALUATION[] = "SELECT evaluation_id FROM evaluation WHERE name = :name";
static const char LIST_EVALUATIONS[] = "SELECT name FROM evaluation ORDER BY name";

static const char REMOVE_EXCLUSIONS[] =
    "DELETE FROM selection_exclusion WHERE selection_id = :selection_id";

static const char PUT_EXCLUSION[] =
    "INSERT INTO selection_exclusion"
    " (selection_id, step, rule, n_removed, n_alone, n_unknown, n_unmatched, n_left) VALUES"
    " (:selection_id, :step, :rule, :n_removed, :n_alone, :n_unknown, :n_unmatched, :n_left)";

static const char FIND_EXCLUSION[] =
    "SELECT count(*) FROM selection_exclusion WHERE selection_id = :selection_id"
    " AND step = :step AND rule = :rule AND n_removed = :n_removed AND n_alone = :n_alone"
    " AND n_unknown = :n_unknown AND n_unmatched = :n_unmatched AND n_left = :n_left";

static const char COUNT_EXCLUSIONS[] =
    "SELECT count(*) FROM selection_exclusion WHERE selection_id = :selection_id";

static int find_complete_set(struct store *store, const char *name, int64_t *id,
                             struct error *err)
{
    struct stmt *stmt = NULL;

    if (dedup_set_find(store, name, id, err) < 0 ||
        stmt_use(store, IS_COMPLETE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", *id);
    const int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    int rc = 0;
    if (!stmt_int(stmt, 0))
        rc = error_set(
            err, ERR_USAGE,
            "the set '%s' is not complete, because a run was interrupted: run 'curate "
            "dedup %.*s %s' again, with the same options",
            name, (int)stmt_bytes(stmt, 1).len, stmt_bytes(stmt, 1).ptr, name);
    stmt_reset(stmt);
    return rc;
}

int exclusion_find_dedup(struct store *store, const char *text, struct arena *arena,
                         struct exclusion *out, struct error *err)
{
    const char *at = strrchr(text, '@');
    const char *rule = at ? at + 1 : "leader";
    const bool by_component = strcmp(rule, "component") == 0;
    const size_t len = at ? (size_t)(at - text) : strlen(text);
    struct buf label;

    if (!by_component && strcmp(rule, "leader") != 0)
        return error_set(
            err, ERR_USAGE,
            "--dedup %s: the rule must be leader or component, as in SET@component", text);
    *out = (struct exclusion){ .kind = by_component ? EXCLUDE_CLUSTER : EXCLUDE_FOLLOWERS };
    const char *name = arena_copy(arena, slice_of(text, len)).ptr;
    if (!name)
        return error_nomem(err);
    if (find_complete_set(store, name, &out->id, err) < 0)
        return -1;
    buf_init(&label, EXCLUSION_SQL_MAX_BYTES);
    int rc = buf_printf(&label, err, "dedup %s@%s", name, rule);
    if (rc == 0 && !(out->label = arena_copy(arena, buf_slice(&label)).ptr))
        rc = error_nomem(err);
    buf_release(&label);
    return rc;
}

static int find_evaluation_id(struct store *store, const char *name, int64_t *id,
                              struct error *err)
{
    char names[NAMES_BYTES];
    struct stmt *stmt = NULL;

    if (stmt_use(store, LIST_EVALUATIONS, &stmt, err) < 0 ||
        stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    if (!names[0])
        return error_set(err, ERR_NOT_FOUND,
                         "no evaluation was searched for: run 'curate decontaminate' first");
    *id = 0;
    if (!name)
        return 0;
    if (stmt_use(store, FIND_EVALUATION, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    const int found = stmt_next(stmt, err);
    if (found == 0)
        return error_set(err, ERR_NOT_FOUND, "no evaluation '%s': choose one of: %s", name,
                         names);
    if (found == 1)
        *id = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return found < 0 ? -1 : 0;
}

int exclusion_find_clean(struct store *store, const char *name, struct arena *arena,
                         struct exclusion *out, struct error *err)
{
    struct buf label;

    *out = (struct exclusion){ .kind = EXCLUDE_FLAGGED };
    if (find_evaluation_id(store, name, &out->id, err) < 0)
        return -1;
    buf_init(&label, EXCLUSION_SQL_MAX_BYTES);
    int rc =
        name ? buf_printf(&label, err, "clean %s", name) : buf_add_text(&label, "clean", err);
    if (rc == 0 && !(out->label = arena_copy(arena, buf_slice(&label)).ptr))
        rc = error_nomem(err);
    buf_release(&label);
    return rc;
}

/* Append an expression about the sample `sample_id`: the sample that is kept instead, or 1 for
 * a flagged one; NULL: the sample stays. */
static int add_reason(const struct exclusion *exclusion, struct buf *sql, struct error *err)
{
    const long long id = (long long)exclusion->id;

    switch (exclusion->kind) {
    case EXCLUDE_FOLLOWERS:
        return buf_printf(sql, err,
                          "(SELECT m.leader FROM dedup_member m WHERE m.dedup_set_id = %lld"
                          " AND m.sample_id = c.sample_id)",
                          id);
    case EXCLUDE_CLUSTER:
        return buf_printf(sql, err,
                          "(SELECT k.sample_id FROM dedup_member m JOIN dedup_member k"
                          " ON k.dedup_set_id = m.dedup_set_id AND k.cluster = m.cluster"
                          " AND k.component_keep WHERE m.dedup_set_id = %lld"
                          " AND m.sample_id = c.sample_id AND NOT m.component_keep)",
                          id);
    case EXCLUDE_FLAGGED:
        break;
    }
    return buf_printf(sql, err,
                      "(SELECT 1 FROM contamination k WHERE k.sample_id = c.sample_id"
                      " AND k.flagged AND %lld IN (0, k.evaluation_id))",
                      id);
}

/* Append an expression: 1 if the sample was not compared or not searched. */
static int add_unknown(const struct exclusion *exclusion, struct buf *sql, struct error *err)
{
    const long long id = (long long)exclusion->id;

    if (exclusion->kind != EXCLUDE_FLAGGED)
        return buf_printf(sql, err,
                          "NOT EXISTS (SELECT 1 FROM dedup_signature g"
                          " WHERE g.dedup_set_id = %lld AND g.sample_id = c.sample_id)",
                          id);
    return buf_printf(sql, err,
                      "(SELECT count(*) FROM contamination k WHERE k.sample_id = c.sample_id"
                      " AND %lld IN (0, k.evaluation_id)) < (SELECT count(*) FROM evaluation e"
                      " WHERE %lld IN (0, e.evaluation_id))",
                      id, id);
}

/* Append a condition over v_sample: the exclusion leaves the sample in. */
static int add_exclusion(const struct exclusion *exclusion, struct buf *sql, struct error *err)
{
    static const char *const selects[] = {
        [EXCLUDE_FOLLOWERS] = "dedup_member WHERE leader IS NOT NULL AND dedup_set_id",
        [EXCLUDE_CLUSTER] = "dedup_member WHERE NOT component_keep AND dedup_set_id",
        [EXCLUDE_FLAGGED] = "contamination WHERE flagged AND evaluation_id",
    };

    return buf_printf(sql, err, " AND sample_id NOT IN (SELECT sample_id FROM %s %s %lld)",
                      selects[exclusion->kind], exclusion->id == 0 ? ">" : "=",
                      (long long)exclusion->id);
}

int exclusion_join(const struct exclusion_list *list, const char *where, struct arena *arena,
                   const char **out, struct error *err)
{
    struct buf sql;

    buf_init(&sql, EXCLUSION_SQL_MAX_BYTES);
    int rc = buf_printf(&sql, err, "(%s\n)", where ? where : "1");
    for (size_t i = 0; rc == 0 && i < list->n; i++)
        rc = add_exclusion(&list->items[i], &sql, err);
    if (rc == 0 && !(*out = arena_copy(arena, buf_slice(&sql)).ptr))
        rc = error_nomem(err);
    buf_release(&sql);
    return rc;
}

static bool holds_id(const struct id_list *list, int64_t id)
{
    size_t at = 0;

    for (size_t n = list->n; n > 1; n -= n / 2)
        if (list->ids[at + n / 2] <= id)
            at += n / 2;
    return list->n > 0 && list->ids[at] == id;
}

/* Count one sample. The columns of the row are two for each exclusion. */
static void count_excluded(struct exclusion_list *list, const struct id_list *candidates,
                           const struct stmt *row)
{
    bool is_left = true;

    for (size_t i = 0; i < list->n; i++) {
        struct exclusion *exclusion = &list->items[i];
        const bool is_out = stmt_column_type(row, 2 * i) != STMT_NULL;

        exclusion->n_alone += is_out;
        exclusion->n_unknown += stmt_int(row, 2 * i + 1) != 0;
        if (is_left && is_out) {
            exclusion->n_removed++;
            exclusion->n_unmatched += exclusion->kind != EXCLUDE_FLAGGED &&
                                      !holds_id(candidates, stmt_int(row, 2 * i));
        }
        is_left = is_left && !is_out;
        exclusion->n_left += is_left;
    }
}

static int open_exclusions(struct store *store, const struct exclusion_list *list,
                           const char *where, struct stmt **out, struct error *err)
{
    struct buf sql;

    buf_init(&sql, EXCLUSION_SQL_MAX_BYTES);
    int rc = buf_add_text(&sql, "SELECT ", err);
    for (size_t i = 0; rc == 0 && i < list->n; i++) {
        rc = add_reason(&list->items[i], &sql, err);
        if (rc == 0)
            rc = buf_add_text(&sql, ", ", err);
        if (rc == 0)
            rc = add_unknown(&list->items[i], &sql, err);
        if (rc == 0)
            rc = buf_add_text(&sql, i + 1 < list->n ? ", " : " FROM ", err);
    }
    if (rc == 0)
        rc = condition_open(store, sql.data, where, " AS c", out, err);
    buf_release(&sql);
    return rc;
}

int exclusion_count(struct store *store, struct exclusion_list *list, const char *where,
                    struct error *err)
{
    struct id_list candidates;
    struct stmt *stmt = NULL;

    for (size_t i = 0; i < list->n; i++)
        list->items[i].n_removed = list->items[i].n_alone = list->items[i].n_unknown =
            list->items[i].n_unmatched = list->items[i].n_left = 0;
    if (condition_select(store, where, &candidates, err) < 0)
        return -1;
    int rc = open_exclusions(store, list, where, &stmt, err);
    if (rc == 0)
        while ((rc = stmt_next(stmt, err)) == 1)
            count_excluded(list, &candidates, stmt);
    stmt_close(stmt);
    id_list_release(&candidates);
    return rc;
}

static void bind_exclusion(struct stmt *stmt, int64_t selection_id,
                           const struct exclusion *exclusion, size_t step)
{
    stmt_bind_int(stmt, ":selection_id", selection_id);
    stmt_bind_count(stmt, ":step", step);
    stmt_bind_text(stmt, ":rule", slice_text(exclusion->label));
    stmt_bind_count(stmt, ":n_removed", exclusion->n_removed);
    stmt_bind_count(stmt, ":n_alone", exclusion->n_alone);
    stmt_bind_count(stmt, ":n_unknown", exclusion->n_unknown);
    stmt_bind_count(stmt, ":n_unmatched", exclusion->n_unmatched);
    stmt_bind_count(stmt, ":n_left", exclusion->n_left);
}

int exclusion_put(struct store *store, int64_t selection_id, const struct exclusion_list *list,
                  struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, REMOVE_EXCLUSIONS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    if (stmt_run(stmt, err) < 0)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        if (stmt_use(store, PUT_EXCLUSION, &stmt, err) < 0)
            return -1;
        bind_exclusion(stmt, selection_id, &list->items[i], i + 1);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

int exclusion_is_stored(struct store *store, int64_t selection_id,
                        const struct exclusion_list *list, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t n;

    if (stmt_use(store, COUNT_EXCLUSIONS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    if (stmt_get_int(stmt, &n, err) < 0)
        return -1;
    n = n == (int64_t)list->n;
    for (size_t i = 0; n == 1 && i < list->n; i++) {
        if (stmt_use(store, FIND_EXCLUSION, &stmt, err) < 0)
            return -1;
        bind_exclusion(stmt, selection_id, &list->items[i], i + 1);
        if (stmt_get_int(stmt, &n, err) < 0)
            return -1;
    }
    return n == 1;
}
