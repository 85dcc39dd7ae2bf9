/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/io/file.h"
#include "base/report.h"
#include "stages/select/making.h"
#include "store/db_private.h"
#include "store/fsck.h"
#include "store/run.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { LINES_BYTES = 60000, FILE_MAX_BYTES = 64 << 20, PAGE_BYTES = 16384 };

/* The problems found, a line each. */
struct findings {
    size_t len;
    struct fsck_result result;
    char lines[LINES_BYTES];
};

static void note(void *arg, const struct fsck_problem *problem)
{
    struct findings *findings = arg;

    findings->len +=
        (size_t)snprintf(findings->lines + findings->len, LINES_BYTES - findings->len,
                         "%s: %s: %s\n", problem->check, problem->where, problem->detail);
    assert_true(findings->len < LINES_BYTES);
}

static void look(struct store *store, struct findings *findings)
{
    struct report report = { .phase = NULL };
    struct error err;

    findings->len = 0;
    findings->lines[0] = '\0';
    assert_ok(fsck_run(store, &report, note, findings, &findings->result, &err));
}

static void put_score(struct store_fixture *f, int64_t set, int64_t sample, double value)
{
    const struct score_row row = {
        .score_set_id = set, .sample_id = sample, .value = value, .status = "ok"
    };
    struct error err;

    assert_ok(score_put(f->store, &row, f->run_id, &err));
}

static void refuse_one(struct store_fixture *f)
{
    const struct reject reject = { .file_id = f->file_id,
                                   .class = "bad_json",
                                   .detail = slice_text("no"),
                                   .raw = slice_text("{") };
    struct error err;

    assert_ok(reject_add(f->store, &reject, f->run_id, &err));
}

/* Three samples, one of them with a context that is not canonical, and a reject, all accounted
 * for. Scores of one set, and a selection. */
static int setup(void **state)
{
    const struct run_counts counts = {
        .n_read = 4, .n_inserted = 3, .n_rejected = 1, .n_of_kind = { [SAMPLE_SFT] = 3 }
    };
    const struct selection_spec spec = {
        .name = "best", .score_set_id = 1, .top = "2", .top_n = 2
    };
    struct selection_result result;
    struct error err;

    store_fixture_setup(state);
    struct store_fixture *f = *state;
    const int64_t set = store_fixture_set(
        f->store, "ifd", store_fixture_model(f->store, "tiny", 1), "{}", "lower");
    put_score(f, set, store_fixture_add(f, NULL, "one", "x"), 1);
    put_score(f, set, store_fixture_add(f, "e\xcc\x81\r\n", "two", "x"), 2);
    put_score(f, set, store_fixture_add(f, NULL, "three", "x"), 3);
    refuse_one(f);
    assert_ok(run_add_counts(f->store, f->run_id, &counts, &err));
    assert_ok(selection_make(f->store, &spec, f->run_id, false, &result, &err));
    return 0;
}

static void fsck_finds_nothing_in_a_sound_database(void **state)
{
    struct store_fixture *f = *state;
    struct findings findings;

    look(f->store, &findings);
    assert_string_equal(findings.lines, "");
    assert_int_equal(findings.result.n_samples, 3);
    assert_int_equal(findings.result.n_contexts, 1);
    assert_int_equal(findings.result.n_rejects, 1);
    assert_int_equal(findings.result.n_problems, 0);
}

/* A cohort whose one member has this hmp, gateau and status. */
#define COHORT_WITH(values)                                                                    \
    "INSERT INTO cohort (name, version, short_set_id, long_set_id, hmp_set_id, gateau_set_id," \
    " ppl, normaliser, alpha, cas_sign, nulls, n_samples, n, n_imputed, n_skipped, hash,"      \
    " run_id, asked_run_id) VALUES ('c', 1, 1, 1, 1, 1, 'ppl', 'rank', 1, 1, 'exclude', 1, 1," \
    " 0, 0, zeroblob(16), 1, 1);"                                                              \
    "INSERT INTO cohort_score (cohort_id, sample_id, hmp, gateau, status)"                     \
    " VALUES (1, 2, " values ")"

/* A set of all samples: the first two are a pair, of which the first by content hash is kept.
 */
#define FIRST  "(SELECT min(hash) FROM sample WHERE sample_id < 3)"
#define SECOND "(SELECT max(hash) FROM sample WHERE sample_id < 3)"
#define ID(of) "(SELECT sample_id FROM sample WHERE hash = " of ")"
#define SET_OF_A_PAIR                                                                          \
    "INSERT INTO dedup_set (dedup_set_id, name, kind, field, params, keep, complete,"          \
    " threshold, n_big_buckets, run_id) VALUES"                                                \
    " (1, 'near', 'near', 'whole', '{}', '{}', 1, 0.7, 0, 1);"                                 \
    "INSERT INTO dedup_signature SELECT 1, sample_id, x'00' FROM sample;"                      \
    "INSERT INTO dedup_pair VALUES (1, " ID(FIRST) ", " ID(                                    \
        SECOND) ", 0.8, 0.9);"                                                                 \
                "INSERT INTO dedup_member VALUES (1, " ID(FIRST) ", " ID(                      \
                    FIRST) ", NULL, 1, 1),"                                                    \
                           " (1, " ID(SECOND) ", " ID(FIRST) ", " ID(FIRST) ", 0, 2);"

/* An evaluation of two items, of which one was found in the first turn of sample 1. */
#define EVALUATION                                                                             \
    "INSERT INTO evaluation VALUES (1, 'math', 'm', '{}', zeroblob(32), 2, 1, 0, 1);"          \
    "INSERT INTO evaluation_item VALUES (1, 0, '1', 'a', NULL, 9, 0, 1),"                      \
    " (1, 1, '2', 'b', NULL, 1, 0, 0);"                                                        \
    "INSERT INTO contamination VALUES (1, 1, 0.5, 9, 0), (1, 2, 0, 0, 0);"                     \
    "INSERT INTO contamination_hit VALUES (1, 1, 0, 0.5, 9, 0, 0);"                            \
    "INSERT INTO contamination_span VALUES (1, 1, 0, 0, 0, 0, 1, 0, 0, 9);"

/* A split of samples 1 and 2 in one group, and of sample 3 alone. */
#define SPLIT                                                                                  \
    "INSERT INTO split VALUES (1, 's', '{}', 2, 1);"                                           \
    "INSERT INTO split_part VALUES (1, 'a', 1, 0.5), (1, 'b', 2, 0.5);"                        \
    "INSERT INTO split_sample SELECT 1, sample_id, 'a', " ID(                                  \
        FIRST) " FROM sample WHERE sample_id < 3;"                                             \
               "INSERT INTO split_sample VALUES (1, 3, 'b', 3);"

static const struct {
    const char *damage;
    const char *finding;
} cases[] = {
    { SPLIT, "" },
    { SPLIT "UPDATE split SET n_groups = 3",
      "split: split s: it has groups: 3, but the groups of its samples are 2" },
    { SPLIT "UPDATE split_part SET share = 0.4", "split s: its shares sum to 0.8, not to 1" },
    { SPLIT "UPDATE split_sample SET part = 'b' WHERE sample_id < 3"
            " AND sample_id <> group_key",
      "in split s: it is in b, but the first sample of its group, " },
    { SPLIT "DELETE FROM split_sample WHERE sample_id = group_key AND sample_id < 3",
      "is in none of its parts" },
    { SPLIT "UPDATE split_sample SET group_key = " ID(SECOND) " WHERE sample_id < 3",
      "in split s: its group has the key of a sample with a greater hash" },
    { SPLIT "UPDATE sample SET context_id = 1 WHERE sample_id = 3",
      "split: context 1 in split s: its samples are of 2 groups" },
    { SPLIT "UPDATE split_sample SET part = 'c' WHERE sample_id = 3",
      "foreign_key: split_sample: refers to a missing row of split_part" },
    { SPLIT "DELETE FROM split", "view: v_split: 0 rows for 3 of split_sample" },
    { SET_OF_A_PAIR EVALUATION, "" },
    { SET_OF_A_PAIR "UPDATE dedup_pair SET a = b, b = a",
      "the first of the pair has not the smaller hash" },
    { SET_OF_A_PAIR "UPDATE dedup_pair SET similarity = 1.5",
      "their similarity or containment is out of range" },
    { SET_OF_A_PAIR "UPDATE dedup_pair SET containment = -0.5",
      "their similarity or containment is out of range" },
    { SET_OF_A_PAIR "UPDATE dedup_set SET threshold = NULL",
      "dedup: set near: it is complete, but has no threshold" },
    { SET_OF_A_PAIR "DELETE FROM dedup_signature",
      "in set near: it is in a cluster, but was not compared" },
    { SET_OF_A_PAIR "DELETE FROM dedup_member WHERE leader IS NOT NULL",
      "in set near: they are a pair, but not of one cluster" },
    { SET_OF_A_PAIR "DELETE FROM dedup_pair",
      "in set near: no pairs connect it with the sample" },
    { SET_OF_A_PAIR "UPDATE dedup_set SET threshold = 0.9",
      "in set near: no pairs connect it with the sample" },
    { SET_OF_A_PAIR "UPDATE dedup_member SET cluster = " ID(SECOND),
      "in set near: its cluster has the name of a sample with a greater hash" },
    { SET_OF_A_PAIR "UPDATE dedup_member SET leader = NULL",
      "in set near: they are a pair, and both are kept" },
    { SET_OF_A_PAIR "UPDATE dedup_member SET leader = 3 WHERE leader IS NOT NULL",
      "in set near: the sample 3 is not kept instead of it" },
    { SET_OF_A_PAIR "UPDATE dedup_member SET component_keep = 1",
      "in set near: 2 of its samples are the one that is kept" },
    { SET_OF_A_PAIR "UPDATE dedup_member SET place = 3 - place",
      "in set near: 1 of its samples are the one that is kept, the first of them at place 2" },
    { EVALUATION "UPDATE evaluation SET n_items = 3",
      "contamination: evaluation math: 3 items, 1 not checkable, but 2 and 1 exist" },
    { EVALUATION "UPDATE contamination SET flagged = 1 WHERE sample_id = 2",
      "contamination: sample 2 in evaluation math: its values are not the most of its items" },
    { EVALUATION "UPDATE contamination_span SET end = 1000",
      "contamination: span 0 of sample 1 in evaluation math: it is not inside its text" },
    { COHORT_WITH("0, 0.5, 'cohort_of_one'"),
      "score: sample 2 in cohort c@1: it has a score, and the status cohort_of_one" },
    { COHORT_WITH("0, NULL, 'all_equal'"),
      "score: sample 2 in cohort c@1: it has a score, and the status all_equal" },
    { COHORT_WITH("0, 0.5, 'too_long'"),
      "score: sample 2 in cohort c@1: it has a score, and the status too_long" },
    { COHORT_WITH("0, 0.5, 'ok'") "; UPDATE cohort SET nll_short_min = 1, nll_short_max = 1,"
                                  " nll_long_min = 2, nll_long_max = 2",
      "score: cohort c@1: it compares nothing, because its samples have the same inputs" },
    { COHORT_WITH("0, NULL, 'ok'"),
      "score: sample 2 in cohort c@1: its status is ok, but it has no score" },
    { "UPDATE turn SET content = 'other' WHERE turn_id = 1",
      "content_hash: sample 1: content does not match its hash" },
    { "DELETE FROM turn WHERE turn_id = 1", "content_hash: sample 1:" },
    { "UPDATE turn SET content = CAST(x'ff' AS TEXT) WHERE turn_id = 1",
      "content_hash: sample 1:" },
    { "UPDATE context SET text = 'other'", "content_hash: context 1:" },
    { "UPDATE context SET text = 'other'", "content_hash: sample 2:" },
    { "UPDATE sample SET n_turns = -1 WHERE sample_id = 3", "content_hash: sample 3:" },
    { "UPDATE reject SET raw = x'00'", "content_hash: reject 1:" },
    { "UPDATE score_set SET params = '{\"a\":1}'", "content_hash: score_set 1:" },
    { "DELETE FROM source", "foreign_key: file row 1: refers to a missing row of source" },
    { "DELETE FROM source", "view: v_sample: 0 rows for 3 of sample" },
    { "DELETE FROM model", "view: v_scores: 0 rows for 3 of score" },
    { "UPDATE run SET n_read = 5", "conservation: run 1: 5 read, but 3 inserted + 0" },
    { "DELETE FROM sample WHERE sample_id = 3",
      "conservation: run 1: 3 inserted, but 2 samples exist" },
    { "UPDATE run SET n_sft = 2, n_text = 2",
      "conservation: run 1: 3 inserted, but 2 sft + 0 pair + 0 prompt_only + 2 text" },
    { "UPDATE run SET n_dup_meta = 1",
      "conservation: run 1: 1 of 0 duplicates have another meta" },
    { "UPDATE sample SET tools = '[1]' WHERE sample_id = 3", "content_hash: sample 3:" },
    { "UPDATE sample SET tools = '[{}]' WHERE sample_id = 3",
      "content_hash: sample 3: content does not match its hash" },
    { "UPDATE turn SET trained = 0 WHERE turn_id = 2",
      "content_hash: sample 1: content does not match its hash" },
    { "UPDATE run SET n_read = 3, n_rejected = 0",
      "conservation: run 1: 0 rejected, but 1 rejects exist" },
    { "UPDATE score SET value = 9e999 WHERE sample_id = 2",
      "score: sample 2 in set 1: its value is not finite" },
    { "DELETE FROM selection_sample WHERE rank = 1",
      "selection: selection best: its ranks are not 1 to 1" },
    { "PRAGMA ignore_check_constraints = ON; UPDATE score SET value = NULL;"
      "PRAGMA ignore_check_constraints = OFF",
      "integrity: file: CHECK constraint failed in score" },
    { "DROP VIEW v_scores", "schema: view v_scores: missing" },
    { "DROP VIEW v_runs; CREATE VIEW v_runs AS SELECT * FROM run",
      "schema: view v_runs: differs from what the migrations create" },
    { "DROP INDEX score_by_sample", "schema: index score_by_sample: missing" },
    { "CREATE TRIGGER t AFTER INSERT ON source BEGIN DELETE FROM run; END",
      "schema: trigger t: the migrations create" },
};

static void fsck_names_each_kind_of_damage(void **state)
{
    struct store_fixture *f = *state;
    struct findings findings;
    struct error err;

    assert_ok(db_exec(f->store, "PRAGMA foreign_keys = OFF", &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(store_begin(f->store, &err));
        assert_ok(db_exec(f->store, cases[i].damage, &err));
        look(f->store, &findings);
        store_rollback(f->store);
        if (!cases[i].finding[0] ? findings.lines[0] != '\0'
                                 : !strstr(findings.lines, cases[i].finding))
            fail_msg("%s: not \"%s\" but:\n%s", cases[i].damage, cases[i].finding,
                     findings.lines);
    }
}

static void fsck_ignores_tables_and_views_of_the_user(void **state)
{
    struct store_fixture *f = *state;
    struct findings findings;
    struct error err;

    assert_ok(db_exec(f->store, "CREATE TABLE mine (x); CREATE VIEW own AS SELECT 1", &err));
    look(f->store, &findings);
    assert_string_equal(findings.lines, "");
}

static void fsck_reports_a_hundred_problems_and_counts_all(void **state)
{
    struct store_fixture *f = *state;
    struct findings *findings = test_calloc(1, sizeof *findings);
    struct error err;
    size_t n_lines = 0;

    for (int i = 0; i < 147; i++) {
        char ask[20];

        snprintf(ask, sizeof ask, "%d", i);
        store_fixture_add(f, NULL, ask, "x");
    }
    assert_ok(db_exec(f->store, "UPDATE turn SET content = content || '.'", &err));
    look(f->store, findings);
    for (const char *c = findings->lines; (c = strstr(c, "content_hash:")); c++)
        n_lines++;

    assert_int_equal(n_lines, 100);
    assert_int_equal(findings->result.n_problems,
                     150 + 1); /* one more: the run counts 3 samples */
    test_free(findings);
}

/* Damaged pages are reported, page by page, and do not end the check. */
static void fsck_continues_after_damaged_pages(void **state)
{
    struct findings findings;
    struct store *store = NULL;
    struct tmp tmp;
    struct buf bytes;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "noise.db");
    store_fixture_make(path, 500);
    buf_init(&bytes, FILE_MAX_BYTES);
    assert_ok(file_read(path, &bytes, &err));
    /* The last pages of the empty schema, behind its text, and pages of samples after them. */
    for (size_t page = 95; (page + 1) * PAGE_BYTES <= bytes.len && page < 140; page++)
        memset(bytes.data + page * PAGE_BYTES, 0x5a, PAGE_BYTES);
    tmp_write(&tmp, "noise.db", bytes.data, bytes.len);
    buf_release(&bytes);

    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    look(store, &findings);
    store_close(store);
    tmp_close(&tmp);
    assert_non_null(strstr(findings.lines, "integrity: file:"));
    assert_non_null(strstr(findings.lines, "content_hash:"));
}

static void fsck_stops_on_a_signal(void **state)
{
    struct store_fixture *f = *state;
    const volatile int signal = 2;
    struct report report = { .stop_signal = &signal };
    struct fsck_result result;
    struct findings findings = { .len = 0 };
    struct error err;

    assert_fails(fsck_run(f->store, &report, note, &findings, &result, &err), ERR_CANCELLED,
                 "signal 2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fsck_finds_nothing_in_a_sound_database),
        TEST(fsck_names_each_kind_of_damage),
        TEST(fsck_ignores_tables_and_views_of_the_user),
        TEST(fsck_reports_a_hundred_problems_and_counts_all),
        cmocka_unit_test(fsck_continues_after_damaged_pages),
        TEST(fsck_stops_on_a_signal),
    };

    return cmocka_run_group_tests_name("fsck", tests, NULL, NULL);
}
