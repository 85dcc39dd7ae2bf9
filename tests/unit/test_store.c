/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "store/sample.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { NOBODY = 65534, FILE_MAX_BYTES = 64 << 20 };

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

/* A database with n samples of about 1 kB, closed. */
static void make_database(const char *path, size_t n)
{
    struct store *store = NULL;
    struct store_fixture f;
    struct error err;
    char text[1001];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    store_fixture_init(&f, store);
    assert_ok(store_begin(store, &err));
    for (size_t i = 0; i < n; i++) {
        snprintf(text, 20, "%019zu", i);
        text[19] = ' ';
        store_fixture_add(&f, "a context", "say it", text);
    }
    assert_ok(store_commit(store, &err));
    store_fixture_release(&f);
    store_close(store);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/*
 * Run the function in a child that root's powers have left, so that permissions count, and hand
 * out what it returned: an exit status of up to 255.
 */
static int as_nobody(int (*run)(const char *path), const char *path)
{
    int status = 0;

    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (getuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
            _exit(255);
        _exit(run(path));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void makes_a_database_that_says_what_it_is(void **state)
{
    const char *path = tmp_path(*state, "new.db");
    char want[50];

    make_database(path, 1);

    snprintf(want, sizeof want, "43555254\n%d\nwal\nok", store_version());
    assert_cli_rows(path,
                    "SELECT printf('%x', application_id) FROM pragma_application_id;"
                    "PRAGMA user_version; PRAGMA journal_mode; PRAGMA integrity_check;",
                    want);
}

static void opens_what_it_made(void **state)
{
    static const enum store_mode modes[] = { STORE_READ_ONLY, STORE_READ_WRITE, STORE_CREATE };
    const char *path = tmp_path(*state, "a.db");

    make_database(path, 3);
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

static void closes_without_leaving_files_beside_the_database(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *store = NULL;
    struct error err;

    make_database(path, 3);
    assert_false(exists(tmp_path(*state, "a.db-wal")));

    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    assert_rows(store, "SELECT count(*) FROM v_sample", "3");
    store_close(store);
    assert_false(exists(tmp_path(*state, "a.db-wal")));
    assert_false(exists(tmp_path(*state, "a.db-shm")));
}

static void takes_any_file_name_for_what_it_is(void **state)
{
    static const char *const names[] = { "file:a.db?mode=memory", "100%41#?x=1.db", "ä ö.db" };
    struct tmp *tmp = *state;
    char *before = getcwd(NULL, 0);

    assert_non_null(before);
    assert_int_equal(chdir(tmp->root), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        make_database(names[i], 1);
        assert_true(exists(names[i]));
    }
    assert_int_equal(chdir(before), 0);
    free(before);
}

static void says_when_there_is_no_such_database(void **state)
{
    const char *path = tmp_path(*state, "none.db");
    struct store *store = NULL;
    struct error err;

    assert_fails(store_open(path, STORE_READ_ONLY, &store, &err), ERR_NOT_FOUND, "none.db");
    assert_fails(store_open(path, STORE_READ_WRITE, &store, &err), ERR_NOT_FOUND,
                 "'curate init' makes one");
    assert_fails(store_open("", STORE_CREATE, &store, &err), ERR_USAGE, "empty");
    assert_fails(store_open(":memory:", STORE_READ_WRITE, &store, &err), ERR_INPUT, "is empty");
    assert_false(exists(path));
    assert_null(store);
}

static void says_when_it_cannot_make_one(void **state)
{
    struct tmp *tmp = *state;
    struct store *store = NULL;
    struct error err;

    assert_fails(store_open(tmp_path(tmp, "no/such.db"), STORE_CREATE, &store, &err),
                 ERR_CANTCREATE, "no such folder");
    assert_fails(store_open(tmp->root, STORE_CREATE, &store, &err), ERR_INPUT,
                 "not a regular file");
}

static void refuses_a_database_of_another_program(void **state)
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

static void fills_an_empty_file_only_when_asked_to(void **state)
{
    const char *path = tmp_write(*state, "empty.db", "", 0);
    struct store *store = NULL;
    struct error err;

    assert_fails(store_open(path, STORE_READ_WRITE, &store, &err), ERR_INPUT, "it is empty");
    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    store_close(store);
}

static void refuses_what_is_not_sqlite(void **state)
{
    struct store *store = NULL;
    struct error err;
    char noise[40000];
    unsigned seed = 1;

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
    const char *path = tmp_write(*state, "noise.db", noise, sizeof noise);

    assert_fails(store_open(path, STORE_CREATE, &store, &err), ERR_INPUT,
                 "not a curate database");
    assert_fails(store_open(path, STORE_READ_ONLY, &store, &err), ERR_INPUT, "noise.db");
}

/* Open and read every sample: the first failure, or 0. */
static int read_all(const char *path, struct error *err)
{
    struct store *store = NULL;
    struct sample_reader *reader = NULL;
    struct id_list ids = { 0 };
    struct sample sample;
    int rc = store_open(path, STORE_READ_ONLY, &store, err);

    if (rc == 0)
        rc = condition_select(store, NULL, &ids, err);
    if (rc == 0)
        rc = sample_reader_new(store, &reader, err);
    for (size_t i = 0; rc == 0 && i < ids.n; i++)
        if (sample_read(reader, ids.ids[i], &sample, err) < 0)
            rc = -1;
    sample_reader_free(reader);
    id_list_release(&ids);
    store_close(store);
    return rc;
}

static void says_when_a_database_was_cut_off(void **state)
{
    const char *path = tmp_path(*state, "cut.db");
    struct stat st;
    struct error err;

    make_database(path, 500);
    assert_ok(read_all(path, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 2), 0);

    assert_fails(read_all(path, &err), ERR_INPUT, "damaged");
}

static void says_when_a_database_is_damaged_inside(void **state)
{
    const char *path = tmp_path(*state, "broken.db");
    struct buf bytes;
    struct error err;

    make_database(path, 500);
    buf_init(&bytes, FILE_MAX_BYTES);
    assert_ok(file_read(path, &bytes, &err));
    /* The first page, with the schema, stays; of the others only every second byte does. */
    for (size_t i = 16384; i < bytes.len; i += 2)
        bytes.data[i] = (char)0xa5;
    tmp_write(*state, "broken.db", bytes.data, bytes.len);
    buf_release(&bytes);

    assert_fails(read_all(path, &err), ERR_INPUT, "damaged");
}

static void reads_what_is_committed_while_another_writes(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *writer = NULL;
    struct store *reader = NULL;
    struct error err;
    int64_t file_id;

    make_database(path, 2);
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

static void says_busy_when_another_keeps_writing(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *first = NULL;
    struct store *second = NULL;
    struct error err;

    make_database(path, 1);
    assert_ok(store_open(path, STORE_READ_WRITE, &first, &err));
    assert_ok(store_open(path, STORE_READ_WRITE, &second, &err));
    assert_ok(store_begin(first, &err));

    assert_fails(store_begin(second, &err), ERR_BUSY, "try again later");
    assert_ok(store_commit(first, &err));
    assert_ok(store_begin(second, &err));

    store_close(second);
    store_close(first);
}

static void a_transaction_counts_whole_or_not_at_all(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *store = NULL;
    struct error err;
    int64_t file_id;

    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    store_rollback(store); /* there is none, which is fine */
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

static void writes_nothing_through_a_store_that_reads(void **state)
{
    const char *path = tmp_path(*state, "a.db");
    struct store *store = NULL;
    struct error err;
    int64_t file_id;

    make_database(path, 1);
    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    assert_fails(source_file_put(store, "s", "p", &file_id, &err), ERR_DENIED,
                 "cannot be written");
    store_close(store);
}

static int open_to_create(const char *path)
{
    struct store *store = NULL;
    struct error err = { 0 };

    store_open(path, STORE_CREATE, &store, &err);
    store_close(store);
    return (int)err.code;
}

static int open_to_read(const char *path)
{
    struct error err = { 0 };

    read_all(path, &err);
    return (int)err.code;
}

static void reads_where_it_may_not_write(void **state)
{
    struct tmp *tmp = *state;
    const char *path = tmp_path(tmp, "shared.db");

    make_database(path, 20);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(tmp->root, 0555), 0);

    assert_int_equal(as_nobody(open_to_read, path), ERR_NONE);
    assert_int_equal(as_nobody(open_to_create, path), ERR_DENIED);
    assert_int_equal(as_nobody(open_to_create, tmp_path(tmp, "new.db")), ERR_DENIED);
    assert_int_equal(chmod(path, 0000), 0);
    assert_int_equal(as_nobody(open_to_read, path), ERR_DENIED);

    assert_int_equal(chmod(tmp->root, 0700), 0);
}

/* Files may not grow past 1 MiB in this child, as on a disk that is full. */
static int fill_the_disk(const char *path)
{
    const struct rlimit limit = { .rlim_cur = 1 << 20, .rlim_max = 1 << 20 };
    struct store *store = NULL;
    struct error err = { 0 };
    int64_t file_id;
    char name[2000];
    int rc = 0;

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    memset(name, 'x', sizeof name);
    if (store_open(path, STORE_READ_WRITE, &store, &err) < 0)
        return (int)err.code;
    for (int i = 0; rc == 0 && i < 5000; i++) {
        snprintf(name + sizeof name - 20, 20, "%d", i);
        rc = source_file_put(store, name, "p", &file_id, &err);
    }
    store_close(store);
    return (int)err.code;
}

static void says_when_the_disk_is_full(void **state)
{
    struct tmp *tmp = *state;
    const char *path = tmp_path(tmp, "full.db");

    make_database(path, 1);
    assert_int_equal(chmod(tmp->root, 0777), 0);
    assert_int_equal(chmod(path, 0666), 0);

    assert_int_equal(as_nobody(fill_the_disk, path), ERR_IO);

    assert_cli_rows(path, "PRAGMA integrity_check; SELECT count(*) FROM v_sample;", "ok\n1");
}

/* One of everything the views show. */
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

    assert_ok(reject_add(store, &reject, f.run_id, &err));
    assert_ok(score_put(store, &score, f.run_id, &err));
    assert_ok(segment_put(store, &segment, &err));
    assert_ok(selection_make(store, &spec, f.run_id, false, &result, &err));
    store_fixture_release(&f);
}

static void the_sqlite3_program_answers_the_promised_views(void **state)
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
        "SELECT * FROM v_sample; SELECT * FROM v_scores; SELECT * FROM v_segments;"
        "SELECT * FROM v_selection; SELECT * FROM v_rejects;"
        "SELECT run_id, command, finished_at, status, read, inserted, duplicate,"
        " rejected, scored FROM v_runs WHERE started_at LIKE '20__-__-__T__:__:__Z';",
        "sample_id|ext_id|source|kind|system|context|instruction|response|n_turns\n"
        "1||novels|sft||long ago|when?|long ago|2\n"
        "sample_id|ext_id|source|metric|model|value|status\n"
        "1||novels|nll|tiny|1.5|ok\n"
        "sample_id|ext_id|model|segment|tok_start|tok_end|attention|nll\n"
        "1||tiny|0|0|128|0.25|2.5\n"
        "selection|rank|sample_id|ext_id|score\n"
        "best|1|1||1.5\n"
        "run_id|source|line|byte_offset|class|detail\n"
        "1|novels|2|40|bad_json|no value\n"
        "run_id|command|finished_at|status|read|inserted|duplicate|rejected|scored\n"
        "1|ingest||running|0|0|0|0|0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_a_database_that_says_what_it_is),
        TEST(opens_what_it_made),
        TEST(closes_without_leaving_files_beside_the_database),
        TEST(takes_any_file_name_for_what_it_is),
        TEST(says_when_there_is_no_such_database),
        TEST(says_when_it_cannot_make_one),
        TEST(refuses_a_database_of_another_program),
        TEST(fills_an_empty_file_only_when_asked_to),
        TEST(refuses_what_is_not_sqlite),
        TEST(says_when_a_database_was_cut_off),
        TEST(says_when_a_database_is_damaged_inside),
        TEST(reads_what_is_committed_while_another_writes),
        TEST(says_busy_when_another_keeps_writing),
        TEST(a_transaction_counts_whole_or_not_at_all),
        TEST(writes_nothing_through_a_store_that_reads),
        TEST(reads_where_it_may_not_write),
        TEST(says_when_the_disk_is_full),
        TEST(the_sqlite3_program_answers_the_promised_views),
    };

    return cmocka_run_group_tests_name("store/store", tests, NULL, NULL);
}
