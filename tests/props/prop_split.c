/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of the stage `split` over random samples, against groups by brute force. Samples
 * arrive in any order, at once or in two runs.
 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/digest.h"
#include "scoring/selection/quota.h"
#include "scoring/selection/split.h"
#include "store/db_private.h"
#include "tests/support/rng.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { SAMPLES_MAX = 48, ROUNDS = 24, KEYS = 4, HEX_BYTES = 33, N_PARTS = 3 };

static const double shares[N_PARTS] = { 0.5, 0.3, 0.2 };
static const char BY[] = "a=.5,b=.3,c=20%";
static const char SEED[] = "seed";

/* A sample; a key of 0 is none. */
struct planned {
    unsigned keys[KEYS]; /* context, cluster, beginning of the ext_id, value in meta */
    unsigned stratum;
};

/* A database with the samples, and what brute force says about them. */
struct world {
    struct store_fixture *f;
    struct stage_run run;
    const struct planned *planned;
    size_t n;
    int64_t ids[SAMPLES_MAX];
    char hashes[SAMPLES_MAX][HEX_BYTES];
    size_t key[SAMPLES_MAX]; /* the sample of the group with the smallest hash */
    uint32_t part[SAMPLES_MAX];
};

static void plan_samples(struct rng *rng, struct planned *out, size_t n)
{
    const size_t n_values = 2 + rng_below(rng, 2 * n);

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < KEYS; k++)
            out[i].keys[k] = rng_below(rng, 3) ? 0 : 1 + (unsigned)rng_below(rng, n_values);
        out[i].stratum = (unsigned)rng_below(rng, 3);
    }
}

static void open_world(struct world *w, const struct planned *planned)
{
    void *fixture = NULL;
    struct error err;

    memset(w, 0, sizeof *w);
    assert_int_equal(store_fixture_setup(&fixture), 0);
    w->f = fixture;
    w->planned = planned;
    stage_run_init(&w->run, w->f->store);
    assert_ok(db_exec(w->f->store,
                      "INSERT INTO dedup_set (dedup_set_id, name, kind, field, params, keep,"
                      " complete, threshold, n_big_buckets, run_id) VALUES"
                      " (1, 'near', 'near', 'whole', '{}', '{}', 1, 0.7, 0, 1)",
                      &err));
}

static void close_world(struct world *w)
{
    void *fixture = w->f;

    store_fixture_teardown(&fixture);
}

static void read_hash(struct world *w, size_t i)
{
    struct stmt *stmt = NULL;
    struct error err;

    assert_ok(stmt_open(
        w->f->store, "SELECT lower(hex(hash)) FROM sample WHERE sample_id = :id", &stmt, &err));
    stmt_bind_int(stmt, ":id", w->ids[i]);
    assert_int_equal(stmt_next(stmt, &err), 1);
    snprintf(w->hashes[i], HEX_BYTES, "%.*s", HEX_BYTES - 1, stmt_bytes(stmt, 0).ptr);
    stmt_close(stmt);
}

/* Add planned sample i, and put it into its cluster, which its key names. */
static void add_planned(struct world *w, size_t i)
{
    const struct planned *planned = &w->planned[i];
    char context[32], text[32], ext_id[32], meta[64], sql[200];
    struct turn turns[] = { { .role = slice_text("user"), .content = slice_text("What?") },
                            { .role = slice_text("assistant") } };
    struct sample sample = { .kind = SAMPLE_SFT,
                             .turns = turns,
                             .n_turns = 2,
                             .instruction_turn = 0,
                             .response_turn = 1,
                             .line = 1 };
    struct error err;

    snprintf(text, sizeof text, "answer %zu", i);
    snprintf(context, sizeof context, "context %u", planned->keys[0]);
    snprintf(ext_id, sizeof ext_id, "k%u-%zu", planned->keys[2], i);
    snprintf(meta, sizeof meta, planned->keys[3] ? "{\"s\":%u,\"v\":%u}" : "{\"s\":%u}",
             planned->stratum, planned->keys[3]);
    turns[1].content = slice_text(text);
    if (planned->keys[0])
        sample.context = slice_text(context);
    if (planned->keys[2])
        sample.ext_id = slice_text(ext_id);
    sample.meta = slice_text(meta);
    w->ids[i] = store_fixture_add_sample(w->f, &sample);
    read_hash(w, i);
    /* Any number stands for a cluster, as long as foreign keys are not looked at. */
    snprintf(sql, sizeof sql,
             "PRAGMA foreign_keys = OFF; INSERT INTO dedup_member VALUES (1, %lld, %u, NULL,"
             " 1, 1); PRAGMA foreign_keys = ON",
             (long long)w->ids[i], planned->keys[1]);
    if (planned->keys[1])
        assert_ok(db_exec(w->f->store, sql, &err));
}

static bool have_equal_key(const struct planned *a, const struct planned *b)
{
    for (size_t k = 0; k < KEYS; k++)
        if (a->keys[k] && a->keys[k] == b->keys[k])
            return true;
    return false;
}

/* Find the first sample, by hash, of the component of each of the samples that are there. */
static void find_groups(const struct world *w, const bool *is_there, size_t *key)
{
    bool changes = true;

    for (size_t i = 0; i < w->n; i++)
        key[i] = i;
    while (changes) {
        changes = false;
        for (size_t i = 0; i < w->n; i++)
            for (size_t j = 0; j < w->n; j++)
                if (is_there[i] && is_there[j] && i != j &&
                    have_equal_key(&w->planned[i], &w->planned[j]) &&
                    strcmp(w->hashes[key[j]], w->hashes[key[i]]) < 0) {
                    key[i] = key[j];
                    changes = true;
                }
    }
}

static uint64_t point_of(const struct world *w, size_t key)
{
    struct digest *digest = NULL;
    struct error err;
    uint64_t point = 0;

    assert_ok(digest_new(&digest, &err));
    assert_ok(split_point(digest, SEED, slice_text(w->hashes[key]), &point, &err));
    digest_free(digest);
    return point;
}

/* Run the stage, and compare each row with w->key and w->part. */
static void split_is_as_expected(struct world *w, const bool *is_there)
{
    struct stmt *stmt = NULL;
    struct error err;
    size_t n_there = 0;

    assert_ok(stage_run(&w->run, &err, "split", "by", BY, "seed", SEED, "group", "meta->>'v'",
                        "group-ext-id", "^k[0-9]+-", NULL));
    assert_ok(stmt_open(w->f->store, "SELECT sample_id, group_key, part FROM split_sample",
                        &stmt, &err));
    while (stmt_next(stmt, &err) == 1)
        for (size_t i = 0; i < w->n; i++)
            if (is_there[i] && w->ids[i] == stmt_int(stmt, 0)) {
                assert_true(stmt_int(stmt, 1) == w->ids[w->key[i]]);
                assert_int_equal(stmt_bytes(stmt, 2).ptr[0], "abc"[w->part[i]]);
                n_there--;
            }
    stmt_close(stmt);
    for (size_t i = 0; i < w->n; i++)
        n_there += is_there[i];
    assert_int_equal(n_there, 0);
}

static void shuffle(struct rng *rng, size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        const size_t j = rng_below(rng, i);
        const size_t swapped = order[i - 1];

        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

/* The part of each group follows from its key, in any order of ingestion. */
static void groups_and_parts_match_brute_force(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct planned planned[SAMPLES_MAX];
    bool is_there[SAMPLES_MAX];
    size_t order[SAMPLES_MAX];
    static const size_t threads[] = { 1, 2, 8 };
    struct world w;

    (void)state;
    memset(is_there, true, sizeof is_there);
    for (int round = 0; round < ROUNDS; round++) {
        const size_t n = 1 + rng_below(&rng, SAMPLES_MAX);

        plan_samples(&rng, planned, n);
        for (int shuffled = 0; shuffled < 2; shuffled++) {
            open_world(&w, planned);
            w.n = n;
            w.run.n_threads = threads[round % 3];
            shuffle(&rng, order, n);
            for (size_t i = 0; i < n; i++)
                add_planned(&w, order[i]);
            find_groups(&w, is_there, w.key);
            for (size_t i = 0; i < n; i++)
                w.part[i] = split_part_of(point_of(&w, w.key[i]), shares, N_PARTS);
            split_is_as_expected(&w, is_there);
            close_world(&w);
        }
    }
}

/* What the second run must say: a component with samples of the first run has the part of the
 * one of its old groups with the smallest key. */
static void expect_after_growth(struct world *w, const bool *was_there)
{
    size_t old_key[SAMPLES_MAX];
    uint32_t old_part[SAMPLES_MAX];
    bool all[SAMPLES_MAX];

    memset(all, true, sizeof all);
    memcpy(old_key, w->key, sizeof old_key);
    memcpy(old_part, w->part, sizeof old_part);
    find_groups(w, all, w->key);
    for (size_t i = 0; i < w->n; i++) {
        const char *least = NULL;

        w->part[i] = split_part_of(point_of(w, w->key[i]), shares, N_PARTS);
        for (size_t j = 0; j < w->n; j++)
            if (was_there[j] && w->key[j] == w->key[i] &&
                (!least || strcmp(w->hashes[old_key[j]], least) < 0)) {
                least = w->hashes[old_key[j]];
                w->part[i] = old_part[j];
            }
    }
}

static void new_samples_move_others_only_by_joining_groups(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct planned planned[SAMPLES_MAX];
    bool is_there[SAMPLES_MAX];
    struct error err;
    struct world w;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        open_world(&w, planned);
        w.n = 2 + rng_below(&rng, SAMPLES_MAX - 1);
        plan_samples(&rng, planned, w.n);
        is_there[0] = true;
        for (size_t i = 1; i < w.n; i++)
            is_there[i] = rng_below(&rng, 2);
        for (size_t i = 0; i < w.n; i++)
            if (is_there[i])
                add_planned(&w, i);
        find_groups(&w, is_there, w.key);
        for (size_t i = 0; i < w.n; i++)
            if (is_there[i])
                w.part[i] = split_part_of(point_of(&w, w.key[i]), shares, N_PARTS);
        split_is_as_expected(&w, is_there);

        for (size_t i = 0; i < w.n; i++)
            if (!is_there[i])
                add_planned(&w, i);
        expect_after_growth(&w, is_there);
        memset(is_there, true, sizeof is_there);
        split_is_as_expected(&w, is_there);
        assert_ok(stage_run(&w.run, &err, "split", "by", BY, "seed", SEED, "group",
                            "meta->>'v'", "group-ext-id", "^k[0-9]+-", NULL));
        assert_string_equal(stage_run_text(&w.run, "result"), "unchanged");
        close_world(&w);
    }
}

/* Of groups in the order of their points, each part has the first ones that reach its goal. */
static void stratum_is_exact(const struct world *w, unsigned stratum)
{
    uint64_t points[SAMPLES_MAX], goals[N_PARTS], had[N_PARTS] = { 0 }, total = 0;
    uint64_t least_of_last[N_PARTS] = { 0 }, size[SAMPLES_MAX] = { 0 };
    struct error err;

    for (size_t i = 0; i < w->n; i++) {
        const bool is_in = w->planned[w->key[i]].stratum == stratum;

        total += is_in;
        had[w->part[i]] += is_in;
        size[w->key[i]]++;
        points[i] = point_of(w, w->key[i]);
        for (size_t j = 0; j < i && is_in; j++) /* parts follow each other */
            if (w->planned[w->key[j]].stratum == stratum && points[i] != points[j])
                assert_true((points[i] < points[j]) ? w->part[i] <= w->part[j]
                                                    : w->part[i] >= w->part[j]);
    }
    if (total == 0)
        return;
    for (size_t p = 0; p < N_PARTS; p++) {
        uint64_t last = 0;

        for (size_t i = 0; i < w->n; i++)
            if (w->part[i] == p && w->planned[w->key[i]].stratum == stratum &&
                points[i] >= last) {
                last = points[i];
                least_of_last[p] = size[w->key[i]];
            }
    }
    assert_ok(quota_share(total, shares, N_PARTS, goals, &err));
    for (size_t p = 0, before = 0; p + 1 < N_PARTS; p++) {
        before += had[p];
        assert_true(had[p] >= goals[p] || before == total);
        assert_true(had[p] - least_of_last[p] < goals[p] || had[p] == 0);
    }
}

static void exact_parts_have_their_sizes_in_each_stratum(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct planned planned[SAMPLES_MAX];
    bool is_there[SAMPLES_MAX];
    struct stmt *stmt = NULL;
    struct error err;
    struct world w;

    (void)state;
    memset(is_there, true, sizeof is_there);
    for (int round = 0; round < ROUNDS; round++) {
        open_world(&w, planned);
        w.n = 1 + rng_below(&rng, SAMPLES_MAX);
        plan_samples(&rng, planned, w.n);
        for (size_t i = 0; i < w.n; i++)
            add_planned(&w, i);
        find_groups(&w, is_there, w.key);
        assert_ok(stage_run(&w.run, &err, "split", "by", BY, "seed", SEED, "group",
                            "meta->>'v'", "group-ext-id", "^k[0-9]+-", "exact", "samples",
                            "stratify", "meta->>'s'", NULL));
        assert_ok(
            stmt_open(w.f->store, "SELECT sample_id, part FROM split_sample", &stmt, &err));
        while (stmt_next(stmt, &err) == 1)
            for (size_t i = 0; i < w.n; i++)
                if (w.ids[i] == stmt_int(stmt, 0))
                    w.part[i] = (uint32_t)(stmt_bytes(stmt, 1).ptr[0] - 'a');
        stmt_close(stmt);
        for (unsigned s = 0; s < 3; s++)
            stratum_is_exact(&w, s);
        for (size_t i = 0; i < w.n; i++)
            assert_int_equal(w.part[i], w.part[w.key[i]]);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_and_parts_match_brute_force),
        cmocka_unit_test(new_samples_move_others_only_by_joining_groups),
        cmocka_unit_test(exact_parts_have_their_sizes_in_each_stratum),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
