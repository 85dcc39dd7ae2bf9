/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <glob.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "store/query.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { SCHEMA_MAX_BYTES = 1 << 20 };

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

static void add_source_file(struct buf *out, const char *path)
{
    struct error err;

    assert_ok(file_read(path, out, &err));
}

static const char *source_folder(void)
{
    const char *folder = getenv("CURATE_SOURCE");

    assert_non_null(folder);
    return folder;
}

/* Make with the sqlite3 program the database that a program of version n would have made. */
static void make_old(const char *path, size_t n)
{
    char pattern[500];
    struct buf sql;
    struct error err;
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s/schemas/[0-9][0-9][0-9][0-9]_*.sql", source_folder());
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, (size_t)store_version());
    buf_init(&sql, SCHEMA_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        add_source_file(&sql, found.gl_pathv[i]);
    assert_ok(buf_printf(&sql, &err, "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
                         STORE_APPLICATION_ID, n));
    cli_run(path, sql.data);
    buf_release(&sql);
    globfree(&found);
}

/* The SQL of everything in the schema, as schemas/current.py prints it. */
static void add_schema(struct buf *out, const char *path)
{
    struct store *store = NULL;
    struct query *query = NULL;
    struct error err;
    int rc;

    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    assert_ok(query_open(store,
                         "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid",
                         &query, &err));
    while ((rc = query_next(query, &err)) == 1) {
        assert_ok(buf_add_text(out, "\n", &err));
        assert_ok(buf_add_slice(out, query_value(query, 0).bytes, &err));
        assert_ok(buf_add_text(out, ";\n", &err));
    }
    assert_ok(rc);
    query_close(query);
    store_close(store);
}

static void open_and_close(const char *path, enum store_mode mode)
{
    struct store *store = NULL;
    struct error err;

    assert_ok(store_open(path, mode, &store, &err));
    store_close(store);
}

static void current_sql_is_the_schema_we_make(void **state)
{
    const char *path = tmp_path(*state, "new.db");
    char file[500];
    struct buf made;
    struct buf written;
    struct error err;

    open_and_close(path, STORE_CREATE);
    buf_init(&made, SCHEMA_MAX_BYTES);
    buf_init(&written, SCHEMA_MAX_BYTES);
    assert_ok(buf_printf(&made, &err,
                         "PRAGMA application_id = %d;\nPRAGMA user_version = %d;\n",
                         STORE_APPLICATION_ID, store_version()));
    add_schema(&made, path);
    snprintf(file, sizeof file, "%s/schemas/current.sql", source_folder());
    add_source_file(&written, file);

    const char *after_comment = strstr(written.data, "PRAGMA");
    assert_non_null(after_comment);
    assert_string_equal(after_comment, made.data);
    buf_release(&made);
    buf_release(&written);
}

static void an_old_database_becomes_what_a_new_one_is(void **state)
{
    const char *fresh = tmp_path(*state, "new.db");
    struct buf want;

    open_and_close(fresh, STORE_CREATE);
    buf_init(&want, SCHEMA_MAX_BYTES);
    add_schema(&want, fresh);
    for (int version = 1; version <= store_version(); version++) {
        char name[20];
        struct buf got;

        snprintf(name, sizeof name, "v%d.db", version);
        const char *path = tmp_path(*state, name);
        make_old(path, (size_t)version);
        open_and_close(path, STORE_READ_WRITE);
        buf_init(&got, SCHEMA_MAX_BYTES);
        add_schema(&got, path);
        assert_string_equal(got.data, want.data);
        buf_release(&got);
    }
    buf_release(&want);
}

static void a_reader_does_not_take_an_old_database_up(void **state)
{
    const char *path = tmp_path(*state, "v1.db");
    struct store *store = NULL;
    struct error err;

    make_old(path, 1);

    assert_fails(store_open(path, STORE_READ_ONLY, &store, &err), ERR_UNSUPPORTED,
                 "run 'curate init' on it");
    assert_cli_rows(path, "PRAGMA user_version;", "1");
}

static void a_database_from_the_future_is_refused_and_kept_as_it_is(void **state)
{
    static const enum store_mode modes[] = { STORE_READ_ONLY, STORE_READ_WRITE, STORE_CREATE };
    const char *path = tmp_path(*state, "future.db");
    char sql[50];
    char want[50];

    make_old(path, (size_t)store_version());
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d;", store_version() + 1);
    snprintf(want, sizeof want, "%d\ndelete", store_version() + 1);
    cli_run(path, sql);
    for (size_t i = 0; i < 3; i++) {
        struct store *store = NULL;
        struct error err;

        assert_fails(store_open(path, modes[i], &store, &err), ERR_UNSUPPORTED,
                     "is newer than version");
    }
    assert_cli_rows(path, "PRAGMA user_version; PRAGMA journal_mode;", want);
}

static void a_migration_happens_whole_or_not_at_all(void **state)
{
    const char *path = tmp_path(*state, "v1.db");
    struct store *store = NULL;
    struct error err;

    make_old(path, 1);
    /* In the way of the second migration, which makes the table 'model' before it. */
    cli_run(path, "CREATE TABLE segment_score (x);");

    assert_fails(store_open(path, STORE_READ_WRITE, &store, &err), ERR_INVARIANT,
                 "migration 0002_score");
    assert_cli_rows(path,
                    "PRAGMA user_version;"
                    "SELECT count(*) FROM sqlite_schema WHERE name = 'model';",
                    "1\n0");

    cli_run(path, "DROP TABLE segment_score;");
    open_and_close(path, STORE_READ_WRITE);
    assert_cli_rows(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'model';", "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(current_sql_is_the_schema_we_make),
        TEST(an_old_database_becomes_what_a_new_one_is),
        TEST(a_reader_does_not_take_an_old_database_up),
        TEST(a_database_from_the_future_is_refused_and_kept_as_it_is),
        TEST(a_migration_happens_whole_or_not_at_all),
    };

    return cmocka_run_group_tests_name("store/migrate", tests, NULL, NULL);
}
