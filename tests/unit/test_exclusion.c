/* SPDX-License-Identifier: Apache-2.0 */
/* What select --dedup and --clean leave out, and what is stored of it. */
#include "tests/support/test.h"

#include "stages/dedup/clustering.h"
#include "store/db_private.h"
#include "store/dedup.h"
#include "store/score.h"
#include "store/store.h"
#include "tests/support/rng.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { N_SAMPLES = 6 };

/* Samples 1 to 6 have the score of their number. 1 is kept instead of 2 and 3, 4 instead of 5.
 * The first five were compared; the first four were searched, and 4 is flagged. */
static int setup(void **state)
{
    struct store_fixture *f;
    struct error err;

    store_fixture_setup(state);
    f = *state;
    const int64_t set = store_fixture_set(
        f->store, "beauty", store_fixture_model(f->store, "tiny", 1), "{}", "higher");
    for (int64_t i = 1; i <= N_SAMPLES; i++) {
        char answer[16];
        const struct score_row row = {
            .score_set_id = set, .sample_id = i, .value = (double)i, .status = "ok"
        };

        snprintf(answer, sizeof answer, "answer %d", (int)i);
        assert_int_equal(store_fixture_add(f, NULL, "who?", answer), i);
        assert_ok(score_put(f->store, &row, f->run_id, &err));
    }
    assert_ok(db_exec(
        f->store,
        "INSERT INTO dedup_set (dedup_set_id, name, kind, field, params, keep, complete,"
        " threshold, n_big_buckets, run_id) VALUES"
        " (1, 'near', 'near', 'whole', '{}', '{}', 1, 0.7, 0, 1),"
        " (2, 'begun', 'near', 'whole', '{}', '{}', 0, NULL, 0, 1);"
        "INSERT INTO dedup_signature VALUES (1, 1, x'00'), (1, 2, x'00'), (1, 3, x'00'),"
        " (1, 4, x'00'), (1, 5, NULL);"
        "INSERT INTO dedup_member VALUES (1, 1, 1, NULL, 0, 2), (1, 2, 1, 1, 0, 4),"
        " (1, 3, 1, NULL, 1, 1), (1, 4, 4, NULL, 1, 3), (1, 5, 4, 4, 0, 5);"
        "INSERT INTO dedup_pair VALUES (1, 1, 2, 0.8, NULL), (1, 2, 3, 0.8, NULL),"
        " (1, 4, 5, 1, 1);"
        "INSERT INTO evaluation VALUES (1, 'math', 'm.jsonl', '{}', zeroblob(32), 1, 0, 0, 1),"
        " (2, 'law', 'l.jsonl', '{}', zeroblob(32), 1, 0, 0, 1);"
        "INSERT INTO contamination VALUES (1, 1, 0, 0, 0), (1, 2, 0, 0, 0), (1, 3, 0, 0, 0),"
        " (1, 4, 0.9, 40, 1), (2, 4, 0, 0, 0), (2, 3, 0, 0, 0);",
        &err));
    return 0;
}

static struct stage_run select_run(struct store_fixture *f)
{
    struct stage_run run;

    stage_run_init(&run, f->store);
    return run;
}

#define SELECT(...)                                                                            \
    stage_run(&run, &err, "select", "name", "s", "by", "beauty", "top", "100", __VA_ARGS__,    \
              NULL)

static const char SELECTED[] = "SELECT group_concat(sample_id) FROM v_selection";

static void followers_of_a_leader_are_left_out_and_counted(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    assert_ok(SELECT("dedup", "near"));
    assert_rows(f->store, SELECTED, "6,4,3,1");
    assert_int_equal(stage_run_int(&run, "left_out"), 2);
    assert_rows(f->store, "SELECT * FROM v_exclusions", "s|1|dedup near@leader|2|1|4");
    assert_string_equal(run.notes, "dedup near@leader: 2 samples left out, 4 left\n"
                                   "dedup near@leader: 1 samples were not compared and stay: "
                                   "run 'curate dedup' again\n");
    assert_ok(SELECT("dedup", "near"));
    assert_string_equal(stage_run_text(&run, "result"), "unchanged");
}

static void a_component_keeps_one_sample(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    assert_ok(SELECT("dedup", "near@component"));
    assert_rows(f->store, SELECTED, "6,4,3");
    assert_rows(f->store, "SELECT * FROM v_exclusions", "s|1|dedup near@component|3|1|3");
}

static void a_duplicate_stays_if_the_kept_sample_is_no_candidate(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    /* 2 is similar to 3, too; 5 is a copy of 4. */
    assert_ok(SELECT("dedup", "near", "where", "sample_id NOT IN (1, 4)"));
    assert_rows(f->store, SELECTED, "6,5,3");
    assert_rows(f->store, "SELECT * FROM v_exclusions", "s|1|dedup near@leader|1|1|3");
    assert_ok(SELECT("dedup", "near", "where", "sample_id NOT IN (1, 3)"));
    assert_rows(f->store, SELECTED, "6,4,2");
    assert_ok(SELECT("dedup", "near@component", "where", "sample_id <> 3"));
    assert_rows(f->store, SELECTED, "6,4,1");
    /* A sample without a score cannot be selected. */
    assert_ok(db_exec(f->store, "DELETE FROM score WHERE sample_id = 4", &err));
    assert_ok(SELECT("dedup", "near"));
    assert_rows(f->store, SELECTED, "6,5,3,1");
}

static void copies_are_duplicates_without_the_one_that_has_their_pairs(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    /* 4, 5 and 6 are copies; 4 has their pairs, and a pair with 3, which is kept. */
    assert_ok(db_exec(f->store,
                      "INSERT INTO dedup_pair VALUES (1, 4, 6, 1, 1), (1, 3, 4, 0.7, NULL);"
                      "UPDATE dedup_member SET cluster = 1, leader = 3, component_keep = 0"
                      " WHERE sample_id > 3;"
                      "INSERT INTO dedup_member VALUES (1, 6, 1, 3, 0, 6)",
                      &err));
    assert_ok(SELECT("dedup", "near"));
    assert_rows(f->store, SELECTED, "3,1");
    assert_ok(SELECT("dedup", "near", "where", "sample_id > 4"));
    assert_rows(f->store, SELECTED, "5");
    assert_ok(SELECT("dedup", "near", "where", "sample_id IN (3, 5, 6)"));
    assert_rows(f->store, SELECTED, "3");
    /* Cosines of 1 do not make copies. */
    assert_ok(db_exec(f->store, "UPDATE dedup_set SET kind = 'semantic'", &err));
    assert_ok(SELECT("dedup", "near", "where", "sample_id > 4"));
    assert_rows(f->store, SELECTED, "6,5");
}

static void flagged_samples_are_left_out_and_unsearched_ones_counted(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    assert_ok(SELECT("clean", "true"));
    assert_rows(f->store, SELECTED, "6,5,3,2,1");
    assert_rows(f->store, "SELECT * FROM v_exclusions", "s|1|clean|1|4|5");
    assert_ok(SELECT("clean", "true", "evaluation", "law", "dedup", "near", "where",
                     "sample_id > 2"));
    assert_rows(f->store, SELECTED, "6,4,3");
    assert_rows(f->store, "SELECT * FROM v_exclusions",
                "s|1|clean law|0|2|4\ns|2|dedup near@leader|1|1|3");
    assert_ok(SELECT("top", "100"));
    assert_rows(f->store, "SELECT count(*) FROM selection_exclusion", "0");
}

static void flagged_samples_lead_no_duplicates(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    assert_ok(SELECT("dedup", "near", "clean", "true"));
    assert_rows(f->store, SELECTED, "6,5,3,1");
    assert_rows(f->store, "SELECT * FROM v_exclusions",
                "s|1|clean|1|4|5\ns|2|dedup near@leader|1|1|4");
}

static void what_cannot_be_left_out_is_an_error(void **state)
{
    struct stage_run run = select_run(*state);
    struct error err;

    assert_fails(SELECT("dedup", "far"), ERR_NOT_FOUND, "choose one of: begun, near");
    assert_fails(SELECT("dedup", "begun"), ERR_USAGE,
                 "the set 'begun' is not complete, because a run was interrupted");
    assert_fails(SELECT("dedup", "near@best"), ERR_USAGE, "must be leader or component");
    assert_fails(SELECT("clean", "true", "evaluation", "art"), ERR_NOT_FOUND,
                 "no evaluation 'art': choose one of: law, math");
    assert_fails(SELECT("evaluation", "law"), ERR_USAGE, "use --clean, too");
}

static void a_dropped_set_leaves_selections_as_they_are(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    assert_ok(SELECT("dedup", "near"));
    run.dry_run = true;
    assert_ok(stage_run(&run, &err, "dedup drop", "set", "near", NULL));
    assert_rows(f->store, "SELECT count(*) FROM dedup_member", "5");
    run.dry_run = false;
    assert_ok(stage_run(&run, &err, "dedup drop", "set", "near", NULL));
    assert_rows(f->store,
                "SELECT (SELECT count(*) FROM dedup_member), (SELECT count(*) FROM dedup_set),"
                " (SELECT count(*) FROM selection_sample), n_removed FROM v_exclusions",
                "0|1|4|2");
    assert_fails(stage_run(&run, &err, "dedup drop", "set", "near", NULL), ERR_NOT_FOUND,
                 "no set of duplicates 'near': choose one of: begun");
}

enum { N_RANDOM = 14, N_ROUNDS = 40 };

/* Samples with random pairs: copies have the similarity 1. */
struct random_set {
    double similarity[N_RANDOM][N_RANDOM]; /* by place in the order of hashes; 0: no pair */
    int64_t ids[N_RANDOM];
    bool is_candidate[N_RANDOM];
};

static void plant_random_set(struct store_fixture *f, struct rng *rng, struct random_set *set)
{
    const struct dedup_spec spec = { .name = "random",
                                     .kind = "near",
                                     .field = "response",
                                     .params = { "{}", 2 },
                                     .keep = { "{}", 2 } };
    const struct dedup_use use = { .least = 0.7, .least_containment = -1, .has_copies = true };
    struct dedup_samples samples;
    struct dedup_counts counts;
    struct dedup_set row;
    struct error err;

    *set = (struct random_set){ 0 };
    assert_ok(dedup_samples_read(f->store, &samples, &err));
    assert_int_equal(samples.n, N_RANDOM);
    memcpy(set->ids, samples.ids, sizeof set->ids);
    assert_ok(dedup_set_put(f->store, &spec, f->run_id, false, &row, &err));
    assert_ok(store_begin(f->store, &err));
    for (size_t a = 0; a < N_RANDOM; a++)
        for (size_t b = a + 1; b < N_RANDOM; b++) {
            static const double choices[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0.6, 0.8, 0.9, 1 };
            const struct dedup_pair pair = { .a = set->ids[a],
                                             .b = set->ids[b],
                                             .similarity = choices[rng_below(rng, 12)],
                                             .containment = -1 };

            set->similarity[a][b] = set->similarity[b][a] = pair.similarity;
            if (pair.similarity > 0)
                assert_ok(dedup_put_pairs(f->store, row.dedup_set_id, &pair, 1, &err));
        }
    for (size_t i = 0; i < N_RANDOM; i++) {
        char sql[100];

        set->is_candidate[i] = rng_below(rng, 3) > 0;
        snprintf(sql, sizeof sql, "INSERT INTO dedup_signature VALUES (%d, %d, x'00')",
                 (int)row.dedup_set_id, (int)set->ids[i]);
        assert_ok(db_exec(f->store, sql, &err));
    }
    assert_ok(store_commit(f->store, &err));
    assert_ok(dedup_make_clusters(f->store, row.dedup_set_id, &samples,
                                  &(struct dedup_order){ .field = "response" }, &use, f->run_id,
                                  &counts, &err));
    dedup_samples_release(&samples);
}

/* By brute force: copy[i][j] says that i and j are copies, alike[i][j] that a copy of i and a
 * copy of j are a pair. */
static size_t list_kept(const struct random_set *set, bool *kept)
{
    bool copy[N_RANDOM][N_RANDOM] = { 0 }, alike[N_RANDOM][N_RANDOM] = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < N_RANDOM; i++)
        for (size_t j = 0; j < N_RANDOM; j++)
            copy[i][j] = i == j || set->similarity[i][j] >= 1;
    for (size_t k = 0; k < N_RANDOM; k++)
        for (size_t i = 0; i < N_RANDOM; i++)
            for (size_t j = 0; copy[i][k] && j < N_RANDOM; j++)
                copy[i][j] = copy[i][j] || copy[k][j];
    for (size_t c = 0; c < N_RANDOM * N_RANDOM; c++) {
        const size_t a = c / N_RANDOM, b = c % N_RANDOM;

        for (size_t i = 0; set->similarity[a][b] >= 0.7 && i < N_RANDOM; i++)
            for (size_t j = 0; copy[a][i] && j < N_RANDOM; j++)
                alike[i][j] = alike[i][j] || copy[b][j];
    }
    for (size_t i = 0; i < N_RANDOM; i++) {
        kept[i] = set->is_candidate[i];
        for (size_t j = 0; j < i; j++)
            if (kept[j] && (alike[i][j] || copy[i][j]))
                kept[i] = false;
        n += kept[i];
    }
    return n;
}

static void duplicates_among_candidates_are_those_of_brute_force(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct store_fixture *f = *state;
    struct stage_run run = select_run(f);
    struct error err;

    assert_ok(db_exec(f->store, "UPDATE score SET value = 1", &err));
    for (int64_t i = N_SAMPLES + 1; i <= N_RANDOM; i++) {
        const struct score_row row = {
            .score_set_id = 1, .sample_id = i, .value = 1, .status = "ok"
        };
        char answer[24];

        snprintf(answer, sizeof answer, "another answer %d", (int)i);
        assert_int_equal(store_fixture_add(f, NULL, "who?", answer), i);
        assert_ok(score_put(f->store, &row, f->run_id, &err));
    }
    for (size_t round = 0; round < N_ROUNDS; round++) {
        char where[200] = "sample_id IN (0";
        bool kept[N_RANDOM];
        struct random_set set;

        plant_random_set(f, &rng, &set);
        for (size_t i = 0; i < N_RANDOM; i++)
            if (set.is_candidate[i])
                snprintf(where + strlen(where), sizeof where - strlen(where), ", %d",
                         (int)set.ids[i]);
        snprintf(where + strlen(where), sizeof where - strlen(where), ")");
        assert_ok(SELECT("dedup", "random", "where", where, "replace", "true"));
        assert_int_equal(stage_run_int(&run, "selected"), list_kept(&set, kept));
        for (size_t i = 0; i < N_RANDOM; i++) {
            char sql[100];

            snprintf(sql, sizeof sql, "SELECT count(*) FROM v_selection WHERE sample_id = %d",
                     (int)set.ids[i]);
            assert_rows(f->store, sql, kept[i] ? "1" : "0");
        }
        assert_ok(stage_run(&run, &err, "dedup drop", "set", "random", NULL));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(followers_of_a_leader_are_left_out_and_counted),
        TEST(a_component_keeps_one_sample),
        TEST(a_duplicate_stays_if_the_kept_sample_is_no_candidate),
        TEST(copies_are_duplicates_without_the_one_that_has_their_pairs),
        TEST(flagged_samples_are_left_out_and_unsearched_ones_counted),
        TEST(flagged_samples_lead_no_duplicates),
        TEST(duplicates_among_candidates_are_those_of_brute_force),
        TEST(what_cannot_be_left_out_is_an_error),
        TEST(a_dropped_set_leaves_selections_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
