/* SPDX-License-Identifier: Apache-2.0 */
#include "store/exclusion.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/dedup.h"

enum { LABEL_MAX_BYTES = 1 << 16, NAMES_BYTES = 300 };

static const char IS_COMPLETE[] =
    "SELECT complete, kind FROM dedup_set WHERE dedup_set_id = :dedup_set_id";
static const char FIND_EVALUATION[] = "SELECT evaluation_id FROM evaluation WHERE name = :name";
static const char LIST_EVALUATIONS[] = "SELECT name FROM evaluation ORDER BY name";

static const char READ_COMPARED[] =
    "SELECT sample_id FROM dedup_signature WHERE dedup_set_id = :id ORDER BY sample_id";

/* Searched for all evaluations that are meant. */
static const char READ_SEARCHED[] =
    "SELECT k.sample_id FROM contamination k WHERE :id IN (0, k.evaluation_id)"
    " GROUP BY k.sample_id HAVING count(*) = (SELECT count(*) FROM evaluation e"
    " WHERE :id IN (0, e.evaluation_id)) ORDER BY k.sample_id";

static const char READ_FLAGGED[] = "SELECT DISTINCT sample_id FROM contamination WHERE flagged"
                                   " AND :id IN (0, evaluation_id) ORDER BY sample_id";

static const char REMOVE_EXCLUSIONS[] =
    "DELETE FROM selection_exclusion WHERE selection_id = :selection_id";

static const char PUT_EXCLUSION[] =
    "INSERT INTO selection_exclusion"
    " (selection_id, step, rule, n_removed, n_unknown, n_left) VALUES"
    " (:selection_id, :step, :rule, :n_removed, :n_unknown, :n_left)";

static const char FIND_EXCLUSION[] =
    "SELECT count(*) FROM selection_exclusion WHERE selection_id = :selection_id"
    " AND step = :step AND rule = :rule AND n_removed = :n_removed"
    " AND n_unknown = :n_unknown AND n_left = :n_left";

static const char COUNT_EXCLUSIONS[] =
    "SELECT count(*) FROM selection_exclusion WHERE selection_id = :selection_id";

static int find_complete_set(struct store *store, const char *name, int64_t *id,
                             struct error *err)
{
    struct stmt *stmt = NULL;
    struct dedup_set set;

    if (dedup_set_find(store, name, &set, err) < 0 ||
        stmt_use(store, IS_COMPLETE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", set.dedup_set_id);
    const int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    *id = set.dedup_set_id;
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
    buf_init(&label, LABEL_MAX_BYTES);
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
    buf_init(&label, LABEL_MAX_BYTES);
    int rc =
        name ? buf_printf(&label, err, "clean %s", name) : buf_add_text(&label, "clean", err);
    if (rc == 0 && !(out->label = arena_copy(arena, buf_slice(&label)).ptr))
        rc = error_nomem(err);
    buf_release(&label);
    return rc;
}

static int read_excluded_ids(struct store *store, const char *sql, int64_t id,
                             struct id_list *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_open(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":id", id);
    return condition_collect(stmt, out, err);
}

int exclusion_read_known(struct store *store, const struct exclusion *exclusion,
                         struct id_list *out, struct error *err)
{
    return read_excluded_ids(store,
                             exclusion->kind == EXCLUDE_FLAGGED ? READ_SEARCHED : READ_COMPARED,
                             exclusion->id, out, err);
}

int exclusion_read_flagged(struct store *store, const struct exclusion *exclusion,
                           struct id_list *out, struct error *err)
{
    return read_excluded_ids(store, READ_FLAGGED, exclusion->id, out, err);
}

static void bind_exclusion(struct stmt *stmt, int64_t selection_id,
                           const struct exclusion *exclusion, size_t step)
{
    stmt_bind_int(stmt, ":selection_id", selection_id);
    stmt_bind_count(stmt, ":step", step);
    stmt_bind_text(stmt, ":rule", slice_text(exclusion->label));
    stmt_bind_count(stmt, ":n_removed", exclusion->n_removed);
    stmt_bind_count(stmt, ":n_unknown", exclusion->n_unknown);
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
    for (size_t i = 0; list && i < list->n; i++) {
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
    n = n == (list ? (int64_t)list->n : 0);
    for (size_t i = 0; list && n == 1 && i < list->n; i++) {
        if (stmt_use(store, FIND_EXCLUSION, &stmt, err) < 0)
            return -1;
        bind_exclusion(stmt, selection_id, &list->items[i], i + 1);
        if (stmt_get_int(stmt, &n, err) < 0)
            return -1;
    }
    return n == 1;
}
