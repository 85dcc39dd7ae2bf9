/* SPDX-License-Identifier: Apache-2.0 */
#include "store/split.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/option.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/selection.h"

enum { NAMES_BYTES = 300 };

static const char FIND_SPLIT[] = "SELECT split_id, params FROM split WHERE name = :name";
static const char LIST_SPLITS[] = "SELECT name FROM split ORDER BY name";
static const char LIST_PARTS[] =
    "SELECT part FROM split_part WHERE split_id = :split_id ORDER BY number";
static const char LIST_DEDUP[] =
    "SELECT e.value FROM split p, json_each(p.params, '$.dedup') e WHERE p.split_id = :split_id"
    " ORDER BY e.key";

static const char READ_ROWS[] = "SELECT sample_id, group_key, part FROM split_sample"
                                " WHERE split_id = :split_id ORDER BY sample_id";

static const char ADD_SPLIT[] =
    "INSERT INTO split (name, params, n_groups, run_id)"
    " VALUES (:name, :params, :n_groups, :run_id) RETURNING split_id";
/* Rows that a split without a row of its own left must not stop a new one. */
static const char ADD_PART[] =
    "INSERT INTO split_part (split_id, part, number, share)"
    " VALUES (:split_id, :part, :number, :share) ON CONFLICT (split_id, part)"
    " DO UPDATE SET number = excluded.number, share = excluded.share";
static const char UPDATE_SPLIT[] =
    "UPDATE split SET n_groups = :n_groups, run_id = :run_id WHERE split_id = :split_id";

static const char PUT_ROW[] =
    "INSERT INTO split_sample (split_id, sample_id, part, group_key)"
    " VALUES (:split_id, :sample_id, :part, :group_key) ON CONFLICT (split_id, sample_id)"
    " DO UPDATE SET part = excluded.part, group_key = excluded.group_key";
static const char REMOVE_ROW[] =
    "DELETE FROM split_sample WHERE split_id = :split_id AND sample_id = :sample_id";

static const char COUNT_ROWS[] = "SELECT count(*) FROM split_sample WHERE split_id = :split_id";
static const char DROP_SPLIT[] = "DELETE FROM split WHERE split_id = :split_id";

static const char FIND_PART[] =
    "SELECT count(*) FROM split_part WHERE split_id = :split_id AND part = :part";
static const char LIST_SAMPLES[] = "SELECT sample_id FROM split_sample"
                                   " WHERE split_id = :split_id AND part = :part"
                                   " ORDER BY sample_id";

int split_find(struct store *store, const char *name, struct arena *arena, int64_t *split_id,
               struct slice *params, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_SPLIT, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    int found = stmt_next(stmt, err);
    if (found == 1) {
        *split_id = stmt_int(stmt, 0);
        *params = arena_copy(arena, stmt_bytes(stmt, 1));
        if (!params->ptr)
            found = error_nomem(err);
    }
    stmt_reset(stmt);
    return found;
}

int split_get(struct store *store, const char *name, int64_t *split_id, struct error *err)
{
    struct stmt *stmt = NULL;
    char names[NAMES_BYTES];

    if (stmt_use(store, FIND_SPLIT, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    const int found = stmt_next(stmt, err);
    if (found == 1)
        *split_id = stmt_int(stmt, 0);
    stmt_reset(stmt);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (stmt_use(store, LIST_SPLITS, &stmt, err) < 0 ||
        stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    if (names[0])
        return error_set(err, ERR_NOT_FOUND, "no split '%s': choose one of: %s", name, names);
    return error_set(err, ERR_NOT_FOUND,
                     "no split '%s', and no others: run 'curate split' first", name);
}

int split_list_dedup(struct store *store, int64_t split_id, struct arena *arena,
                     struct text_list *out, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, LIST_DEDUP, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    while ((rc = stmt_next(stmt, err)) == 1) {
        const char *name = arena_copy(arena, stmt_bytes(stmt, 0)).ptr;

        rc = name ? option_list_add(out, name, err) : error_nomem(err);
        if (rc < 0)
            break;
    }
    stmt_reset(stmt);
    return rc;
}

/* The rows of the parts are those that the parameters name. */
static int check_parts_of_split(struct store *store, int64_t split_id,
                                const struct split_part *parts, size_t n_parts,
                                struct error *err)
{
    struct stmt *stmt = NULL;
    size_t n = 0;
    bool is_same = true;
    int rc;

    if (stmt_use(store, LIST_PARTS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    while ((rc = stmt_next(stmt, err)) == 1) {
        is_same = is_same && n < n_parts &&
                  slice_equal(slice_text(parts[n].name), stmt_bytes(stmt, 0));
        n++;
    }
    if (rc < 0)
        return -1;
    if (is_same && n == n_parts)
        return 0;
    return error_set(err, ERR_INPUT,
                     "the split is damaged: its parts are not those of its parameters: run "
                     "'curate fsck', or delete the split");
}

static int find_split_part(const struct split_part *parts, size_t n_parts, struct slice name,
                           uint32_t *out, struct error *err)
{
    for (size_t i = 0; i < n_parts; i++)
        if (slice_equal(slice_text(parts[i].name), name)) {
            *out = (uint32_t)i;
            return 0;
        }
    return error_set(err, ERR_INPUT,
                     "a sample of the split is in the part '%.*s', which the split does not "
                     "have: run 'curate fsck'",
                     (int)name.len, name.ptr);
}

struct row_list {
    struct split_row *rows;
    size_t n;
    size_t cap;
};

static int append_split_row(struct row_list *list, struct split_row row, struct error *err)
{
    if (list->n == list->cap) {
        const size_t cap = 2 * list->cap + 256;
        struct split_row *grown = reallocarray(list->rows, cap, sizeof *grown);

        if (!grown)
            return error_nomem(err);
        list->rows = grown;
        list->cap = cap;
    }
    list->rows[list->n++] = row;
    return 0;
}

int split_read_rows(struct store *store, int64_t split_id, const struct split_part *parts,
                    size_t n_parts, struct split_row **out, size_t *n, struct error *err)
{
    struct row_list list = { NULL, 0, 0 };
    struct stmt *stmt = NULL;
    int rc;

    if (check_parts_of_split(store, split_id, parts, n_parts, err) < 0 ||
        stmt_use(store, READ_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    while ((rc = stmt_next(stmt, err)) == 1) {
        struct split_row row = { .sample_id = stmt_int(stmt, 0),
                                 .group_key = stmt_int(stmt, 1) };

        rc = find_split_part(parts, n_parts, stmt_bytes(stmt, 2), &row.part, err);
        if (rc < 0 || (rc = append_split_row(&list, row, err)) < 0)
            break;
    }
    stmt_reset(stmt);
    if (rc < 0) {
        free(list.rows);
        return -1;
    }
    *out = list.rows;
    *n = list.n;
    return 0;
}

/* Insert the row of the split and its parts, or update the row. */
static int put_split(struct store *store, const struct split_spec *spec, int64_t run_id,
                     int64_t *split_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, *split_id ? UPDATE_SPLIT : ADD_SPLIT, &stmt, err) < 0)
        return -1;
    stmt_bind_count(stmt, ":n_groups", spec->n_groups);
    stmt_bind_int(stmt, ":run_id", run_id);
    if (*split_id) {
        stmt_bind_int(stmt, ":split_id", *split_id);
        return stmt_run(stmt, err);
    }
    stmt_bind_text(stmt, ":name", slice_text(spec->name));
    stmt_bind_text(stmt, ":params", spec->params);
    if (stmt_get_int(stmt, split_id, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_parts; i++) {
        if (stmt_use(store, ADD_PART, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":split_id", *split_id);
        stmt_bind_text(stmt, ":part", slice_text(spec->parts[i].name));
        stmt_bind_count(stmt, ":number", i + 1);
        stmt_bind_real(stmt, ":share", spec->parts[i].share);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

/* Insert, replace or remove (part NULL) a row. */
static int put_row(struct store *store, int64_t split_id, const struct split_row *row,
                   const char *part, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, part ? PUT_ROW : REMOVE_ROW, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    stmt_bind_int(stmt, ":sample_id", row->sample_id);
    if (part) {
        stmt_bind_text(stmt, ":part", slice_text(part));
        stmt_bind_int(stmt, ":group_key", row->group_key);
    }
    return stmt_run(stmt, err);
}

/* Count the differences, and store them unless split_id is 0. */
static int put_rows(struct store *store, int64_t split_id, const struct split_part *parts,
                    const struct split_row *old, size_t n_old, const struct split_row *rows,
                    size_t n, struct split_change *out, struct error *err)
{
    size_t o = 0;
    size_t i = 0;

    while (o < n_old || i < n) {
        const bool is_gone = i == n || (o < n_old && old[o].sample_id < rows[i].sample_id);
        const bool is_new = !is_gone && (o == n_old || rows[i].sample_id < old[o].sample_id);
        const bool differs =
            !is_gone && !is_new &&
            (old[o].part != rows[i].part || old[o].group_key != rows[i].group_key);
        const struct split_row *row = is_gone ? &old[o] : &rows[i];

        out->n_removed += is_gone;
        out->n_added += is_new;
        out->n_changed += differs;
        if (split_id && (is_gone || is_new || differs) &&
            put_row(store, split_id, row, is_gone ? NULL : parts[row->part].name, err) < 0)
            return -1;
        o += !is_new;
        i += !is_gone;
    }
    return 0;
}

int split_put(struct store *store, int64_t split_id, const struct split_spec *spec,
              const struct split_row *old, size_t n_old, const struct split_row *rows, size_t n,
              int64_t run_id, bool dry_run, struct split_change *out, struct error *err)
{
    const bool existed = split_id != 0;

    *out = (struct split_change){ 0 };
    if (put_rows(store, 0, spec->parts, old, n_old, rows, n, out, err) < 0)
        return -1;
    if (dry_run || (existed && out->n_added + out->n_removed + out->n_changed == 0))
        return 0;
    *out = (struct split_change){ 0 };
    if (put_split(store, spec, run_id, &split_id, err) < 0)
        return -1;
    return put_rows(store, split_id, spec->parts, old, n_old, rows, n, out, err);
}

static int drop_split(struct store *store, const char *name, bool dry_run, int64_t *n_samples,
                      struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t split_id = 0;

    if (split_get(store, name, &split_id, err) < 0 ||
        stmt_use(store, COUNT_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    if (stmt_get_int(stmt, n_samples, err) < 0)
        return -1;
    if (dry_run)
        return 0;
    if (stmt_use(store, DROP_SPLIT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    return stmt_run(stmt, err);
}

int split_drop(struct store *store, const char *name, bool dry_run, int64_t *n_samples,
               struct error *err)
{
    if (dry_run)
        return drop_split(store, name, true, n_samples, err);
    if (store_begin(store, err) < 0)
        return -1;
    if (drop_split(store, name, false, n_samples, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

/* Raise an error if the split has no part of this name. */
static int check_part_of_split(struct store *store, int64_t split_id, const char *name,
                               const char *part, struct error *err)
{
    struct stmt *stmt = NULL;
    char names[NAMES_BYTES];
    int64_t n;

    if (stmt_use(store, FIND_PART, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    stmt_bind_text(stmt, ":part", slice_text(part));
    if (stmt_get_int(stmt, &n, err) < 0)
        return -1;
    if (n > 0)
        return 0;
    if (stmt_use(store, LIST_PARTS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    if (stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    return error_set(err, ERR_NOT_FOUND, "the split '%s' has no part '%s': choose one of: %s",
                     name, part, names);
}

int split_list_samples(struct store *store, const char *name, const char *part,
                       struct id_list *out, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t split_id = 0;

    if (split_get(store, name, &split_id, err) < 0 ||
        check_part_of_split(store, split_id, name, part, err) < 0 ||
        stmt_open(store, LIST_SAMPLES, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":split_id", split_id);
    stmt_bind_text(stmt, ":part", slice_text(part));
    return condition_collect(stmt, out, err);
}
