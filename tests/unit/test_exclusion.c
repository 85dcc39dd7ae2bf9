/* SPDX-License-Identifier: Apache-2.0 */
/* What select --dedup and --clean leave out, and what is stored of it. */
#include "tests/support/test.h"

#include "store/db_private.h"
#include "store/score.h"
#include "store/store.h"
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
        TEST(what_cannot_be_left_out_is_an_error),
        TEST(a_dropped_set_leaves_selections_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
