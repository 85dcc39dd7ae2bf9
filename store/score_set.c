/* SPDX-License-Identifier: Apache-2.0 */
#include "store/score.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/db_private.h"

static const char PUT_METRIC[] =
    "INSERT INTO metric (name, version, unit, better)"
    " VALUES (:name, :version, :unit, :better)"
    " ON CONFLICT (name, version) DO UPDATE SET unit = excluded.unit, better = excluded.better"
    " WHERE unit <> excluded.unit OR better <> excluded.better";

static const char FIND_METRIC[] =
    "SELECT metric_id FROM metric WHERE name = :name AND version = :version";

static const char ADD_SET[] = "INSERT INTO score_set (metric_id, model_id, params, params_hash)"
                              " VALUES (:metric_id, :model_id, :params, :hash)"
                              " ON CONFLICT (metric_id, model_id, params_hash) DO NOTHING";

static const char FIND_SET[] = "SELECT score_set_id FROM score_set WHERE metric_id = :metric_id"
                               " AND model_id = :model_id AND params_hash = :hash";

/* Skip empty sets (left by interrupted runs) and non-current cohort versions. Prefer scores of
 * the unrestricted model; use short-window scores only if there are no others. */
#define MATCHING_SETS                                                                          \
    "SELECT t.score_set_id AS id, t.model_id, m.better = 'higher' AS is_higher,"               \
    " lower(hex(t.params_hash)) AS hash, t.params -> '$.short_model' IS NULL AND"              \
    " coalesce(t.params -> '$.short_window', t.params -> '$.short_rope') IS NOT NULL"          \
    " AS is_short, t.params AS params, t.asked_run_id AS asked,"                               \
    " coalesce((SELECT max(k.run_id) FROM score k WHERE k.score_set_id = t.score_set_id),"     \
    " (SELECT h.asked_run_id FROM cohort h WHERE t.score_set_id IN (h.hmp_set_id,"             \
    " h.gateau_set_id) AND h.cohort_id = (SELECT x.cohort_id FROM cohort x"                    \
    " WHERE x.name = h.name ORDER BY x.asked_run_id DESC, x.version DESC LIMIT 1))) AS newest" \
    " FROM score_set t JOIN metric m ON m.metric_id = t.metric_id"                             \
    " JOIN model d ON d.model_id = t.model_id"                                                 \
    " WHERE m.name = :metric AND (:model IS NULL OR d.name = :model) AND newest IS NOT NULL"

static const char FIND_SETS[] =
    MATCHING_SETS " ORDER BY is_short, max(newest, coalesce(asked, 0)) DESC, id DESC";

/* The first digits of the hash of each set's parameters, and the parameters in which the sets
 * differ. */
static const char LIST_SETS[] =
    "WITH found AS (" MATCHING_SETS ") SELECT substr(hash, 1, 8) || coalesce(' (' ||"
    " (SELECT group_concat(j.key || ' ' || j.value, ', ') FROM json_each(f.params) j"
    " WHERE (SELECT count(*) FROM found o, json_each(o.params) i WHERE i.key = j.key"
    " AND i.value IS j.value) < (SELECT count(*) FROM found)) || ')', '')"
    " FROM found f GROUP BY hash ORDER BY min(id)";

static const char LOOK_UP_SET[] =
    "SELECT t.score_set_id FROM score_set t JOIN metric m ON m.metric_id = t.metric_id"
    " JOIN model d ON d.model_id = t.model_id WHERE m.name = :name AND m.version = :version"
    " AND d.sha256 = :sha256 AND t.params_hash = :hash";

static const char REQUEST_SET[] = "UPDATE score_set SET asked_run_id = :run_id"
                                  " WHERE score_set_id = :score_set_id";

static const char CHANGE_PARAMS[] = "UPDATE score_set SET params = :params, params_hash = :hash"
                                    " WHERE score_set_id = :score_set_id";

static const char GET_ARITHMETIC[] = "SELECT coalesce(params ->> '$.arithmetic', '')"
                                     " FROM score_set WHERE score_set_id = :score_set_id";

#define SCORED_SETS                                                                            \
    " FROM score_set t JOIN metric m ON m.metric_id = t.metric_id"                             \
    " JOIN model d ON d.model_id = t.model_id WHERE (EXISTS"                                   \
    " (SELECT 1 FROM score k WHERE k.score_set_id = t.score_set_id) OR EXISTS"                 \
    " (SELECT 1 FROM cohort h WHERE t.score_set_id IN (h.hmp_set_id, h.gateau_set_id)))"

static const char LIST_METRICS[] = "SELECT DISTINCT m.name" SCORED_SETS " ORDER BY m.name";

static const char LIST_MODELS[] =
    "SELECT DISTINCT d.name" SCORED_SETS " AND m.name = :metric ORDER BY d.name";

static int put_metric(struct store *store, const struct score_set *set, int64_t *id,
                      struct error *err)
{
    const struct slice name = slice_text(set->metric);
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_METRIC, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", name);
    stmt_bind_int(stmt, ":version", set->version);
    stmt_bind_text(stmt, ":unit", slice_text(set->unit));
    stmt_bind_text(stmt, ":better", slice_text(set->better));
    if (stmt_run(stmt, err) < 0 || stmt_use(store, FIND_METRIC, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", name);
    stmt_bind_int(stmt, ":version", set->version);
    return stmt_get_int(stmt, id, err);
}

int score_set_put(struct store *store, const struct score_set *set, int64_t *score_set_id,
                  struct error *err)
{
    const struct hash hash = hash_bytes(set->params_json);
    struct stmt *stmt = NULL;
    int64_t metric_id;

    if (put_metric(store, set, &metric_id, err) < 0 || stmt_use(store, ADD_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":metric_id", metric_id);
    stmt_bind_int(stmt, ":model_id", set->model_id);
    stmt_bind_text(stmt, ":params", set->params_json);
    stmt_bind_blob(stmt, ":hash", hash.bytes, sizeof hash.bytes);
    if (stmt_run(stmt, err) < 0 || stmt_use(store, FIND_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":metric_id", metric_id);
    stmt_bind_int(stmt, ":model_id", set->model_id);
    stmt_bind_blob(stmt, ":hash", hash.bytes, sizeof hash.bytes);
    return stmt_get_int(stmt, score_set_id, err);
}

int score_set_lookup(struct store *store, const struct score_set *set,
                     const uint8_t model_sha256[DIGEST_BYTES], int64_t *score_set_id,
                     struct error *err)
{
    const struct hash hash = hash_bytes(set->params_json);
    struct stmt *stmt = NULL;

    if (stmt_use(store, LOOK_UP_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(set->metric));
    stmt_bind_int(stmt, ":version", set->version);
    stmt_bind_blob(stmt, ":sha256", model_sha256, DIGEST_BYTES);
    stmt_bind_blob(stmt, ":hash", hash.bytes, sizeof hash.bytes);
    const int found = stmt_next(stmt, err);
    if (found == 1)
        *score_set_id = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return found;
}

int score_set_change_params(struct store *store, int64_t score_set_id, struct slice params_json,
                            struct error *err)
{
    const struct hash hash = hash_bytes(params_json);
    struct stmt *stmt = NULL;

    if (stmt_use(store, CHANGE_PARAMS, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":params", params_json);
    stmt_bind_blob(stmt, ":hash", hash.bytes, sizeof hash.bytes);
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    return stmt_run(stmt, err);
}

int score_set_arithmetic(struct store *store, int64_t score_set_id, char *out, size_t size,
                         struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, GET_ARITHMETIC, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    return stmt_list(stmt, out, size, err);
}

int score_set_request(struct store *store, int64_t score_set_id, int64_t run_id,
                      struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, REQUEST_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":run_id", run_id);
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    return stmt_run(stmt, err);
}

/* List names for a message. */
static int list_score_names(struct store *store, const char *sql, const char *metric, char *out,
                            size_t size, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    if (metric)
        stmt_bind_text(stmt, ":metric", slice_text(metric));
    return stmt_list(stmt, out, size, err);
}

static int raise_no_set(struct store *store, const char *metric, const char *model,
                        struct error *err)
{
    char names[300];

    if (list_score_names(store, LIST_MODELS, metric, names, sizeof names, err) < 0)
        return -1;
    if (model && names[0])
        return error_set(err, ERR_NOT_FOUND,
                         "model '%s' has no '%s' scores; models that have them: %s", model,
                         metric, names);
    if (list_score_names(store, LIST_METRICS, NULL, names, sizeof names, err) < 0)
        return -1;
    if (names[0])
        return error_set(err, ERR_NOT_FOUND,
                         "there are no '%s' scores; metrics with scores: %s", metric, names);
    return error_set(err, ERR_NOT_FOUND,
                     "there are no '%s' scores and no others: run 'curate score' first",
                     metric);
}

static int raise_many_models(struct store *store, const char *metric, struct error *err)
{
    char names[300];

    if (list_score_names(store, LIST_MODELS, metric, names, sizeof names, err) < 0)
        return -1;
    return error_set(err, ERR_USAGE, "'%s' scores of several models: name one with --model: %s",
                     metric, names);
}

static void bind_model(struct stmt *stmt, const char *model)
{
    stmt_bind_text(stmt, ":model", model ? slice_text(model) : slice_of(NULL, 0));
}

/* Columns of FIND_SETS. */
enum { SET_ID, SET_MODEL_ID, SET_IS_HIGHER, SET_HASH, SET_IS_SHORT };

int score_set_find(struct store *store, const char *metric, const char *model,
                   struct score_set_info *out, struct error *err)
{
    struct score_set_info info = { 0 };
    struct stmt *stmt = NULL;
    int64_t model_id = 0;
    size_t n = 0;
    int rc;

    if (stmt_use(store, FIND_SETS, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":metric", slice_text(metric));
    bind_model(stmt, model);
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (n++ == 0) {
            info.score_set_id = stmt_int(stmt, SET_ID);
            info.higher_is_better = stmt_int(stmt, SET_IS_HIGHER) != 0;
            model_id = stmt_int(stmt, SET_MODEL_ID);
        } else if (stmt_int(stmt, SET_MODEL_ID) != model_id) {
            stmt_reset(stmt);
            return raise_many_models(store, metric, err);
        }
    }
    if (rc < 0)
        return -1;
    if (n == 0)
        return raise_no_set(store, metric, model, err);
    info.n_others = n - 1;
    *out = info;
    return 0;
}

enum { HASH_HEX_BYTES = 2 * sizeof(struct hash) + 1 };

/* The sets that a name, a model and a hash match, as far as they were read. */
struct matching_sets {
    struct score_set_info first;
    char hash[HASH_HEX_BYTES]; /* of the first, as the next two */
    int64_t model_id;
    bool is_short;
    size_t n;
    bool has_many_models;
    bool has_many_sets;
};

static void add_matching_set(struct matching_sets *sets, const struct stmt *row)
{
    const struct slice hash = stmt_bytes(row, SET_HASH);

    if (sets->n++ == 0) {
        sets->first.score_set_id = stmt_int(row, SET_ID);
        sets->first.higher_is_better = stmt_int(row, SET_IS_HIGHER) != 0;
        snprintf(sets->hash, sizeof sets->hash, "%.*s", (int)hash.len, hash.ptr);
        sets->model_id = stmt_int(row, SET_MODEL_ID);
        sets->is_short = stmt_int(row, SET_IS_SHORT) != 0;
    } else if (stmt_int(row, SET_MODEL_ID) != sets->model_id) {
        sets->has_many_models = true;
    } else if ((stmt_int(row, SET_IS_SHORT) != 0) == sets->is_short &&
               !slice_equal(hash, slice_text(sets->hash))) {
        sets->has_many_sets = true;
    }
}

static int raise_ambiguous_set(struct store *store, const struct score_set_query *query,
                               bool has_many_models, struct error *err)
{
    struct stmt *stmt = NULL;
    char names[300];

    if (stmt_use(store, has_many_models ? LIST_MODELS : LIST_SETS, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":metric", slice_text(query->metric));
    if (!has_many_models)
        bind_model(stmt, query->model);
    if (stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    if (has_many_models)
        return error_set(err, ERR_USAGE, "'%s' scores of several models: add model: one of %s",
                         query->metric, names);
    if (query->hash)
        return error_set(
            err, ERR_USAGE,
            "score_set %s: no '%s' scores have parameters of this hash: use one of %s",
            query->hash, query->metric, names);
    return error_set(err, ERR_USAGE,
                     "'%s' scores with several sets of parameters: add score_set: one of %s",
                     query->metric, names);
}

int score_set_find_one(struct store *store, const struct score_set_query *query,
                       struct score_set_info *out, struct error *err)
{
    const size_t hash_len = query->hash ? strlen(query->hash) : 0;
    struct matching_sets sets = { .n = 0 };
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, FIND_SETS, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":metric", slice_text(query->metric));
    bind_model(stmt, query->model);
    size_t n = 0;
    while ((rc = stmt_next(stmt, err)) == 1) {
        const struct slice hash = stmt_bytes(stmt, SET_HASH);

        n++;
        if (hash.len >= hash_len &&
            memcmp(hash.ptr, query->hash ? query->hash : "", hash_len) == 0)
            add_matching_set(&sets, stmt);
    }
    if (rc < 0)
        return -1;
    if (n == 0)
        return raise_no_set(store, query->metric, query->model, err);
    if (sets.n == 0 || sets.has_many_models || sets.has_many_sets)
        return raise_ambiguous_set(store, query, sets.has_many_models, err);
    *out = sets.first;
    return 0;
}
