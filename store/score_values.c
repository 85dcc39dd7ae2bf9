/* SPDX-License-Identifier: Apache-2.0 */
#include "store/score_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/cohort.h"
#include "store/db_private.h"
#include "store/score.h"

static const char OF_SET[] = "SELECT sample_id, value FROM score WHERE score_set_id = :id"
                             " AND value IS NOT NULL ORDER BY sample_id";
static const char HMP_OF_COHORT[] = "SELECT sample_id, hmp FROM cohort_score"
                                    " WHERE cohort_id = :id AND hmp IS NOT NULL"
                                    " ORDER BY sample_id";
static const char GATEAU_OF_COHORT[] = "SELECT sample_id, gateau FROM cohort_score"
                                       " WHERE cohort_id = :id AND gateau IS NOT NULL"
                                       " ORDER BY sample_id";
static const char HMP_OF_MEMBERS[] = "SELECT sample_id, hmp FROM cohort_score"
                                     " WHERE cohort_id = :id AND gateau IS NOT NULL"
                                     " AND hmp IS NOT NULL ORDER BY sample_id";
static const char CAS_OF_MEMBERS[] = "SELECT sample_id, cas FROM cohort_score"
                                     " WHERE cohort_id = :id AND gateau IS NOT NULL"
                                     " AND cas IS NOT NULL ORDER BY sample_id";

static int score_values_add(struct score_values *out, int64_t sample_id, double value,
                            struct error *err)
{
    if (out->n == out->cap) {
        const size_t cap = 2 * out->cap + 256;
        int64_t *ids = reallocarray(out->sample_ids, cap, sizeof *ids);

        if (!ids)
            return error_nomem(err);
        out->sample_ids = ids;
        double *values = reallocarray(out->values, cap, sizeof *values);
        if (!values)
            return error_nomem(err);
        out->values = values;
        out->cap = cap;
    }
    out->sample_ids[out->n] = sample_id;
    out->values[out->n++] = value;
    return 0;
}

static int read_values(struct store *store, const char *sql, int64_t id,
                       struct score_values *out, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":id", id);
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (score_values_add(out, stmt_int(stmt, 0), stmt_real(stmt, 1), err) < 0) {
            rc = -1;
            break;
        }
    }
    stmt_reset(stmt);
    return rc;
}

int score_values_read(struct store *store, const char *metric, const char *model,
                      struct score_values *out, struct error *err)
{
    struct score_set_info set;
    struct cohort_row cohort;
    struct arena arena;

    if (score_set_find(store, metric, model, &set, err) < 0)
        return -1;
    out->n_others = set.n_others;
    arena_init(&arena);
    const int of_cohort = cohort_of_set(store, set.score_set_id, &arena, &cohort, err);
    arena_release(&arena);
    if (of_cohort < 0)
        return -1;
    if (of_cohort == 0)
        return read_values(store, OF_SET, set.score_set_id, out, err);
    return read_values(store,
                       cohort.hmp_set_id == set.score_set_id ? HMP_OF_COHORT : GATEAU_OF_COHORT,
                       cohort.cohort_id, out, err);
}

int score_values_read_cohort(struct store *store, int64_t cohort_id, const char *column,
                             struct score_values *out, struct error *err)
{
    return read_values(store, strcmp(column, "hmp") == 0 ? HMP_OF_MEMBERS : CAS_OF_MEMBERS,
                       cohort_id, out, err);
}

void score_values_release(struct score_values *values)
{
    free(values->sample_ids);
    free(values->values);
    *values = (struct score_values){ 0 };
}

#define MEAN "SELECT avg(k.value), count(k.value) FROM score k"

static const char MEAN_OF_SOURCE[] =
    MEAN " JOIN sample s ON s.sample_id = k.sample_id JOIN file f ON f.file_id = s.file_id"
         " JOIN source o ON o.source_id = f.source_id"
         " WHERE k.score_set_id = :score_set_id AND o.name = :group";

static const char MEAN_OF_MEMBER[] =
    MEAN " JOIN sample s ON s.sample_id = k.sample_id WHERE k.score_set_id = :score_set_id"
         " AND EXISTS (SELECT 1 FROM json_each(s.meta) AS m WHERE m.key = :key"
         " AND m.type IN ('text', 'integer', 'real') AND CAST(m.value AS TEXT) = :group)";

int score_group_mean(struct store *store, int64_t score_set_id, const char *by,
                     const char *group, double *mean, struct error *err)
{
    const bool by_source = strcmp(by, "source") == 0;
    struct stmt *stmt = NULL;

    if (stmt_use(store, by_source ? MEAN_OF_SOURCE : MEAN_OF_MEMBER, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    stmt_bind_text(stmt, ":group", slice_text(group));
    if (!by_source)
        stmt_bind_text(stmt, ":key", slice_text(by));
    int rc = stmt_next(stmt, err);
    if (rc == 1) {
        *mean = stmt_real(stmt, 0);
        rc = stmt_int(stmt, 1) > 0;
    }
    if (rc >= 0)
        stmt_reset(stmt);
    return rc;
}
