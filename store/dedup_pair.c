/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of a set of duplicates, and what follows from them. */
#include "base/error.h"
#include "store/db_private.h"
#include "store/dedup.h"

static const char PUT_PAIR[] =
    "INSERT INTO dedup_pair (dedup_set_id, a, b, similarity, containment)"
    " VALUES (:dedup_set_id, :a, :b, :similarity, CASE WHEN :containment >= 0"
    " THEN :containment END) ON CONFLICT (dedup_set_id, a, b) DO UPDATE"
    " SET similarity = excluded.similarity, containment = excluded.containment";

static const char READ_PAIRS[] =
    "SELECT a, b, similarity, coalesce(containment, -1) FROM dedup_pair"
    " WHERE dedup_set_id = :dedup_set_id AND CASE WHEN :by_containment THEN containment"
    " ELSE similarity END >= :least";

static const char CLEAR_MEMBERS[] =
    "DELETE FROM dedup_member WHERE dedup_set_id = :dedup_set_id";

static const char PUT_MEMBER[] =
    "INSERT INTO dedup_member (dedup_set_id, sample_id, cluster, leader, component_keep)"
    " VALUES (:dedup_set_id, :sample_id, :cluster, nullif(:leader, 0), :component_keep)";

static const char CLOSE_SET[] =
    "UPDATE dedup_set SET complete = 1, threshold = :threshold,"
    " containment_threshold = CASE WHEN :containment >= 0 THEN :containment END,"
    " n_big_buckets = :n_big_buckets, run_id = :run_id WHERE dedup_set_id = :dedup_set_id";

int dedup_put_pairs(struct store *store, int64_t dedup_set_id, const struct dedup_pair *pairs,
                    size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct stmt *stmt = NULL;

        if (stmt_use(store, PUT_PAIR, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
        stmt_bind_int(stmt, ":a", pairs[i].a);
        stmt_bind_int(stmt, ":b", pairs[i].b);
        stmt_bind_real(stmt, ":similarity", pairs[i].similarity);
        stmt_bind_real(stmt, ":containment", pairs[i].containment);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

int dedup_each_pair(struct store *store, int64_t dedup_set_id, double least,
                    bool by_containment,
                    int (*fn)(void *arg, const struct dedup_pair *pair, struct error *err),
                    void *arg, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_open(store, READ_PAIRS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    stmt_bind_int(stmt, ":by_containment", by_containment);
    stmt_bind_real(stmt, ":least", least);
    while ((rc = stmt_next(stmt, err)) == 1) {
        const struct dedup_pair pair = { .a = stmt_int(stmt, 0),
                                         .b = stmt_int(stmt, 1),
                                         .similarity = stmt_real(stmt, 2),
                                         .containment = stmt_real(stmt, 3) };

        if ((rc = fn(arg, &pair, err)) < 0)
            break;
    }
    stmt_close(stmt);
    return rc;
}

static int put_member(struct store *store, int64_t dedup_set_id,
                      const struct dedup_member *member, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT_MEMBER, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    stmt_bind_int(stmt, ":sample_id", member->sample_id);
    stmt_bind_int(stmt, ":cluster", member->cluster);
    stmt_bind_int(stmt, ":leader", member->leader);
    stmt_bind_int(stmt, ":component_keep", member->component_keep);
    return stmt_run(stmt, err);
}

int dedup_put_members(struct store *store, int64_t dedup_set_id,
                      const struct dedup_member *members, size_t n, const struct dedup_use *use,
                      int64_t run_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, CLEAR_MEMBERS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    if (stmt_run(stmt, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (put_member(store, dedup_set_id, &members[i], err) < 0)
            return -1;
    if (stmt_use(store, CLOSE_SET, &stmt, err) < 0)
        return -1;
    stmt_bind_real(stmt, ":threshold", use->least);
    stmt_bind_real(stmt, ":containment", use->least_containment);
    stmt_bind_int(stmt, ":n_big_buckets", use->n_big_buckets);
    stmt_bind_int(stmt, ":run_id", run_id);
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    return stmt_run(stmt, err);
}
