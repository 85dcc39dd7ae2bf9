/* SPDX-License-Identifier: Apache-2.0 */
#include "store/selection.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/description.h"
#include "store/exclusion.h"
#include "store/policy.h"
#include "store/store.h"

enum { SHARE_UNIT = 10000 };

static const char *const ordering_names[] = {
    [ORDERED_BY_METRIC] = "metric",   [ORDERED_BY_FACT] = "fact",
    [ORDERED_BY_FORMULA] = "formula", [ORDERED_BY_TARGET] = "target",
    [ORDERED_AT_RANDOM] = "random",   [NOT_ORDERED] = "none",
};

static const char FIND_SAME[] =
    "SELECT selection_id, ordering = :ordering AND score_set_id IS :score_set_id"
    " AND fact IS :fact AND fact_order IS :fact_order AND formula IS :formula"
    " AND condition IS :condition AND top = :top AND rule = :rule AND :policy IS (SELECT "
    "p.text FROM selection_policy p"
    " WHERE p.selection_id = selection.selection_id) AND n_candidates = :n_candidates AND "
    "n_unscored = :n_unscored"
    " FROM selection WHERE name = :name";

static const char READ_ROWS[] = "SELECT sample_id, score, tier FROM selection_sample"
                                " WHERE selection_id = :selection_id ORDER BY rank";

static const char PUT_SELECTION[] =
    "INSERT INTO selection"
    " (name, ordering, score_set_id, fact, fact_order, formula, condition, top, rule,"
    " n_candidates, n_unscored, run_id)"
    " VALUES (:name, :ordering, :score_set_id, :fact, :fact_order, :formula, :condition, :top,"
    " :rule, :n_candidates, :n_unscored, :run_id)"
    " ON CONFLICT (name) DO UPDATE SET ordering = excluded.ordering,"
    " score_set_id = excluded.score_set_id, fact = excluded.fact,"
    " fact_order = excluded.fact_order, formula = excluded.formula,"
    " condition = excluded.condition, top = excluded.top, rule = excluded.rule,"
    " n_candidates = excluded.n_candidates, n_unscored = excluded.n_unscored,"
    " run_id = excluded.run_id RETURNING selection_id";

static const char CLEAR_ROWS[] =
    "DELETE FROM selection_sample WHERE selection_id = :selection_id";

static const char ADD_ROW[] =
    "INSERT INTO selection_sample (selection_id, rank, sample_id, score, tier)"
    " VALUES (:selection_id, :rank, :sample_id, :score, :tier)";

static const char FIND_SELECTION[] = "SELECT selection_id FROM selection WHERE name = :name";

static const char COUNT_ROWS[] =
    "SELECT count(*) FROM selection_sample WHERE selection_id = :selection_id";

/* What belongs to the selection goes with it. */
static const char DROP[] = "DELETE FROM selection WHERE selection_id = :selection_id";

static const char FIND_FACT[] =
    "SELECT fact, fact_order FROM selection WHERE name = :name AND fact IS NOT NULL";

static const char LIST_SELECTIONS[] = "SELECT name FROM selection ORDER BY name";

static const char ADD_EXPORT[] =
    "INSERT INTO export (selection, format, path, n_samples, n_bytes, sha256, run_id)"
    " VALUES (:selection, :format, :path, :n_samples, :n_bytes, :sha256, :run_id)";

static const char IS_EXPORTED[] =
    "SELECT count(*) FROM export WHERE export_id = (SELECT max(export_id) FROM export"
    " WHERE path = :path) AND selection = :selection AND format = :format AND sha256 = :sha256";

uint64_t selection_count(uint64_t top_n, uint64_t top_per_10000, uint64_t n)
{
    if (top_n > 0)
        return top_n < n ? top_n : n;
    if (top_per_10000 >= SHARE_UNIT)
        return n;
    return n / SHARE_UNIT * top_per_10000 +
           (n % SHARE_UNIT * top_per_10000 + SHARE_UNIT - 1) / SHARE_UNIT;
}

static void bind_selection(struct stmt *stmt, const struct selection_row *row)
{
    const struct slice none = slice_of(NULL, 0);

    stmt_bind_text(stmt, ":name", slice_text(row->name));
    stmt_bind_text(stmt, ":ordering", slice_text(ordering_names[row->ordering]));
    if (row->ordering == ORDERED_BY_METRIC)
        stmt_bind_int(stmt, ":score_set_id", row->score_set_id);
    if (row->ordering == ORDERED_BY_FACT) {
        stmt_bind_text(stmt, ":fact", slice_text(row->fact));
        stmt_bind_text(stmt, ":fact_order",
                       slice_text(row->descending ? "descending" : "ascending"));
    }
    if (row->ordering == ORDERED_BY_FORMULA)
        stmt_bind_text(stmt, ":formula", slice_text(row->formula));
    stmt_bind_text(stmt, ":condition", row->condition ? slice_text(row->condition) : none);
    stmt_bind_text(stmt, ":top", slice_text(row->top));
    stmt_bind_text(stmt, ":rule", row->rule.ptr ? row->rule : slice_text("{}"));
    stmt_bind_count(stmt, ":n_candidates", row->n_candidates);
    stmt_bind_count(stmt, ":n_unscored", row->n_unscored);
}

/* Is the row of the statement that of sample i? */
static bool is_same_sample(const struct stmt *stmt, const struct selection_row *row, size_t i)
{
    const bool has_score = stmt_column_type(stmt, 1) != STMT_NULL;
    const int64_t tier = stmt_column_type(stmt, 2) == STMT_NULL ? 0 : stmt_int(stmt, 2);

    return stmt_int(stmt, 0) == row->ids[i] && has_score == !isnan(row->scores[i]) &&
           (!has_score || stmt_real(stmt, 1) == row->scores[i]) &&
           tier == (row->tiers ? row->tiers[i] : 0);
}

/* Compare the stored samples. Returns 1 if they are equal, 0 or -1. */
static int has_same_samples(struct store *store, int64_t selection_id,
                            const struct selection_row *row, struct error *err)
{
    struct stmt *stmt = NULL;
    size_t n = 0;
    int rc;

    if (stmt_use(store, READ_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (n == row->n || !is_same_sample(stmt, row, n))
            break;
        n++;
    }
    stmt_reset(stmt);
    if (rc < 0)
        return -1;
    return rc == 0 && n == row->n;
}

/* The same samples can be selected though the conditions of the policy, or the exclusions,
 * removed others. Returns 1, 0 or -1. */
static int has_same_funnel(struct store *store, int64_t selection_id,
                           const struct selection_row *row, struct error *err)
{
    const int same = row->policy ? policy_is_stored(store, selection_id, row->policy, err) : 1;

    return same == 1 ? exclusion_is_stored(store, selection_id, row->exclusions, err) : same;
}

/* Find out whether a selection of this name exists, and whether it is the same. */
static int compare_with_stored(struct store *store, const struct selection_row *row,
                               struct selection_outcome *out, struct error *err)
{
    struct stmt *stmt = NULL;

    *out = (struct selection_outcome){ .replaced = false };
    if (stmt_use(store, FIND_SAME, &stmt, err) < 0)
        return -1;
    bind_selection(stmt, row);
    stmt_bind_text(stmt, ":policy", row->policy ? row->policy->text : slice_of(NULL, 0));
    const int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    const int64_t selection_id = stmt_int(stmt, 0);
    const bool same_row = stmt_int(stmt, 1) != 0;
    stmt_reset(stmt);
    int same = has_same_samples(store, selection_id, row, err);
    if (row->n == 0 && same == 0 && !row->may_empty)
        return error_set(err, ERR_INPUT,
                         "selection '%s': no sample was selected, and the existing selection "
                         "is kept: use --replace to replace it by an empty one",
                         row->name);
    if (same == 1)
        same = same_row ? has_same_funnel(store, selection_id, row, err) : 0;
    out->unchanged = same == 1;
    out->replaced = same == 0;
    return same < 0 ? -1 : 0;
}

static int put_samples(struct store *store, int64_t selection_id,
                       const struct selection_row *row, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, CLEAR_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    if (stmt_run(stmt, err) < 0)
        return -1;
    for (size_t i = 0; i < row->n; i++) {
        if (stmt_use(store, ADD_ROW, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        stmt_bind_count(stmt, ":rank", i + 1);
        stmt_bind_int(stmt, ":sample_id", row->ids[i]);
        if (!isnan(row->scores[i]))
            stmt_bind_real(stmt, ":score", row->scores[i]);
        if (row->tiers)
            stmt_bind_int(stmt, ":tier", row->tiers[i]);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

/* The same selection can have another description: of scores that are new, for example. */
static int renew_description(struct store *store, const struct selection_row *row,
                             struct error *err)
{
    int64_t selection_id = 0;

    if (!row->description)
        return 0;
    if (selection_find(store, row->name, &selection_id, err) < 0)
        return -1;
    const int same = description_is_stored(store, selection_id, row->description, err);
    return same == 0  ? description_put(store, selection_id, row->description, err)
           : same < 0 ? -1
                      : 0;
}

int selection_put(struct store *store, const struct selection_row *row, int64_t run_id,
                  bool dry_run, struct selection_outcome *out, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t selection_id;

    if (compare_with_stored(store, row, out, err) < 0)
        return -1;
    if (dry_run)
        return 0;
    if (out->unchanged)
        return renew_description(store, row, err);
    if (stmt_use(store, PUT_SELECTION, &stmt, err) < 0)
        return -1;
    bind_selection(stmt, row);
    stmt_bind_int(stmt, ":run_id", run_id);
    if (stmt_get_int(stmt, &selection_id, err) < 0)
        return -1;
    if (policy_put(store, selection_id, row->policy, err) < 0 ||
        exclusion_put(store, selection_id, row->exclusions, err) < 0 ||
        description_put(store, selection_id, row->description, err) < 0)
        return -1;
    return put_samples(store, selection_id, row, err);
}

static int raise_unknown_selection(struct store *store, const char *name, struct error *err)
{
    struct stmt *stmt = NULL;
    char names[300];

    if (stmt_use(store, LIST_SELECTIONS, &stmt, err) < 0 ||
        stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    if (names[0])
        return error_set(err, ERR_NOT_FOUND, "no selection '%s': choose one of: %s", name,
                         names);
    return error_set(err, ERR_NOT_FOUND,
                     "no selection '%s', and no others: run 'curate select' first", name);
}

int selection_find(struct store *store, const char *name, int64_t *selection_id,
                   struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_SELECTION, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    const int found = stmt_next(stmt, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return raise_unknown_selection(store, name, err);
    *selection_id = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return 0;
}

static int drop_selection(struct store *store, const char *name, bool dry_run,
                          int64_t *n_samples, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t selection_id = 0;

    if (selection_find(store, name, &selection_id, err) < 0 ||
        stmt_use(store, COUNT_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    if (stmt_get_int(stmt, n_samples, err) < 0)
        return -1;
    if (dry_run)
        return 0;
    if (stmt_use(store, DROP, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    return stmt_run(stmt, err);
}

int selection_drop(struct store *store, const char *name, bool dry_run, int64_t *n_samples,
                   struct error *err)
{
    if (dry_run)
        return drop_selection(store, name, true, n_samples, err);
    if (store_begin(store, err) < 0)
        return -1;
    if (drop_selection(store, name, false, n_samples, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

/* A list that is being read. */
struct loading {
    struct id_list list;
    size_t cap;
    double *scores;
};

static int add_loaded(struct loading *loading, const struct stmt *stmt, struct error *err)
{
    const size_t cap = loading->cap;
    const size_t at = loading->list.n;

    if (id_list_add(&loading->list, &loading->cap, stmt_int(stmt, 0), err) < 0)
        return -1;
    if (loading->cap > cap) {
        double *scores = reallocarray(loading->scores, loading->cap, sizeof *scores);
        if (!scores)
            return error_nomem(err);
        loading->scores = scores;
    }
    loading->scores[at] = stmt_column_type(stmt, 1) == STMT_NULL ? NAN : stmt_real(stmt, 1);
    return 0;
}

/* Read the samples of a selection. */
static int load_samples(struct store *store, int64_t selection_id, struct loading *loading,
                        struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, READ_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    while ((rc = stmt_next(stmt, err)) == 1)
        if (add_loaded(loading, stmt, err) < 0) {
            stmt_reset(stmt);
            return -1;
        }
    return rc;
}

int selection_load(struct store *store, const char *name, struct id_list *out, double **scores,
                   struct error *err)
{
    struct loading loading = { .scores = NULL };
    int64_t selection_id = 0;

    if (selection_find(store, name, &selection_id, err) < 0)
        return -1;
    const int rc = load_samples(store, selection_id, &loading, err);
    if (rc == 0 && scores)
        *scores = loading.scores;
    else
        free(loading.scores);
    if (rc == 0)
        *out = loading.list;
    else
        id_list_release(&loading.list);
    return rc;
}

int selection_fact(struct store *store, const char *name, struct arena *arena,
                   const char **fact, const char **order, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_FACT, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    const int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    *fact = arena_copy(arena, stmt_bytes(stmt, 0)).ptr;
    *order = arena_copy(arena, stmt_bytes(stmt, 1)).ptr;
    stmt_reset(stmt);
    return *fact && *order ? 1 : error_nomem(err);
}

static void bind_export(struct stmt *stmt, const struct export_row *row)
{
    stmt_bind_text(stmt, ":selection", slice_text(row->selection));
    stmt_bind_text(stmt, ":format", slice_text(row->format));
    stmt_bind_text(stmt, ":path", slice_text(row->path));
    stmt_bind_blob(stmt, ":sha256", row->sha256, sizeof row->sha256);
}

int export_add(struct store *store, const struct export_row *row, int64_t run_id,
               struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t n_same;

    if (stmt_use(store, IS_EXPORTED, &stmt, err) < 0)
        return -1;
    bind_export(stmt, row);
    if (stmt_get_int(stmt, &n_same, err) < 0)
        return -1;
    if (n_same > 0)
        return 0;
    if (stmt_use(store, ADD_EXPORT, &stmt, err) < 0)
        return -1;
    bind_export(stmt, row);
    stmt_bind_count(stmt, ":n_samples", row->n_samples);
    stmt_bind_count(stmt, ":n_bytes", row->n_bytes);
    stmt_bind_int(stmt, ":run_id", run_id);
    return stmt_run(stmt, err);
}
