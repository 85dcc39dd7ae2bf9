/* SPDX-License-Identifier: Apache-2.0 */
#include "store/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/exclusion.h"
#include "store/policy.h"

enum { SHARE_UNIT = 10000 };

#define RANK_HEAD "SELECT c.sample_id, "
#define RANK_JOIN                                                                              \
    " AS c LEFT JOIN score k ON k.score_set_id = :score_set_id AND k.sample_id = c.sample_id"
#define RANK_JOIN_COHORT                                                                       \
    " AS c LEFT JOIN cohort_score k ON k.cohort_id = :cohort_id AND k.sample_id = c.sample_id"
#define RANK_JOIN_FACT " AS c LEFT JOIN fact k ON k.sample_id = c.sample_id"
#define RANK_TIES      ", c.sample_id"

static const char FIND_SAME[] =
    "SELECT selection_id, score_set_id IS :score_set_id AND fact IS :fact"
    " AND fact_order IS :fact_order AND condition IS :condition"
    " AND top = :top AND :policy IS (SELECT p.text FROM selection_policy p"
    " WHERE p.selection_id = selection.selection_id) AND n_candidates = :n_candidates AND "
    "n_unscored = :n_unscored"
    " FROM selection WHERE name = :name";

static const char READ_ROWS[] = "SELECT sample_id, score FROM selection_sample"
                                " WHERE selection_id = :selection_id ORDER BY rank";

static const char PUT_SELECTION[] =
    "INSERT INTO selection"
    " (name, score_set_id, fact, fact_order, condition, top, n_candidates, n_unscored, run_id)"
    " VALUES (:name, :score_set_id, :fact, :fact_order, :condition, :top, :n_candidates,"
    " :n_unscored, :run_id)"
    " ON CONFLICT (name) DO UPDATE SET score_set_id = excluded.score_set_id,"
    " fact = excluded.fact, fact_order = excluded.fact_order,"
    " condition = excluded.condition, top = excluded.top,"
    " n_candidates = excluded.n_candidates, n_unscored = excluded.n_unscored,"
    " run_id = excluded.run_id RETURNING selection_id";

static const char CLEAR_ROWS[] =
    "DELETE FROM selection_sample WHERE selection_id = :selection_id";

static const char ADD_ROW[] =
    "INSERT INTO selection_sample (selection_id, rank, sample_id, score)"
    " VALUES (:selection_id, :rank, :sample_id, :score)";

static const char FIND_SELECTION[] = "SELECT selection_id FROM selection WHERE name = :name";

static const char FIND_FACT[] =
    "SELECT fact, fact_order FROM selection WHERE name = :name AND fact IS NOT NULL";

static const char LIST_SELECTIONS[] = "SELECT name FROM selection ORDER BY name";

static const char ADD_EXPORT[] =
    "INSERT INTO export (selection, format, path, n_samples, n_bytes, sha256, run_id)"
    " VALUES (:selection, :format, :path, :n_samples, :n_bytes, :sha256, :run_id)";

static const char IS_EXPORTED[] =
    "SELECT count(*) FROM export WHERE export_id = (SELECT max(export_id) FROM export"
    " WHERE path = :path) AND selection = :selection AND format = :format AND sha256 = :sha256";

/* Samples with their scores, best first. */
struct ranking {
    struct id_list list;
    double *scores;
    size_t cap;
    uint64_t n_candidates; /* as in struct selection_result; the list may be cut to fewer */
    uint64_t n_unscored;
    uint64_t n_outside;
};

static void ranking_release(struct ranking *ranking)
{
    id_list_release(&ranking->list);
    free(ranking->scores);
}

static int ranking_add(struct ranking *ranking, int64_t sample_id, double score,
                       struct error *err)
{
    const size_t cap = ranking->cap;
    const size_t at = ranking->list.n;

    if (id_list_add(&ranking->list, &ranking->cap, sample_id, err) < 0)
        return -1;
    if (ranking->cap > cap) {
        double *scores = reallocarray(ranking->scores, ranking->cap, sizeof *scores);
        if (!scores)
            return error_nomem(err);
        ranking->scores = scores;
    }
    ranking->scores[at] = score;
    return 0;
}

/* Collect the ids and scores that the statement returns. Rows without a score are only counted.
 */
static int ranking_collect(struct ranking *ranking, struct stmt *stmt, struct error *err)
{
    int rc;

    while ((rc = stmt_next(stmt, err)) == 1) {
        if (stmt_column_type(stmt, 1) == STMT_NULL) {
            if (stmt_columns(stmt) > 2 && stmt_int(stmt, 2))
                ranking->n_outside++;
            else
                ranking->n_unscored++;
        } else if (ranking_add(ranking, stmt_int(stmt, 0), stmt_real(stmt, 1), err) < 0) {
            stmt_reset(stmt);
            return -1;
        }
    }
    ranking->n_candidates = ranking->list.n + ranking->n_outside;
    return rc;
}

uint64_t selection_count(uint64_t top_n, uint64_t top_per_10000, uint64_t n)
{
    if (top_n > 0)
        return top_n < n ? top_n : n;
    if (top_per_10000 >= SHARE_UNIT)
        return n;
    return n / SHARE_UNIT * top_per_10000 +
           (n % SHARE_UNIT * top_per_10000 + SHARE_UNIT - 1) / SHARE_UNIT;
}

/* Open the statement that returns samples and scores in order, NULL last. */
static int open_ranking_stmt(struct store *store, const struct selection_spec *spec,
                             struct stmt **out, struct error *err)
{
    const char *column = spec->fact            ? spec->fact
                         : spec->cohort_id > 0 ? spec->cohort_column
                                               : "value";
    const char *join = spec->fact            ? RANK_JOIN_FACT
                       : spec->cohort_id > 0 ? RANK_JOIN_COHORT
                                             : RANK_JOIN;
    char before[160], after[320];

    snprintf(before, sizeof before, "%sk.\"%s\", %s FROM ", RANK_HEAD, column,
             spec->cohort_id > 0 ? "k.status = 'outside_top'" : "0");
    snprintf(after, sizeof after, "%s ORDER BY k.\"%s\" IS NULL, k.\"%s\" %s%s", join, column,
             column, spec->higher_is_better ? "DESC" : "ASC", RANK_TIES);
    if (condition_open(store, before, spec->policy ? spec->policy_sql : spec->condition, after,
                       out, err) < 0)
        return -1;
    if (spec->cohort_id > 0)
        stmt_bind_int(*out, ":cohort_id", spec->cohort_id);
    else if (!spec->fact)
        stmt_bind_int(*out, ":score_set_id", spec->score_set_id);
    return 0;
}

static int compare_ranked_ids(const void *first, const void *second)
{
    const int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;

    return (a > b) - (a < b);
}

/* Remove the samples that the exclusions leave out. */
static int exclude_ranked(struct store *store, const struct selection_spec *spec,
                          struct ranking *ranking, struct error *err)
{
    struct id_list candidates = { .ids = calloc(ranking->list.n + 1, sizeof *candidates.ids),
                                  .n = ranking->list.n };
    size_t n = 0;

    if (!candidates.ids)
        return error_nomem(err);
    if (ranking->list.n > 0)
        memcpy(candidates.ids, ranking->list.ids, candidates.n * sizeof *candidates.ids);
    qsort(candidates.ids, candidates.n, sizeof *candidates.ids, compare_ranked_ids);
    const int rc = spec->exclude(store, spec->exclusions, &candidates, err);
    for (size_t i = 0; rc == 0 && i < ranking->list.n; i++) {
        if (!id_list_holds(&spec->exclusions->left, ranking->list.ids[i]))
            continue;
        ranking->list.ids[n] = ranking->list.ids[i];
        ranking->scores[n++] = ranking->scores[i];
    }
    ranking->list.n = n;
    ranking->n_candidates = n + ranking->n_outside;
    id_list_release(&candidates);
    return rc;
}

/* Rank the samples and count them in one pass, so that the condition is evaluated once. */
static int rank_samples(struct store *store, const struct selection_spec *spec,
                        struct ranking *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (open_ranking_stmt(store, spec, &stmt, err) < 0)
        return -1;
    int rc = ranking_collect(out, stmt, err);
    stmt_close(stmt);
    if (rc == 0 && spec->exclusions)
        rc = exclude_ranked(store, spec, out, err);
    if (rc < 0)
        return -1;
    const uint64_t n = selection_count(spec->top_n, spec->top_per_10000, out->n_candidates);
    if (n > out->list.n)
        return error_set(
            err, ERR_USAGE,
            "--top %s selects %llu of %llu, but only the first %zu of the cohort are "
            "ranked: score it again with a larger --top, or with --exact-all",
            spec->top, (unsigned long long)n, (unsigned long long)out->n_candidates,
            out->list.n);
    out->list.n = (size_t)n;
    return 0;
}

static void bind_selection(struct stmt *stmt, const struct selection_spec *spec,
                           const struct ranking *ranking)
{
    const char *condition = spec->condition;

    stmt_bind_text(stmt, ":name", slice_text(spec->name));
    if (spec->fact) {
        stmt_bind_text(stmt, ":fact", slice_text(spec->fact));
        stmt_bind_text(stmt, ":fact_order",
                       slice_text(spec->higher_is_better ? "descending" : "ascending"));
    } else {
        stmt_bind_int(stmt, ":score_set_id", spec->score_set_id);
    }
    stmt_bind_text(stmt, ":condition", condition ? slice_text(condition) : slice_of(NULL, 0));
    stmt_bind_text(stmt, ":top", slice_text(spec->top));
    stmt_bind_count(stmt, ":n_candidates", ranking->n_candidates);
    stmt_bind_count(stmt, ":n_unscored", ranking->n_unscored);
}

/* Compare the stored rows with the ranking. Returns 1 if they are equal, 0 or -1. */
static int has_same_rows(struct store *store, int64_t selection_id,
                         const struct ranking *ranking, struct error *err)
{
    struct stmt *stmt = NULL;
    size_t n = 0;
    int rc;

    if (stmt_use(store, READ_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (n == ranking->list.n || stmt_int(stmt, 0) != ranking->list.ids[n] ||
            stmt_real(stmt, 1) != ranking->scores[n])
            break;
        n++;
    }
    stmt_reset(stmt);
    if (rc < 0)
        return -1;
    return rc == 0 && n == ranking->list.n;
}

/* Find out whether a selection of this name exists, and whether it is the same. */
static int compare_with_stored(struct store *store, const struct selection_spec *spec,
                               const struct ranking *ranking, struct selection_result *out,
                               struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_SAME, &stmt, err) < 0)
        return -1;
    bind_selection(stmt, spec, ranking);
    stmt_bind_text(stmt, ":policy", spec->policy ? spec->policy->text : slice_of(NULL, 0));
    const int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    const int64_t selection_id = stmt_int(stmt, 0);
    const bool same_spec = stmt_int(stmt, 1) != 0;
    stmt_reset(stmt);
    const int same_rows = has_same_rows(store, selection_id, ranking, err);
    if (same_rows < 0)
        return -1;
    if (ranking->list.n == 0 && !same_rows && !spec->may_empty)
        return error_set(err, ERR_INPUT,
                         "selection '%s': no sample was selected, and the existing selection "
                         "is kept: use --replace to replace it by an empty one",
                         spec->name);
    const int same = same_spec && same_rows;
    out->unchanged = same == 1;
    out->replaced = same == 0;
    return 0;
}

static int put_ranking(struct store *store, int64_t selection_id, const struct ranking *ranking,
                       struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, CLEAR_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    if (stmt_run(stmt, err) < 0)
        return -1;
    for (size_t i = 0; i < ranking->list.n; i++) {
        if (stmt_use(store, ADD_ROW, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        stmt_bind_count(stmt, ":rank", i + 1);
        stmt_bind_int(stmt, ":sample_id", ranking->list.ids[i]);
        stmt_bind_real(stmt, ":score", ranking->scores[i]);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

static int put_selection(struct store *store, const struct selection_spec *spec,
                         const struct ranking *ranking, int64_t run_id, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t selection_id;

    if (stmt_use(store, PUT_SELECTION, &stmt, err) < 0)
        return -1;
    bind_selection(stmt, spec, ranking);
    stmt_bind_int(stmt, ":run_id", run_id);
    if (stmt_get_int(stmt, &selection_id, err) < 0)
        return -1;
    if (policy_put(store, selection_id, spec->policy, err) < 0 ||
        exclusion_put(store, selection_id, spec->exclusions, err) < 0)
        return -1;
    return put_ranking(store, selection_id, ranking, err);
}

/* The same samples can be selected though the conditions of the policy, or the exclusions,
 * removed others. */
static int compare_funnel(struct store *store, const struct selection_spec *spec,
                          struct selection_result *result, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t selection_id;

    if (!result->unchanged)
        return 0;
    if (stmt_use(store, FIND_SELECTION, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(spec->name));
    if (stmt_get_int(stmt, &selection_id, err) < 0)
        return -1;
    int same = spec->policy ? policy_is_stored(store, selection_id, spec->policy, err) : 1;
    if (same == 1)
        same = exclusion_is_stored(store, selection_id, spec->exclusions, err);
    result->unchanged = same == 1;
    result->replaced = same == 0;
    return same < 0 ? -1 : 0;
}

int selection_make(struct store *store, const struct selection_spec *spec, int64_t run_id,
                   bool dry_run, struct selection_result *out, struct error *err)
{
    struct ranking ranking = { 0 };
    struct selection_result result = { 0 };
    int rc = -1;

    if (spec->name[0] == '\0')
        return error_set(err, ERR_USAGE, "empty selection name: use --name NAME");
    if (spec->top_n == 0 && spec->top_per_10000 == 0)
        return error_set(err, ERR_USAGE, "selection '%s': no size given: use --top N|P%%",
                         spec->name);
    if (!dry_run && store_begin(store, err) < 0)
        return -1;
    if ((spec->policy && policy_count(store, spec->policy, spec->condition, err) < 0) ||
        rank_samples(store, spec, &ranking, err) < 0 ||
        compare_with_stored(store, spec, &ranking, &result, err) < 0 ||
        compare_funnel(store, spec, &result, err) < 0)
        goto done;
    if (!dry_run && !result.unchanged && put_selection(store, spec, &ranking, run_id, err) < 0)
        goto done;
    if (!dry_run && store_commit(store, err) < 0)
        goto done;
    result.n_selected = ranking.list.n;
    result.n_candidates = ranking.n_candidates;
    result.n_unscored = ranking.n_unscored;
    result.n_outside = ranking.n_outside;
    *out = result;
    rc = 0;
done:
    if (!dry_run)
        store_rollback(store);
    ranking_release(&ranking);
    return rc;
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

int selection_load(struct store *store, const char *name, struct id_list *out, double **scores,
                   struct error *err)
{
    struct ranking ranking = { 0 };
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_SELECTION, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    const int found = stmt_next(stmt, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return raise_unknown_selection(store, name, err);
    const int64_t selection_id = stmt_int(stmt, 0);
    stmt_reset(stmt);
    if (stmt_use(store, READ_ROWS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    if (ranking_collect(&ranking, stmt, err) < 0) {
        ranking_release(&ranking);
        return -1;
    }
    *out = ranking.list;
    ranking.list = (struct id_list){ 0 }; /* the caller owns it */
    if (scores) {
        *scores = ranking.scores;
        ranking.scores = NULL;
    }
    ranking_release(&ranking);
    return 0;
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
