/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cohort.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/db_private.h"
#include "store/selection.h"

static const char FIND_SAME[] =
    "SELECT cohort_id, version FROM cohort WHERE name = :name AND hash = :hash";

static const char NEXT_VERSION[] =
    "SELECT coalesce(max(version), 0) + 1 FROM cohort WHERE name = :name";

static const char ADD_COHORT[] =
    "INSERT INTO cohort (name, version, condition, short_set_id, long_set_id, cas_set_id,"
    " hmp_set_id, gateau_set_id, ppl, normaliser, alpha, cas_sign, nulls, n_samples, n,"
    " n_imputed, n_skipped, nll_short_min, nll_short_max, nll_long_min, nll_long_max,"
    " hmp_min, hmp_max, cas_min, cas_max, hash, run_id, asked_run_id)"
    " VALUES (:name, :version, :condition, :short_set_id, :long_set_id, :cas_set_id,"
    " :hmp_set_id, :gateau_set_id, :ppl, :normaliser, :alpha, :cas_sign, :nulls, :n_samples,"
    " :n, :n_imputed, :n_skipped, :nll_short_min, :nll_short_max, :nll_long_min,"
    " :nll_long_max, :hmp_min, :hmp_max, :cas_min, :cas_max, :hash, :run_id, :run_id)"
    " RETURNING cohort_id";

static const char ADD_ROW[] =
    "INSERT INTO cohort_score (cohort_id, sample_id, hmp, cas, gateau, status)"
    " VALUES (:cohort_id, :sample_id, :hmp, :cas, :gateau, :status)";

static const char REQUEST[] =
    "UPDATE cohort SET asked_run_id = :run_id WHERE cohort_id = :cohort_id";

#define COHORT_COLUMNS                                                                         \
    "SELECT cohort_id, name, version, condition, short_set_id, long_set_id, cas_set_id,"       \
    " hmp_set_id, gateau_set_id, ppl, normaliser, alpha, cas_sign, nulls, n_samples, n,"       \
    " n_imputed, n_skipped FROM cohort "

/* The current version, the one requested last, if :version is NULL. */
static const char LOAD[] =
    COHORT_COLUMNS "WHERE name = :name AND (:version IS NULL OR version = :version)"
                   " ORDER BY asked_run_id DESC, version DESC LIMIT 1";

static const char LOAD_BY_SET[] =
    COHORT_COLUMNS "WHERE hmp_set_id = :score_set_id OR gateau_set_id = :score_set_id";

static const char LIST_VERSIONS[] =
    "SELECT name || '@' || version FROM cohort ORDER BY name, version";

static const char LIST_USERS[] =
    "SELECT DISTINCT e.name FROM selection e"
    " JOIN cohort h ON e.score_set_id IN (h.hmp_set_id, h.gateau_set_id)"
    " WHERE h.name = :name AND (:version IS NULL OR h.version = :version) ORDER BY e.name";

static const char DROP[] =
    "DELETE FROM cohort WHERE name = :name AND (:version IS NULL OR version = :version)"
    " RETURNING cohort_id";

static const char COUNT[] = "SELECT count(*) FROM cohort WHERE name = :name"
                            " AND (:version IS NULL OR version = :version)";

int cohort_find_same(struct store *store, const char *name, const struct hash *hash,
                     int64_t *cohort_id, int64_t *version, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_SAME, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    stmt_bind_blob(stmt, ":hash", hash->bytes, sizeof hash->bytes);
    const int found = stmt_next(stmt, err);
    if (found == 1) {
        *cohort_id = stmt_int(stmt, 0);
        *version = stmt_int(stmt, 1);
    }
    stmt_reset(stmt);
    return found;
}

int cohort_next_version(struct store *store, const char *name, int64_t *version,
                        struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, NEXT_VERSION, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    return stmt_get_int(stmt, version, err);
}

/* 0 is stored as NULL. */
static void bind_optional_id(struct stmt *stmt, const char *name, int64_t id)
{
    if (id > 0)
        stmt_bind_int(stmt, name, id);
}

static void bind_cohort_range(struct stmt *stmt, const char *min, const char *max,
                              struct cohort_range range)
{
    if (range.max < range.min)
        return;
    stmt_bind_real(stmt, min, range.min);
    stmt_bind_real(stmt, max, range.max);
}

static void bind_cohort(struct stmt *stmt, const struct cohort_row *row)
{
    stmt_bind_text(stmt, ":name", slice_text(row->name));
    stmt_bind_int(stmt, ":version", row->version);
    if (row->condition)
        stmt_bind_text(stmt, ":condition", slice_text(row->condition));
    stmt_bind_int(stmt, ":short_set_id", row->short_set_id);
    stmt_bind_int(stmt, ":long_set_id", row->long_set_id);
    bind_optional_id(stmt, ":cas_set_id", row->cas_set_id);
    stmt_bind_int(stmt, ":hmp_set_id", row->hmp_set_id);
    bind_optional_id(stmt, ":gateau_set_id", row->gateau_set_id);
    stmt_bind_text(stmt, ":ppl", slice_text(row->ppl));
    stmt_bind_text(stmt, ":normaliser", slice_text(row->normaliser));
    stmt_bind_real(stmt, ":alpha", row->alpha);
    stmt_bind_int(stmt, ":cas_sign", row->cas_sign);
    stmt_bind_text(stmt, ":nulls", slice_text(row->nulls));
    stmt_bind_count(stmt, ":n_samples", row->n_samples);
    stmt_bind_count(stmt, ":n", row->n);
    stmt_bind_count(stmt, ":n_imputed", row->n_imputed);
    stmt_bind_count(stmt, ":n_skipped", row->n_skipped);
    bind_cohort_range(stmt, ":nll_short_min", ":nll_short_max", row->nll_short);
    bind_cohort_range(stmt, ":nll_long_min", ":nll_long_max", row->nll_long);
    bind_cohort_range(stmt, ":hmp_min", ":hmp_max", row->hmp);
    bind_cohort_range(stmt, ":cas_min", ":cas_max", row->cas);
    stmt_bind_blob(stmt, ":hash", row->hash.bytes, sizeof row->hash.bytes);
}

static int bind_cohort_value(struct stmt *stmt, const char *name, double value,
                             struct error *err)
{
    if (isinf(value))
        return error_set(err, ERR_INVARIANT, "a value of a cohort is infinite");
    if (!isnan(value))
        stmt_bind_real(stmt, name, value);
    return 0;
}

static int add_cohort_row(struct store *store, int64_t cohort_id,
                          const struct cohort_values *values, size_t i, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, ADD_ROW, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":cohort_id", cohort_id);
    stmt_bind_int(stmt, ":sample_id", values->samples->ids[i]);
    if (bind_cohort_value(stmt, ":hmp", values->hmp[i], err) < 0 ||
        bind_cohort_value(stmt, ":cas", values->cas[i], err) < 0 ||
        bind_cohort_value(stmt, ":gateau", values->gateau[i], err) < 0)
        return -1;
    stmt_bind_text(stmt, ":status", slice_text(values->status[i]));
    return stmt_run(stmt, err);
}

int cohort_add(struct store *store, const struct cohort_row *row,
               const struct cohort_values *values, int64_t run_id, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t cohort_id;

    if (stmt_use(store, ADD_COHORT, &stmt, err) < 0)
        return -1;
    bind_cohort(stmt, row);
    stmt_bind_int(stmt, ":run_id", run_id);
    if (stmt_get_int(stmt, &cohort_id, err) < 0)
        return -1;
    for (size_t i = 0; i < values->samples->n; i++)
        if (add_cohort_row(store, cohort_id, values, i, err) < 0)
            return -1;
    return 0;
}

int cohort_request(struct store *store, int64_t cohort_id, int64_t run_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, REQUEST, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":run_id", run_id);
    stmt_bind_int(stmt, ":cohort_id", cohort_id);
    return stmt_run(stmt, err);
}

/* Copy a text column to the arena; NULL stays NULL. */
static int copy_cohort_text(const struct stmt *stmt, size_t column, struct arena *arena,
                            const char **out, struct error *err)
{
    const struct slice text = stmt_bytes(stmt, column);

    *out = NULL;
    if (!text.ptr)
        return 0;
    *out = arena_copy(arena, text).ptr;
    return *out ? 0 : error_nomem(err);
}

/* Read one row of COHORT_COLUMNS and reset the statement. Returns 1, 0 if there is no row, or
 * -1. */
static int read_cohort(struct stmt *stmt, struct arena *arena, struct cohort_row *out,
                       struct error *err)
{
    int rc = stmt_next(stmt, err);

    if (rc < 1)
        return rc;
    *out = (struct cohort_row){ .cohort_id = stmt_int(stmt, 0),
                                .version = stmt_int(stmt, 2),
                                .short_set_id = stmt_int(stmt, 4),
                                .long_set_id = stmt_int(stmt, 5),
                                .cas_set_id = stmt_int(stmt, 6),
                                .hmp_set_id = stmt_int(stmt, 7),
                                .gateau_set_id = stmt_int(stmt, 8),
                                .alpha = stmt_real(stmt, 11),
                                .cas_sign = stmt_int(stmt, 12),
                                .n_samples = (uint64_t)stmt_int(stmt, 14),
                                .n = (uint64_t)stmt_int(stmt, 15),
                                .n_imputed = (uint64_t)stmt_int(stmt, 16),
                                .n_skipped = (uint64_t)stmt_int(stmt, 17) };
    if (copy_cohort_text(stmt, 1, arena, &out->name, err) < 0 ||
        copy_cohort_text(stmt, 3, arena, &out->condition, err) < 0 ||
        copy_cohort_text(stmt, 9, arena, &out->ppl, err) < 0 ||
        copy_cohort_text(stmt, 10, arena, &out->normaliser, err) < 0 ||
        copy_cohort_text(stmt, 13, arena, &out->nulls, err) < 0)
        rc = -1;
    stmt_reset(stmt);
    return rc;
}

/* Parse "NAME" or "NAME@VERSION". *version is 0 if it is not given. */
static int parse_cohort_name(const char *which, struct slice *name, int64_t *version,
                             struct error *err)
{
    const char *at = strrchr(which, '@');
    char *end = NULL;

    *name = slice_text(which);
    *version = 0;
    if (!at)
        return 0;
    *name = slice_of(which, (size_t)(at - which));
    *version = strtoll(at + 1, &end, 10);
    if (*version < 1 || end == at + 1 || *end)
        return error_set(err, ERR_USAGE,
                         "'%s': invalid version: use a number after the @, as in %.*s@1", which,
                         (int)name->len, name->ptr);
    return 0;
}

static int raise_unknown_cohort(struct store *store, const char *which, struct error *err)
{
    struct stmt *stmt = NULL;
    char names[300];

    if (stmt_use(store, LIST_VERSIONS, &stmt, err) < 0 ||
        stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    if (names[0])
        return error_set(err, ERR_NOT_FOUND, "no cohort '%s': choose one of: %s", which, names);
    return error_set(err, ERR_NOT_FOUND,
                     "no cohort '%s', and no others: make one with 'curate score gateau'",
                     which);
}

static void bind_cohort_name(struct stmt *stmt, struct slice name, int64_t version)
{
    stmt_bind_text(stmt, ":name", name);
    bind_optional_id(stmt, ":version", version);
}

int cohort_load(struct store *store, const char *which, struct arena *arena,
                struct cohort_row *out, struct error *err)
{
    struct stmt *stmt = NULL;
    struct slice name;
    int64_t version;

    if (parse_cohort_name(which, &name, &version, err) < 0 ||
        stmt_use(store, LOAD, &stmt, err) < 0)
        return -1;
    bind_cohort_name(stmt, name, version);
    const int found = read_cohort(stmt, arena, out, err);
    if (found == 0)
        return raise_unknown_cohort(store, which, err);
    return found < 0 ? -1 : 0;
}

int cohort_of_set(struct store *store, int64_t score_set_id, struct arena *arena,
                  struct cohort_row *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, LOAD_BY_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    return read_cohort(stmt, arena, out, err);
}

/* ERR_USAGE if a selection was ranked by the cohort. */
static int check_cohort_unused(struct store *store, const char *which, struct slice name,
                               int64_t version, struct error *err)
{
    struct stmt *stmt = NULL;
    char users[300];

    if (stmt_use(store, LIST_USERS, &stmt, err) < 0)
        return -1;
    bind_cohort_name(stmt, name, version);
    if (stmt_list(stmt, users, sizeof users, err) < 0)
        return -1;
    if (users[0])
        return error_set(err, ERR_USAGE,
                         "cohort '%s' is in use: these selections were ranked by it: %s", which,
                         users);
    return 0;
}

static int drop_cohort(struct store *store, const char *which, bool dry_run,
                       uint64_t *n_dropped, struct error *err)
{
    struct stmt *stmt = NULL;
    struct slice name;
    int64_t version, n;

    if (parse_cohort_name(which, &name, &version, err) < 0 ||
        stmt_use(store, COUNT, &stmt, err) < 0)
        return -1;
    bind_cohort_name(stmt, name, version);
    if (stmt_get_int(stmt, &n, err) < 0)
        return -1;
    if (n == 0)
        return raise_unknown_cohort(store, which, err);
    if (check_cohort_unused(store, which, name, version, err) < 0)
        return -1;
    *n_dropped = (uint64_t)n;
    if (dry_run)
        return 0;
    if (stmt_use(store, DROP, &stmt, err) < 0)
        return -1;
    bind_cohort_name(stmt, name, version);
    while ((n = stmt_next(stmt, err)) == 1)
        ;
    return (int)n;
}

int cohort_drop(struct store *store, const char *which, bool dry_run, uint64_t *n_dropped,
                struct error *err)
{
    if (dry_run)
        return drop_cohort(store, which, true, n_dropped, err);
    if (store_begin(store, err) < 0)
        return -1;
    if (drop_cohort(store, which, false, n_dropped, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}
