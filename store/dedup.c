/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of duplicates, their samples and signatures. */
#include "store/dedup.h"

#include <stdlib.h>

#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/selection.h"

static const char FIND_SET[] =
    "SELECT dedup_set_id, kind, field, params, coalesce(score_set_id, 0), complete"
    " FROM dedup_set WHERE name = :name";

static const char ADD_SET[] =
    "INSERT INTO dedup_set"
    " (name, kind, field, params, score_set_id, keep, complete, n_big_buckets, run_id)"
    " VALUES (:name, :kind, :field, :params, nullif(:score_set_id, 0), :keep, 0, 0, :run_id)"
    " RETURNING dedup_set_id";

static const char REOPEN_SET[] = "UPDATE dedup_set SET complete = 0, keep = :keep,"
                                 " run_id = :run_id WHERE dedup_set_id = :dedup_set_id";

static const char LIST_SETS[] = "SELECT name FROM dedup_set ORDER BY name";
static const char COUNT_PAIRS[] =
    "SELECT count(*) FROM dedup_pair WHERE dedup_set_id = :dedup_set_id";
static const char DROP_SET[] = "DELETE FROM dedup_set WHERE dedup_set_id = :dedup_set_id";

static const char COUNT_SAMPLES[] = "SELECT count(*) FROM sample";
static const char BY_HASH[] = "SELECT sample_id FROM sample ORDER BY hash";
static const char BY_ID[] = "SELECT sample_id FROM sample ORDER BY sample_id";

static const char FIND_PENDING[] =
    "SELECT s.sample_id FROM sample s WHERE NOT EXISTS (SELECT 1 FROM dedup_signature g"
    " WHERE g.dedup_set_id = :dedup_set_id AND g.sample_id = s.sample_id)"
    " ORDER BY s.sample_id";

static const char PUT_SIGNATURE[] =
    "INSERT INTO dedup_signature (dedup_set_id, sample_id, signature)"
    " VALUES (:dedup_set_id, :sample_id, :signature)"
    " ON CONFLICT (dedup_set_id, sample_id) DO UPDATE SET signature = excluded.signature";

static const char READ_SIGNATURES[] =
    "SELECT sample_id, signature FROM dedup_signature"
    " WHERE dedup_set_id = :dedup_set_id AND signature IS NOT NULL ORDER BY sample_id";

/* The set exists: is it the one that the caller means? */
static int check_same_set(const struct stmt *row, const struct dedup_spec *spec,
                          struct error *err)
{
    const struct {
        const char *what;
        struct slice stored;
        struct slice asked;
    } parts[] = { { "kind", stmt_bytes(row, 1), slice_text(spec->kind) },
                  { "field", stmt_bytes(row, 2), slice_text(spec->field) },
                  { "parameters", stmt_bytes(row, 3), spec->params } };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!slice_equal(parts[i].stored, parts[i].asked))
            return error_set(err, ERR_USAGE,
                             "the set '%s' has other %s (%.*s, not %.*s): choose another name, "
                             "or remove the set with 'curate dedup drop %s'",
                             spec->name, parts[i].what, (int)parts[i].stored.len,
                             parts[i].stored.ptr, (int)parts[i].asked.len, parts[i].asked.ptr,
                             spec->name);
    if (stmt_int(row, 4) != spec->score_set_id)
        return error_set(err, ERR_USAGE,
                         "the set '%s' was made of other embeddings: choose another name, or "
                         "remove the set with 'curate dedup drop %s'",
                         spec->name, spec->name);
    return 0;
}

/* Returns 1 if the set exists as described, 0 if it does not exist, or -1. */
static int find_dedup_set(struct store *store, const struct dedup_spec *spec,
                          struct dedup_set *out, struct error *err)
{
    struct stmt *stmt = NULL;

    *out = (struct dedup_set){ 0 };
    if (stmt_use(store, FIND_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(spec->name));
    int found = stmt_next(stmt, err);
    if (found < 1)
        return found;
    *out = (struct dedup_set){ .dedup_set_id = stmt_int(stmt, 0),
                               .existed = true,
                               .complete = stmt_int(stmt, 5) != 0 };
    if (check_same_set(stmt, spec, err) < 0)
        found = -1;
    stmt_reset(stmt);
    return found;
}

static int put_dedup_set(struct store *store, const struct dedup_spec *spec, int64_t run_id,
                         struct dedup_set *out, struct error *err)
{
    const int found = find_dedup_set(store, spec, out, err);
    struct stmt *stmt = NULL;

    if (found < 0 || stmt_use(store, found ? REOPEN_SET : ADD_SET, &stmt, err) < 0)
        return -1;
    if (found) {
        stmt_bind_text(stmt, ":keep", spec->keep);
        stmt_bind_int(stmt, ":run_id", run_id);
        stmt_bind_int(stmt, ":dedup_set_id", out->dedup_set_id);
        return stmt_run(stmt, err);
    }
    stmt_bind_text(stmt, ":name", slice_text(spec->name));
    stmt_bind_text(stmt, ":kind", slice_text(spec->kind));
    stmt_bind_text(stmt, ":field", slice_text(spec->field));
    stmt_bind_text(stmt, ":params", spec->params);
    stmt_bind_int(stmt, ":score_set_id", spec->score_set_id);
    stmt_bind_text(stmt, ":keep", spec->keep);
    stmt_bind_int(stmt, ":run_id", run_id);
    return stmt_get_int(stmt, &out->dedup_set_id, err);
}

int dedup_set_put(struct store *store, const struct dedup_spec *spec, int64_t run_id,
                  bool dry_run, struct dedup_set *out, struct error *err)
{
    if (dry_run)
        return find_dedup_set(store, spec, out, err) < 0 ? -1 : 0;
    if (store_begin(store, err) < 0)
        return -1;
    if (put_dedup_set(store, spec, run_id, out, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

int dedup_set_find(struct store *store, const char *name, struct dedup_set *out,
                   struct error *err)
{
    struct stmt *stmt = NULL;
    char names[300];

    if (stmt_use(store, FIND_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    const int found = stmt_next(stmt, err);
    if (found == 1)
        *out = (struct dedup_set){ .dedup_set_id = stmt_int(stmt, 0),
                                   .existed = true,
                                   .complete = stmt_int(stmt, 5) != 0 };
    if (found != 0) {
        stmt_reset(stmt);
        return found < 0 ? -1 : 0;
    }
    if (stmt_use(store, LIST_SETS, &stmt, err) < 0 ||
        stmt_list(stmt, names, sizeof names, err) < 0)
        return -1;
    if (names[0])
        return error_set(err, ERR_NOT_FOUND, "no set of duplicates '%s': choose one of: %s",
                         name, names);
    return error_set(err, ERR_NOT_FOUND,
                     "no set of duplicates '%s', and no others: run 'curate dedup near' first",
                     name);
}

static int drop_dedup_set(struct store *store, const char *name, bool dry_run, int64_t *n_pairs,
                          struct error *err)
{
    struct stmt *stmt = NULL;
    struct dedup_set set;

    if (dedup_set_find(store, name, &set, err) < 0 ||
        stmt_use(store, COUNT_PAIRS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", set.dedup_set_id);
    if (stmt_get_int(stmt, n_pairs, err) < 0)
        return -1;
    if (dry_run)
        return 0;
    if (stmt_use(store, DROP_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", set.dedup_set_id);
    return stmt_run(stmt, err);
}

int dedup_set_drop(struct store *store, const char *name, bool dry_run, int64_t *n_pairs,
                   struct error *err)
{
    if (dry_run)
        return drop_dedup_set(store, name, true, n_pairs, err);
    if (store_begin(store, err) < 0)
        return -1;
    if (drop_dedup_set(store, name, false, n_pairs, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

/* Read at most n ids. A sample more or fewer than counted: another program wrote meanwhile. */
static int read_sample_ids(struct store *store, const char *sql, int64_t *out, size_t n,
                           struct error *err)
{
    struct stmt *stmt = NULL;
    size_t at = 0;
    int rc;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1 && at < n)
        out[at++] = stmt_int(stmt, 0);
    if (rc < 0)
        return -1;
    stmt_reset(stmt);
    if (rc == 1 || at < n)
        return error_set(err, ERR_INPUT,
                         "%s: the number of samples changed while they were read: try again",
                         db_path(store));
    return 0;
}

static int read_samples(struct store *store, struct dedup_samples *out, struct error *err)
{
    if (read_sample_ids(store, BY_HASH, out->ids, out->n, err) < 0 ||
        read_sample_ids(store, BY_ID, out->by_id, out->n, err) < 0)
        return -1;
    for (size_t i = 0; i < out->n; i++)
        out->numbers[i] = UINT32_MAX;
    for (size_t i = 0; i < out->n; i++) {
        size_t at = 0;

        for (size_t n = out->n; n > 1; n -= n / 2)
            if (out->by_id[at + n / 2] <= out->ids[i])
                at += n / 2;
        if (out->by_id[at] != out->ids[i] || out->numbers[at] != UINT32_MAX)
            return error_set(err, ERR_INPUT,
                             "%s: the index of the table sample is damaged: run 'curate fsck'",
                             db_path(store));
        out->numbers[at] = (uint32_t)i;
    }
    return 0;
}

int dedup_samples_read(struct store *store, struct dedup_samples *out, struct error *err)
{
    int64_t n;

    *out = (struct dedup_samples){ 0 };
    if (db_int(store, COUNT_SAMPLES, &n, err) < 0)
        return -1;
    if (n >= UINT32_MAX)
        return error_set(
            err, ERR_UNSUPPORTED,
            "%s: has %lld samples; duplicates can be searched for in 4,294,967,294",
            db_path(store), (long long)n);
    out->n = (size_t)n;
    out->ids = calloc(out->n + 1, sizeof *out->ids);
    out->by_id = calloc(out->n + 1, sizeof *out->by_id);
    out->numbers = calloc(out->n + 1, sizeof *out->numbers);
    const int rc = out->ids && out->by_id && out->numbers ? read_samples(store, out, err)
                                                          : error_nomem(err);
    if (rc < 0)
        dedup_samples_release(out);
    return rc;
}

void dedup_samples_release(struct dedup_samples *samples)
{
    free(samples->ids);
    free(samples->by_id);
    free(samples->numbers);
    *samples = (struct dedup_samples){ 0 };
}

bool dedup_samples_number(const struct dedup_samples *samples, int64_t id, uint32_t *number)
{
    size_t at = 0;

    for (size_t n = samples->n; n > 1; n -= n / 2)
        if (samples->by_id[at + n / 2] <= id)
            at += n / 2;
    if (samples->n == 0 || samples->by_id[at] != id)
        return false;
    *number = samples->numbers[at];
    return true;
}

int dedup_find_pending(struct store *store, int64_t dedup_set_id, struct id_list *out,
                       struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_open(store, FIND_PENDING, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    return condition_collect(stmt, out, err);
}

int dedup_put_signature(struct store *store, int64_t dedup_set_id, int64_t sample_id,
                        struct slice signature, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_SIGNATURE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_blob(stmt, ":signature", signature.ptr, signature.len);
    return stmt_run(stmt, err);
}

int dedup_each_signature(struct store *store, int64_t dedup_set_id,
                         int (*fn)(void *arg, int64_t sample_id, struct slice signature,
                                   struct error *err),
                         void *arg, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_open(store, READ_SIGNATURES, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    while ((rc = stmt_next(stmt, err)) == 1)
        if ((rc = fn(arg, stmt_int(stmt, 0), stmt_bytes(stmt, 1), err)) < 0)
            break;
    stmt_close(stmt);
    return rc;
}
