/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_digest.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { FILE_MAX_BYTES = 1 << 20, N_ROWS = 600, BATCHES = 3 };

static const char *const questions[] = { "questions.parquet", "questions.arrow" };

enum { N_FILES = sizeof questions / sizeof questions[0] };

struct fixture {
    struct tmp tmp;
    struct store *store;
    struct stage_run run;
};

static void new_store(struct fixture *f, size_t n_threads)
{
    struct error err;

    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(":memory:", STORE_CREATE, &f->store, &err));
    stage_run_init(&f->run, f->store);
    f->run.n_threads = n_threads;
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    tmp_open(&f->tmp);
    new_store(f, 1);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    tmp_close(&f->tmp);
    test_free(f);
    return 0;
}

static void read_data(const char *folder, const char *name, struct buf *out)
{
    char path[4096];
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/%s/%s", getenv("CURATE_SOURCE"), folder, name);
    buf_init(out, FILE_MAX_BYTES);
    assert_ok(file_read(path, out, &err));
}

/* Copy a file of tests/data. */
static const char *copy_data(struct fixture *f, const char *folder, const char *name)
{
    struct buf bytes;

    read_data(folder, name, &bytes);
    const char *path = tmp_write(&f->tmp, name, bytes.data, bytes.len);
    buf_release(&bytes);
    return path;
}

/* Copy a file with 20 bytes in its middle overwritten. */
static const char *copy_damaged(struct fixture *f, const char *name)
{
    struct buf bytes;

    read_data("tables", name, &bytes);
    memset(bytes.data + bytes.len / 2, 0xa5, 20);
    const char *path = tmp_write(&f->tmp, name, bytes.data, bytes.len);
    buf_release(&bytes);
    return path;
}

static void assert_note(const struct fixture *f, const char *phrase)
{
    if (!strstr(f->run.notes, phrase))
        fail_msg("no note says \"%s\":\n%s", phrase, f->run.notes);
}

static int ingest(struct fixture *f, const char *path, struct error *err)
{
    return stage_run(&f->run, err, "ingest", "files", path, "max-rejects", "50", NULL);
}

static struct hash undisturbed(struct fixture *f, const char *path, size_t n_threads)
{
    struct error err;

    new_store(f, n_threads);
    assert_ok(ingest(f, path, &err));
    assert_int_equal(stage_run_int(&f->run, "read"), N_ROWS);
    return store_digest(f->store);
}

/* Stop after each batch; count what all runs together did. */
static void stop_and_resume(struct fixture *f, const char *path, size_t n_threads,
                            struct hash want)
{
    struct error err = { 0 };
    size_t n_runs = 0;
    int rc = -1;

    new_store(f, n_threads);
    for (; rc < 0 && n_runs < 2 * BATCHES; n_runs++) {
        f->run.stop_after = 1;
        rc = ingest(f, path, &err);
        assert_true(rc == 0 || err.code == ERR_CANCELLED);
        if (n_runs > 0 && rc < 0)
            assert_note(f, "continuing after record");
    }
    assert_true(n_runs > 1);
    assert_ok(rc);
    const struct hash got = store_digest(f->store);
    assert_memory_equal(got.bytes, want.bytes, sizeof want.bytes);
    assert_rows(f->store,
                "SELECT sum(n_read), sum(n_read = n_inserted + n_duplicate + n_rejected)"
                " = count(*) FROM run",
                "600|1");
}

static void a_table_continues_at_the_row_after_the_last_batch(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < N_FILES; i++) {
        const char *path = copy_data(f, "tables", questions[i]);
        const struct hash want = undisturbed(f, path, 1);

        for (size_t n_threads = 1; n_threads <= 4; n_threads++)
            stop_and_resume(f, path, n_threads, want);
    }
}

static void a_bad_page_is_counted_once_by_runs_that_are_stopped(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < N_FILES; i++) {
        const char *path = copy_damaged(f, questions[i]);
        const struct hash want = undisturbed(f, path, 1);

        assert_rows(f->store, "SELECT class, n_rows FROM v_rejects", "bad_page|75");
        for (size_t n_threads = 1; n_threads <= 4; n_threads++) {
            stop_and_resume(f, path, n_threads, want);
            assert_rows(f->store, "SELECT sum(n_rejected) FROM run", "75");
            assert_rows(f->store,
                        "SELECT class, sum(n) FROM run_defect WHERE action = 'reject'",
                        "bad_page|75");
        }
    }
}

static void other_columns_are_read_from_the_beginning(void **state)
{
    struct fixture *f = *state;
    const char *path = copy_data(f, "tables", "questions.parquet");
    struct error err;

    f->run.stop_after = 1;
    assert_fails(ingest(f, path, &err), ERR_CANCELLED, "same command again");
    f->run.stop_after = 0;
    assert_ok(
        stage_run(&f->run, &err, "ingest", "files", path, "columns", "question,answer", NULL));
    assert_note(f, "the earlier run had other options");
    assert_int_equal(stage_run_int(&f->run, "read"), N_ROWS);
    assert_rows(f->store, "SELECT max(line) < 300 FROM sample WHERE ext_id IS NOT NULL", "1");
}

static void a_table_with_fewer_rows_is_another_file(void **state)
{
    struct fixture *f = *state;
    const char *path = copy_data(f, "tables", "questions.parquet");
    struct buf bytes;
    struct error err;

    f->run.stop_after = 2;
    assert_fails(ingest(f, path, &err), ERR_CANCELLED, "same command again");
    f->run.stop_after = 0;
    read_data("tables", "tasks.parquet", &bytes);
    assert_string_equal(tmp_write(&f->tmp, "questions.parquet", bytes.data, bytes.len), path);
    buf_release(&bytes);
    assert_ok(ingest(f, path, &err));
    assert_note(f, "changed since the earlier run was stopped");
    assert_int_equal(stage_run_int(&f->run, "read"), 45);
}

static void a_long_row_is_rejected_with_its_beginning(void **state)
{
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N_FILES; i++) {
        const char *path = copy_data(f, "tables", questions[i]);

        new_store(f, 2);
        assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-record", "79",
                            "max-rejects", "90", NULL));
        assert_rows(f->store,
                    "SELECT class, min(byte_len) > 79, count(*) > 50,"
                    " count(*) = (SELECT n_rejected FROM run) FROM reject",
                    "too_long|1|1|1");
    }
}

/* Equal rows of a row group are rejects of their own: their places differ by the row. */
static void equal_bad_rows_are_rejects_of_their_own(void **state)
{
    struct fixture *f = *state;
    const char *path = copy_data(f, "tables", "questions.parquet");
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "columns", "answer",
                           "max-rejects", "100", NULL),
                 ERR_INPUT, "every record (600) was rejected");
    assert_rows(f->store, "SELECT count(*), count(DISTINCT line) FROM reject", "600|600");
}

static void a_value_that_should_be_json_is_a_defect(void **state)
{
    struct fixture *f = *state;
    const char *path = copy_data(f, "parquet", "bad_json.parquet");
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "map", "text=j", "max-rejects",
                        "90", NULL));
    assert_rows(f->store, "SELECT line, class FROM v_defects", "3|double_encoded");
    assert_rows(f->store, "SELECT action, n FROM v_run_defects WHERE class = 'double_encoded'",
                "repair|1");
}

static void a_page_that_does_not_fit_into_the_memory_is_an_error(void **state)
{
    struct fixture *f = *state;
    const char *path = copy_data(f, "tables", "wide.parquet");
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "max-memory", "64M", NULL),
                 ERR_NOMEM, "raise --max-memory");
    assert_non_null(strstr(err.msg, "wide.parquet: "));
    assert_rows(f->store, "SELECT count(*) FROM sample", "0");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-memory", "256M", NULL));
    assert_int_equal(stage_run_int(&f->run, "inserted"), 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_table_continues_at_the_row_after_the_last_batch),
        TEST(a_bad_page_is_counted_once_by_runs_that_are_stopped),
        TEST(other_columns_are_read_from_the_beginning),
        TEST(a_table_with_fewer_rows_is_another_file),
        TEST(a_long_row_is_rejected_with_its_beginning),
        TEST(equal_bad_rows_are_rejects_of_their_own),
        TEST(a_value_that_should_be_json_is_a_defect),
        TEST(a_page_that_does_not_fit_into_the_memory_is_an_error),
    };

    if (!getenv("CURATE_SOURCE"))
        return SKIP_ALL("CURATE_SOURCE names no source tree");
    return cmocka_run_group_tests_name("ingest of tables", tests, NULL, NULL);
}
