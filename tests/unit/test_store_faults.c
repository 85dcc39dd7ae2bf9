/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of a store whose file is damaged, not readable, or on a full disk. */
#include "tests/support/test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "store/sample.h"
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

/*
 * Run the function in a child without root's privileges, so that permissions count. Returns its
 * exit status, up to 255.
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

static void a_file_that_is_not_sqlite_is_refused(void **state)
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

/* Open the database and read each sample. Returns the first error, or 0. */
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

static void a_truncated_database_is_an_error(void **state)
{
    const char *path = tmp_path(*state, "cut.db");
    struct stat st;
    struct error err;

    store_fixture_make(path, 500);
    assert_ok(read_all(path, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 2), 0);

    assert_fails(read_all(path, &err), ERR_INPUT, "damaged");
}

static void a_damaged_database_is_an_error(void **state)
{
    const char *path = tmp_path(*state, "broken.db");
    struct buf bytes;
    struct error err;

    store_fixture_make(path, 500);
    buf_init(&bytes, FILE_MAX_BYTES);
    assert_ok(file_read(path, &bytes, &err));
    /* The first page, with the schema, is intact. In the other pages every second byte is
     * overwritten. */
    for (size_t i = 16384; i < bytes.len; i += 2)
        bytes.data[i] = (char)0xa5;
    tmp_write(*state, "broken.db", bytes.data, bytes.len);
    buf_release(&bytes);

    assert_fails(read_all(path, &err), ERR_INPUT, "damaged");
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

static void a_database_in_a_read_only_folder_can_be_read(void **state)
{
    struct tmp *tmp = *state;
    const char *path = tmp_path(tmp, "shared.db");

    store_fixture_make(path, 20);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(tmp->root, 0555), 0);

    assert_int_equal(as_nobody(open_to_read, path), ERR_NONE);
    assert_int_equal(as_nobody(open_to_create, path), ERR_DENIED);
    assert_int_equal(as_nobody(open_to_create, tmp_path(tmp, "new.db")), ERR_DENIED);
    assert_int_equal(chmod(path, 0000), 0);
    assert_int_equal(as_nobody(open_to_read, path), ERR_DENIED);

    assert_int_equal(chmod(tmp->root, 0700), 0);
}

/* Commit, and exit as by a kill: the commit is in the write-ahead log only. */
static int add_and_die(const char *path)
{
    struct store *store = NULL;
    struct error err = { 0 };
    int64_t file_id;

    if (store_open(path, STORE_READ_WRITE, &store, &err) == 0)
        source_file_put(store, "late", "b.jsonl", &file_id, &err);
    _exit((int)err.code);
}

static void a_write_ahead_log_that_cannot_be_used_is_an_error(void **state)
{
    struct tmp *tmp = *state;
    const char *path = tmp_path(tmp, "a.db");
    const char *link = tmp_path(tmp, "link.db");

    store_fixture_make(path, 2);
    assert_int_equal(chmod(tmp->root, 0777), 0);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(as_nobody(add_and_die, path), ERR_NONE);
    assert_int_equal(unlink(tmp_path(tmp, "a.db-shm")), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(chmod(tmp->root, 0555), 0);

    assert_int_equal(as_nobody(open_to_read, path), ERR_DENIED);
    assert_int_equal(as_nobody(open_to_read, link), ERR_DENIED);

    assert_int_equal(chmod(tmp->root, 0777), 0);
    assert_int_equal(as_nobody(open_to_read, link), ERR_NONE);
    assert_cli_rows(path, "SELECT name FROM source ORDER BY source_id;", "novels\nlate");
}

/* In this child, files may not grow past 1 MiB, as on a full disk. */
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

static void a_full_disk_is_an_error_of_the_store(void **state)
{
    struct tmp *tmp = *state;
    const char *path = tmp_path(tmp, "full.db");

    store_fixture_make(path, 1);
    assert_int_equal(chmod(tmp->root, 0777), 0);
    assert_int_equal(chmod(path, 0666), 0);

    assert_int_equal(as_nobody(fill_the_disk, path), ERR_IO);

    assert_cli_rows(path, "PRAGMA integrity_check; SELECT count(*) FROM v_sample;", "ok\n1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_is_not_sqlite_is_refused),
        TEST(a_truncated_database_is_an_error),
        TEST(a_damaged_database_is_an_error),
        TEST(a_database_in_a_read_only_folder_can_be_read),
        TEST(a_write_ahead_log_that_cannot_be_used_is_an_error),
        TEST(a_full_disk_is_an_error_of_the_store),
    };

    return cmocka_run_group_tests_name("store faults", tests, NULL, NULL);
}
