/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "store/db_private.h"
#include "store/query.h"
#include "store/selection.h"
#include "store/store.h"
#include "tests/support/heap_limit.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

static void a_query_returns_values_of_every_type_with_their_names(void **state)
{
    struct store_fixture *f = *state;
    struct query *query = NULL;
    struct error err;

    assert_ok(query_open(f->store, "SELECT NULL AS a, -5, 0.5 AS c, 'x' || char(0), x'00ff';",
                         &query, &err));
    assert_int_equal(query_columns(query), 5);
    assert_string_equal(query_column_name(query, 0), "a");
    assert_string_equal(query_column_name(query, 1), "-5");

    assert_int_equal(query_next(query, &err), 1);
    assert_int_equal(query_value(query, 0).type, QUERY_NULL);
    assert_int_equal(query_value(query, 1).type, QUERY_INT);
    assert_int_equal(query_value(query, 1).integer, -5);
    assert_int_equal(query_value(query, 2).type, QUERY_REAL);
    assert_true(query_value(query, 2).real == 0.5);
    assert_int_equal(query_value(query, 3).type, QUERY_TEXT);
    assert_true(slice_equal(query_value(query, 3).bytes, slice_of("x\0", 2)));
    assert_int_equal(query_value(query, 4).type, QUERY_BLOB);
    assert_true(slice_equal(query_value(query, 4).bytes, slice_of("\0\xff", 2)));
    assert_int_equal(query_next(query, &err), 0);
    query_close(query);
}

static void a_query_may_read_every_table_and_view(void **state)
{
    struct store_fixture *f = *state;
    struct query *query = NULL;
    struct error err;

    store_fixture_add(f, NULL, "ask", "answer");

    assert_rows(f->store, "SELECT response FROM v_sample", "answer");
    assert_rows(f->store,
                "  -- first\n WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT"
                " i + 1 FROM n WHERE i < 3) SELECT sum(i) FROM n ; -- last\n",
                "6");
    assert_rows(f->store, "SELECT value FROM json_each('[4, 5]')", "4\n5");
    assert_rows(f->store, "PRAGMA encoding", "UTF-8");
    assert_rows(f->store, "SELECT name FROM pragma_table_info('source') ORDER BY cid",
                "source_id\nname");
    assert_rows(f->store, "SELECT count(*) > 5 FROM sqlite_schema", "1");
    assert_rows(f->store, "SELECT 1 WHERE 0", "");
    assert_ok(query_open(f->store, "EXPLAIN QUERY PLAN SELECT 1", &query, &err));
    assert_int_equal(query_next(query, &err), 1);
    query_close(query);
}

static void statements_that_write_are_refused(void **state)
{
    static const char *const statements[] = {
        "INSERT INTO source (name) VALUES ('x')",
        "UPDATE source SET name = 'x'",
        "DELETE FROM source",
        "REPLACE INTO source VALUES (1, 'x')",
        "CREATE TABLE t (x)",
        "CREATE TEMP TABLE t (x)",
        "DROP TABLE source",
        "ALTER TABLE source RENAME TO t",
        "ATTACH 'other.db' AS other",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "REINDEX",
        "ANALYZE",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT a",
        "PRAGMA user_version = 5",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA foreign_keys",
        "PRAGMA wal_checkpoint",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "WITH a AS (SELECT 1) DELETE FROM source",
        "EXPLAIN DELETE FROM source",
    };
    struct store_fixture *f = *state;

    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct query *query = NULL;
        struct error err;

        assert_fails(query_open(f->store, statements[i], &query, &err), ERR_USAGE,
                     "only reading is allowed");
    }
    assert_rows(f->store, "SELECT name FROM source", "novels");
}

static void statements_that_change_the_schema_or_load_code_are_refused(void **state)
{
    struct store_fixture *f = *state;
    struct query *query = NULL;
    struct error err;

    assert_fails(query_open(f->store, "UPDATE sqlite_master SET sql = ''", &query, &err),
                 ERR_USAGE, "may not be modified");
    assert_fails(query_open(f->store, "SELECT fts3_tokenizer('simple')", &query, &err),
                 ERR_USAGE, "not authorized to use function: fts3_tokenizer");
    assert_fails(query_open(f->store, "SELECT load_extension('x')", &query, &err), ERR_USAGE,
                 "not authorized to use function: load_extension");
}

static void an_open_query_does_not_restrict_the_program_itself(void **state)
{
    struct store_fixture *f = *state;
    struct query *query = NULL;
    struct error err;

    assert_ok(query_open(f->store, "VALUES (1), (2)", &query, &err));
    assert_int_equal(query_next(query, &err), 1);
    store_fixture_add(f, "context", "ask", "answer");
    assert_int_equal(query_next(query, &err), 1);
    assert_int_equal(query_next(query, &err), 0);
    query_close(query);

    assert_rows(f->store, "SELECT count(*) FROM sample", "1");
}

static void a_signal_stops_an_endless_query(void **state)
{
    static const char endless[] = "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 "
                                  "FROM c) SELECT count(*) FROM c";
    struct store_fixture *f = *state;
    static const volatile int signal_number = 15;
    struct query *query = NULL;
    struct error err;

    store_stop_on(f->store, &signal_number);
    assert_ok(query_open(f->store, endless, &query, &err));
    assert_fails(query_next(query, &err), ERR_CANCELLED, "stopped by signal 15");
    assert_int_equal(err.sys, 15);
    query_close(query);
    store_fixture_add(f, "context", "ask", "answer");
    assert_rows(f->store, "SELECT 1", "1");
    store_stop_on(f->store, NULL);
}

static void an_endless_query_or_condition_stops_at_the_step_limit(void **state)
{
    static const char endless[] = "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 "
                                  "FROM c) SELECT count(*) FROM c";
    struct store_fixture *f = *state;
    struct id_list ids = { 0 };
    struct query *query = NULL;
    struct error err;
    char condition[200];

    store_fixture_add(f, "context", "ask", "answer");
    snprintf(condition, sizeof condition, "(%s) > 0", endless);
    store_limit_steps(f->store, 1000000);
    assert_ok(query_open(f->store, endless, &query, &err));
    assert_fails(query_next(query, &err), ERR_USAGE, "stopped after 1000000 SQLite steps");
    query_close(query);
    assert_fails(condition_select(f->store, condition, &ids, &err), ERR_USAGE,
                 "condition: stopped after 1000000 SQLite steps");
    for (int i = 0; i < 200; i++) /* each statement has its own limit */
        assert_rows(f->store,
                    "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c LIMIT"
                    " 1000) SELECT count(*) FROM c",
                    "1000");
    store_limit_steps(f->store, 0);
}

/* A function is one step, whatever it costs: only the length of its value is a limit. */
static void values_that_sql_makes_are_limited_in_length(void **state)
{
    static const char *const queries[] = {
        "SELECT length(hex(randomblob(499999999)))",
        "SELECT length(group_concat(hex(zeroblob(10000000)))) FROM"
        " (WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c LIMIT 100)"
        " SELECT x FROM c)",
        "SELECT replace(hex(zeroblob(1000000)), '0', hex(zeroblob(500)))",
        "SELECT zeroblob(300000000)",
    };
    struct store_fixture *f = *state;

    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct query *query = NULL;
        struct error err;

        assert_ok(query_open(f->store, queries[i], &query, &err));
        assert_fails(query_next(query, &err), ERR_USAGE,
                     "a value is longer than 268435456 bytes");
        query_close(query);
    }
    /* The limit is for users only. */
    assert_rows(f->store, "SELECT 1", "1");
}

/* A view of an untrusted database may never end, also in a statement of the program. */
static void a_signal_stops_every_statement_of_a_reader(void **state)
{
    static const char endless[] =
        "DROP VIEW v_runs; CREATE VIEW v_runs AS WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL"
        " SELECT x + 1 FROM c) SELECT x AS run_id FROM c";
    static const volatile int signal_number = 15;
    struct tmp tmp = { 0 };
    struct store *store = NULL;
    struct error err;
    int64_t n;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "a.db");
    store_fixture_make(path, 1);
    cli_run(path, endless);
    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    store_stop_on(store, &signal_number);
    assert_fails(db_int(store, "SELECT count(*) FROM v_runs", &n, &err), ERR_CANCELLED,
                 "interrupted");
    store_close(store);
    tmp_close(&tmp);
}

/* Sorting 300 MB needs temporary files, not 300 MB of memory. */
static void a_large_sort_of_a_reader_goes_to_disk(void **state)
{
    static const char sort[] =
        "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c LIMIT 300)"
        " SELECT length(y) FROM (SELECT zeroblob(1000000) || x AS y FROM c)"
        " ORDER BY y DESC";
    struct tmp tmp = { 0 };
    struct store *store = NULL;
    struct query *query = NULL;
    struct error err;
    int n = 0;
    int rc;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "a.db");
    store_fixture_make(path, 1);
    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    heap_limit(150 << 20);
    assert_ok(query_open(store, sort, &query, &err));
    while ((rc = query_next(query, &err)) == 1)
        n++;
    assert_ok(rc);
    assert_int_equal(n, 300);
    query_close(query);
    heap_limit(0);
    store_close(store);
    tmp_close(&tmp);
}

/* Short texts that are expensive: deep nesting, and a pattern that LIKE would match in too many
 * ways. */
static void statements_of_excessive_cost_are_refused(void **state)
{
    struct store_fixture *f = *state;
    struct query *query = NULL;
    struct error err;
    struct buf sql;

    buf_init(&sql, 1 << 20);
    assert_ok(buf_add_text(&sql, "SELECT ", &err));
    for (size_t i = 0; i < 300; i++)
        assert_ok(buf_add_text(&sql, "1+(", &err));
    assert_fails(query_open(f->store, sql.data, &query, &err), ERR_USAGE, "");

    buf_clear(&sql);
    assert_ok(buf_add_text(&sql, "SELECT 'a' LIKE '", &err));
    for (size_t i = 0; i < 600; i++)
        assert_ok(buf_add_text(&sql, "%a", &err));
    assert_ok(buf_add_text(&sql, "'", &err));
    assert_ok(query_open(f->store, sql.data, &query, &err));
    assert_fails(query_next(query, &err), ERR_USAGE, "LIKE or GLOB pattern too complex");
    query_close(query);
    buf_release(&sql);
}

static void a_malformed_query_is_an_error_with_its_place(void **state)
{
    static const struct {
        const char *sql;
        const char *phrase;
    } cases[] = {
        { "SELECT colour FROM source", "no such column: colour, at character 8" },
        { "SELEC 1", "near \"SELEC\": syntax error, at character 1" },
        { "SELECT 'ä', FROM source", "near \"FROM\": syntax error, at character 13" },
        { "SELECT 1 +", "incomplete input" },
        { "SELECT (1", "incomplete input" },
        { "", "no statement given" },
        { " ; -- only a comment", "no statement given" },
        { "SELECT 1; SELECT 2", "text after the first statement" },
        { "SELECT 1; nonsense", "text after the first statement" },
        { "SELECT 1; DROP TABLE source", "text after the first statement" },
    };
    struct store_fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query *query = NULL;
        struct error err;

        assert_fails(query_open(f->store, cases[i].sql, &query, &err), ERR_USAGE,
                     cases[i].phrase);
    }
}

static void an_error_while_a_query_runs_is_a_usage_error(void **state)
{
    struct store_fixture *f = *state;
    struct query *query = NULL;
    struct error err;

    assert_ok(query_open(f->store, "SELECT abs(-9223372036854775807 - 1)", &query, &err));
    assert_fails(query_next(query, &err), ERR_USAGE, "integer overflow");
    query_close(query);
    query_close(NULL);
}

#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_query_returns_values_of_every_type_with_their_names),
        TEST(a_query_may_read_every_table_and_view),
        TEST(statements_that_write_are_refused),
        TEST(statements_that_change_the_schema_or_load_code_are_refused),
        TEST(an_open_query_does_not_restrict_the_program_itself),
        TEST(a_signal_stops_an_endless_query),
        TEST(an_endless_query_or_condition_stops_at_the_step_limit),
        TEST(values_that_sql_makes_are_limited_in_length),
        TEST(a_signal_stops_every_statement_of_a_reader),
        TEST(a_large_sort_of_a_reader_goes_to_disk),
        TEST(statements_of_excessive_cost_are_refused),
        TEST(a_malformed_query_is_an_error_with_its_place),
        TEST(an_error_while_a_query_runs_is_a_usage_error),
    };

    return cmocka_run_group_tests_name("store/query", tests, NULL, NULL);
}
