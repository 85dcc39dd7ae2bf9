/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of a set of duplicates, and what follows from them. */
#include <stdlib.h>

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
    "INSERT INTO dedup_member (dedup_set_id, sample_id, cluster, leader, component_keep, place)"
    " VALUES (:dedup_set_id, :sample_id, :cluster, nullif(:leader, 0), :component_keep,"
    " :place)";

static const char READ_MEMBERS[] =
    "SELECT sample_id, cluster, coalesce(leader, 0), component_keep, place FROM dedup_member"
    " WHERE dedup_set_id = :dedup_set_id ORDER BY sample_id";

static const char READ_USE[] =
    "SELECT coalesce(threshold, 2), coalesce(containment_threshold, -1), n_big_buckets,"
    " kind <> 'semantic' FROM dedup_set WHERE dedup_set_id = :dedup_set_id";

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
    stmt_bind_int(stmt, ":place", member->place);
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

static int append_dedup_member(struct dedup_member **members, size_t *n, size_t *cap,
                               const struct stmt *row, struct error *err)
{
    if (*n == *cap) {
        const size_t grown_cap = 2 * *cap + 256;
        struct dedup_member *grown = reallocarray(*members, grown_cap, sizeof *grown);

        if (!grown)
            return error_nomem(err);
        *members = grown;
        *cap = grown_cap;
    }
    (*members)[(*n)++] = (struct dedup_member){ .sample_id = stmt_int(row, 0),
                                                .cluster = stmt_int(row, 1),
                                                .leader = stmt_int(row, 2),
                                                .component_keep = stmt_int(row, 3) != 0,
                                                .place = stmt_int(row, 4) };
    return 0;
}

int dedup_read_members(struct store *store, int64_t dedup_set_id, struct dedup_member **out,
                       size_t *n, struct error *err)
{
    struct dedup_member *members = NULL;
    struct stmt *stmt = NULL;
    size_t n_members = 0, cap = 0;
    int rc;

    if (stmt_use(store, READ_MEMBERS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    while ((rc = stmt_next(stmt, err)) == 1)
        if ((rc = append_dedup_member(&members, &n_members, &cap, stmt, err)) < 0)
            break;
    stmt_reset(stmt);
    if (rc < 0) {
        free(members);
        return -1;
    }
    *out = members;
    *n = n_members;
    return 0;
}

int dedup_set_use(struct store *store, int64_t dedup_set_id, struct dedup_use *out,
                  struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, READ_USE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":dedup_set_id", dedup_set_id);
    const int found = stmt_next(stmt, err);
    if (found < 0)
        return -1;
    if (found == 1)
        *out = (struct dedup_use){ .least = stmt_real(stmt, 0),
                                   .least_containment = stmt_real(stmt, 1),
                                   .n_big_buckets = stmt_int(stmt, 2),
                                   .has_copies = stmt_int(stmt, 3) != 0 };
    stmt_reset(stmt);
    return found == 1 ? 0 : error_set(err, ERR_NOT_FOUND, "the set of duplicates is gone");
}
