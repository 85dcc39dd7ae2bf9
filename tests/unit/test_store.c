/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "stages/select/making.h"
#include "store/defect.h"
#include "store/sample.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

static int setup(void **state)
{
    struct tmp *tmp = test_calloc(1, sizeof *tmp);

    tmp_open(tmp);
    *state = tmp;
    return 0;
}

static int teardown(void **state)
{
    tmp_close(*state);
    test_free(*state);
    return 0;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void a_new_database_has_application_id_and_version(void **state)
{
    const char *path = tmp_path(*state, "new.db");
    char want[50];

    store_fixture_make(path, 1);

    snprintf(want, sizeof want, "43555254\n%d\nwal\nok", store_version());
    assert_cli_rows(path,
                    "SELECT printf('%x', application_id) FROM pragma_application_id;"
                    "PRAGMA user_version; PRAGMA journal_mode; PRAGMA integrity_check;",
                    want);
}

static void a_database_can_be_opened_again(void **state)
{
    static const enum store_mode modes[] = { STORE_READ_ONLY, STORE_READ_WRITE, STORE_CREATE };
    const char *path = tmp_path(*state, "a.db");

    store_fixture_make(path, 3);
    for (size_t i = 0; i < 3; i++) {
        struct store *store = NULL;
        struct error err;
        int64_t n = 0;

        assert_ok(store_open(path, modes[i], &store, &err));
        assert_ok(sample_count(store, &n, &err));
        assert_int_equal(n, 3);
        store_close(store);
    }
}

static void closing_leaves_no_files_beside_the_database(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *store = NULL;
    struct error err;

    store_fixture_make(path, 3);
    assert_false(exists(tmp_path(*state, "a.db-wal")));

    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    assert_rows(store, "SELECT count(*) FROM v_sample", "3");
    store_close(store);
    assert_false(exists(tmp_path(*state, "a.db-wal")));
    assert_false(exists(tmp_path(*state, "a.db-shm")));
}

static void a_file_name_is_not_read_as_a_uri(void **state)
{
    static const char *const names[] = { "file:a.db?mode=memory", "100%41#?x=1.db", "ä ö.db" };
    struct tmp *tmp = *state;
    char *before = getcwd(NULL, 0);

    assert_non_null(before);
    assert_int_equal(chdir(tmp->root), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        store_fixture_make(names[i], 1);
        assert_true(exists(names[i]));
    }
    assert_int_equal(chdir(before), 0);
    free(before);
}

static void opening_a_missing_database_is_an_error(void **state)
{
    const char *path = tmp_path(*state, "none.db");
    struct store *store = NULL;
    struct error err;

    assert_fails(store_open(path, STORE_READ_ONLY, &store, &err), ERR_NOT_FOUND, "none.db");
    assert_fails(store_open(path, STORE_READ_WRITE, &store, &err), ERR_NOT_FOUND,
                 "'curate init'");
    assert_fails(store_open("", STORE_CREATE, &store, &err), ERR_USAGE, "empty");
    assert_fails(store_open(":memory:", STORE_READ_WRITE, &store, &err), ERR_INPUT, "is empty");
    assert_false(exists(path));
    assert_null(store);
}

static void a_database_that_cannot_be_created_is_an_error(void **state)
{
    struct tmp *tmp = *state;
    struct store *store = NULL;
    struct error err;

    assert_fails(store_open(tmp_path(tmp, "no/such.db"), STORE_CREATE, &store, &err),
                 ERR_CANTCREATE, "the folder does not exist");
    assert_fails(store_open(tmp->root, STORE_CREATE, &store, &err), ERR_INPUT,
                 "not a regular file");
}

static void a_database_of_another_program_is_refused(void **state)
{
    const char *path = tmp_path(*state, "other.db");
    struct store *store = NULL;
    struct error err;

    cli_run(path, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1);");

    assert_fails(store_open(path, STORE_CREATE, &store, &err), ERR_INPUT, "another program");
    assert_fails(store_open(path, STORE_READ_ONLY, &store, &err), ERR_INPUT, "another program");
    assert_cli_rows(path, "PRAGMA journal_mode; PRAGMA application_id; SELECT x FROM mine;",
                    "delete\n0\n1");
}

static void an_empty_file_is_made_a_database_with_create_only(void **state)
{
    const char *path = tmp_write(*state, "empty.db", "", 0);
    struct store *store = NULL;
    struct error err;

    assert_fails(store_open(path, STORE_READ_WRITE, &store, &err), ERR_INPUT,
                 "the file is empty");
    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    store_close(store);
}

static void a_reader_sees_committed_rows_while_another_process_writes(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *writer = NULL;
    struct store *reader = NULL;
    struct error err;
    int64_t file_id;

    store_fixture_make(path, 2);
    assert_ok(store_open(path, STORE_READ_WRITE, &writer, &err));
    assert_ok(store_begin(writer, &err));
    assert_ok(source_file_put(writer, "more", "b.jsonl", &file_id, &err));
    assert_ok(store_open(path, STORE_READ_ONLY, &reader, &err));

    assert_rows(reader, "SELECT count(*) FROM source", "1");
    assert_ok(store_commit(writer, &err));
    assert_rows(reader, "SELECT count(*) FROM source", "2");

    store_close(reader);
    store_close(writer);
}

static void a_writer_that_waits_too_long_gets_a_busy_error(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *first = NULL;
    struct store *second = NULL;
    struct error err;

    store_fixture_make(path, 1);
    assert_ok(store_open(path, STORE_READ_WRITE, &first, &err));
    assert_ok(store_open(path, STORE_READ_WRITE, &second, &err));
    assert_ok(store_begin(first, &err));

    assert_fails(store_begin(second, &err), ERR_BUSY, "try again later");
    assert_ok(store_commit(first, &err));
    assert_ok(store_begin(second, &err));

    store_close(second);
    store_close(first);
}

static void a_transaction_is_applied_completely_or_not_at_all(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *store = NULL;
    struct error err;
    int64_t file_id;

    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    store_rollback(store); /* no transaction is open, which is allowed */
    assert_ok(store_begin(store, &err));
    assert_fails(store_begin(store, &err), ERR_INVARIANT, "inside a transaction");
    assert_ok(source_file_put(store, "s", "p", &file_id, &err));
    store_rollback(store);
    assert_rows(store, "SELECT count(*) FROM source", "0");

    assert_ok(store_begin(store, &err));
    assert_ok(source_file_put(store, "s", "p", &file_id, &err));
    store_close(store); /* without a commit */
    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    assert_rows(store, "SELECT count(*) FROM source", "0");
    store_close(store);
}

static void a_read_only_store_writes_nothing(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *store = NULL;
    struct error err;
    int64_t file_id;

    store_fixture_make(path, 1);
    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    assert_fails(source_file_put(store, "s", "p", &file_id, &err), ERR_DENIED,
                 "cannot be written");
    store_close(store);
}

/* Fill the tables with a row of everything that the views show. */
static void fill(struct store *store)
{
    struct store_fixture f;
    struct error err;

    store_fixture_init(&f, store);
    const int64_t sample_id = store_fixture_add(&f, "long ago", "when?", "long ago");
    const int64_t model_id = store_fixture_model(store, "tiny", 1);
    const int64_t set_id = store_fixture_set(store, "nll", model_id, "{}", "lower");
    const struct reject reject = { .file_id = f.file_id,
                                   .line = 2,
                                   .byte_offset = 40,
                                   .class = "bad_json",
                                   .detail = slice_text("no value") };
    const struct score_row score = { .score_set_id = set_id,
                                     .sample_id = sample_id,
                                     .value = 1.5,
                                     .status = "ok",
                                     .n_tokens = 2 };
    const struct segment_row segment = { .score_set_id = set_id,
                                         .sample_id = sample_id,
                                         .tok_end = 128,
                                         .attention = 0.25,
                                         .nll = 2.5 };
    const struct selection_spec spec = {
        .name = "best", .score_set_id = set_id, .top = "1", .top_n = 1
    };
    struct selection_result result;

    assert_ok(defect_add(store, sample_id, "nul", &err));
    assert_ok(defect_add(store, sample_id, "nul", &err));
    assert_ok(defect_count(store, f.run_id, "nul", "keep", 1, &err));
    assert_ok(defect_count(store, f.run_id, "nul", "keep", 2, &err));
    assert_ok(reject_add(store, &reject, f.run_id, &err));
    assert_ok(score_put(store, &score, f.run_id, &err));
    assert_ok(segment_put(store, &segment, &err));
    assert_ok(selection_make(store, &spec, f.run_id, false, &result, &err));
    store_fixture_release(&f);
}

static void the_sqlite3_program_reads_the_promised_views(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *store = NULL;
    struct error err;

    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    fill(store);
    store_close(store);

    assert_cli_rows(
        path,
        ".headers on\n"
        "SELECT * FROM v_sample; SELECT * FROM v_turn; SELECT * FROM v_scores; SELECT * FROM "
        "v_segments;"
        "SELECT * FROM v_selection; SELECT * FROM v_rejects; SELECT * FROM v_defects;"
        "SELECT * FROM v_run_defects;"
        "SELECT run_id, command, finished_at, status, read, inserted, duplicate,"
        " rejected, scored FROM v_runs WHERE started_at LIKE '20__-__-__T__:__:__Z';",
        "sample_id|ext_id|source|kind|system|context|instruction|response|n_turns|meta|tools"
        "|config_name|split_name\n"
        "1||novels|sft||long ago|when?|long ago|2||||\n"
        "sample_id|ext_id|turn|side|role|content|thought|calls|media|trained|extra\n"
        "1||0||user|when?|||||\n1||1||assistant|long ago|||||\n"
        "sample_id|ext_id|source|metric|model|value|status\n"
        "1||novels|nll|tiny|1.5|ok\n"
        "sample_id|ext_id|model|segment|tok_start|tok_end|attention|nll\n"
        "1||tiny|0|0|128|0.25|2.5\n"
        "selection|rank|sample_id|ext_id|score|tier\n"
        "best|1|1||1.5|\n"
        "reject_id|run_id|source|line|byte_offset|class|detail|path|n_rows\n"
        "1|1|novels|2|40|bad_json|no value|a.jsonl|1\n"
        "sample_id|ext_id|source|line|class\n"
        "1||novels|1|nul\n"
        "run_id|class|action|n\n"
        "1|nul|keep|3\n"
        "run_id|command|finished_at|status|read|inserted|duplicate|rejected|scored\n"
        "1|ingest||running|0|0|0|0|0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_database_has_application_id_and_version),
        TEST(a_database_can_be_opened_again),
        TEST(closing_leaves_no_files_beside_the_database),
        TEST(a_file_name_is_not_read_as_a_uri),
        TEST(opening_a_missing_database_is_an_error),
        TEST(a_database_that_cannot_be_created_is_an_error),
        TEST(a_database_of_another_program_is_refused),
        TEST(an_empty_file_is_made_a_database_with_create_only),
        TEST(a_reader_sees_committed_rows_while_another_process_writes),
        TEST(a_writer_that_waits_too_long_gets_a_busy_error),
        TEST(a_transaction_is_applied_completely_or_not_at_all),
        TEST(a_read_only_store_writes_nothing),
        TEST(the_sqlite3_program_reads_the_promised_views),
    };

    return cmocka_run_group_tests_name("store/store", tests, NULL, NULL);
}
