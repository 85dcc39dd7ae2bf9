/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/slice.h"
#include "store/query.h"
#include "store/store.h"
#include "tests/support/old_database.h"
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

static void schemas_current_sql_is_the_schema_of_a_new_database(void **state)
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
    snprintf(file, sizeof file, "%s/schemas/current.sql", old_database_source());
    old_database_add_file(&written, file);

    const char *after_comment = strstr(written.data, "PRAGMA");
    assert_non_null(after_comment);
    assert_string_equal(after_comment, made.data);
    buf_release(&made);
    buf_release(&written);
}

static void a_migrated_database_has_the_schema_of_a_new_one(void **state)
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
        old_database_make(path, (size_t)version);
        open_and_close(path, STORE_READ_WRITE);
        buf_init(&got, SCHEMA_MAX_BYTES);
        add_schema(&got, path);
        assert_string_equal(got.data, want.data);
        buf_release(&got);
    }
    buf_release(&want);
}

static void opening_for_reading_does_not_migrate(void **state)
{
    const char *path = tmp_path(*state, "v1.db");
    struct store *store = NULL;
    struct error err;

    old_database_make(path, 1);

    assert_fails(store_open(path, STORE_READ_ONLY, &store, &err), ERR_UNSUPPORTED,
                 "run 'curate init' on it");
    assert_cli_rows(path, "PRAGMA user_version;", "1");
}

static void a_newer_database_is_refused_and_left_unchanged(void **state)
{
    static const enum store_mode modes[] = { STORE_READ_ONLY, STORE_READ_WRITE, STORE_CREATE };
    const char *path = tmp_path(*state, "future.db");
    char sql[50];
    char want[50];

    old_database_make(path, (size_t)store_version());
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

/* Opening a database of schema `real` that claims another version works only if the migrations
 * between change rows alone. */
static void open_with_user_version(const char *path, int real, int claimed)
{
    struct store *store = NULL;
    struct error err;
    char sql[50];

    unlink(path);
    old_database_make(path, (size_t)real);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d;", claimed);
    cli_run(path, sql);
    if (store_open(path, STORE_READ_WRITE, &store, &err) == 0) {
        store_close(store);
        assert_true(claimed >= 11);
        return;
    }
    assert_fails(-1, ERR_INPUT, "are not those of its schema version");
    assert_null(strstr(err.msg, "CREATE"));
}

static void a_schema_that_contradicts_its_version_is_an_error(void **state)
{
    const char *path = tmp_path(*state, "a.db");

    for (int claimed = 1; claimed < store_version(); claimed++)
        open_with_user_version(path, store_version(), claimed);
    for (int claimed = 2; claimed < store_version(); claimed++)
        open_with_user_version(path, 1, claimed);
}

static void text_that_is_not_utf8_is_escaped_by_the_migration(void **state)
{
    const char *path = tmp_path(*state, "v12.db");

    old_database_make(path, 12);
    cli_run(path, "INSERT INTO source (source_id, name) VALUES (1, CAST(x'61ff' AS TEXT)),"
                  " (2, CAST(x'62fe' AS TEXT)), (3, 'b\\xfe'), (4, CAST(x'c3a9' AS TEXT));"
                  "INSERT INTO file (file_id, source_id, path) VALUES"
                  " (1, 1, CAST(x'2f61ff' AS TEXT));"
                  "INSERT INTO run (run_id, command, options, version, host, pid,"
                  " started_at_ms, status) VALUES (1, 'ingest',"
                  " CAST(x'5b2261ff225d' AS TEXT), '0.1.0', 'a', 1, 0, 'ok');");
    open_and_close(path, STORE_READ_WRITE);

    /* 2 would get the name of 3, so it stays as it is. */
    assert_cli_rows(path,
                    "SELECT hex(name) FROM source ORDER BY source_id;"
                    "SELECT path FROM file; SELECT options ->> 0 FROM run;",
                    "615C786666\n62FE\n625C786665\nC3A9\n/a\\xff\na\\xff");
}

static void a_migration_is_applied_completely_or_not_at_all(void **state)
{
    const char *path = tmp_path(*state, "v1.db");
    struct store *store = NULL;
    struct error err;

    old_database_make(path, 1);
    /* In the way of the second migration, which makes the table 'model' before it. */
    cli_run(path, "CREATE TABLE segment_score (x);");

    assert_fails(store_open(path, STORE_READ_WRITE, &store, &err), ERR_INPUT,
                 "migration 0002_score");
    assert_cli_rows(path,
                    "PRAGMA user_version;"
                    "SELECT count(*) FROM sqlite_schema WHERE name = 'model';",
                    "1\n0");

    cli_run(path, "DROP TABLE segment_score;");
    open_and_close(path, STORE_READ_WRITE);
    assert_cli_rows(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'model';", "1");
}

/*
 * The tables of scores of a 0.1.0 database with schema 11, with runs on
 * several machines. Model 1 ran on kernels that do not round, model 2 on AVX-512 VNNI, model 3
 * on both. Model 4 was stopped before its first score. The first params_hash was written by
 * that release.
 */
static const char scores_of_0_1_0[] =
    "INSERT INTO run (run_id, command, options, version, kernels, host, pid, started_at_ms,"
    " status) VALUES (1, 'ingest', '{}', '0.1.0', NULL, 'a', 1, 0, 'ok'),"
    " (2, 'score', '{}', '0.1.0', 'avx2', 'a', 1, 0, 'ok'),"
    " (3, 'score', '{}', '0.1.0', 'avx512', 'b', 1, 0, 'ok'),"
    " (4, 'score', '{}', '0.1.0', 'avx512vnni', 'c', 1, 0, 'ok'),"
    " (5, 'score', '{}', '0.1.0', 'abacus', 'd', 1, 0, 'ok'),"
    " (6, 'score import', '{}', '0.1.0', NULL, 'a', 1, 0, 'ok');"
    "INSERT INTO source VALUES (1, 's'); INSERT INTO file VALUES (1, 1, 'a.jsonl');"
    "INSERT INTO sample (sample_id, hash, kind, file_id, line, byte_offset, run_id, n_turns)"
    " VALUES (1, zeroblob(16), 'sft', 1, 1, 0, 1, 2),"
    " (2, CAST('0123456789abcdef' AS BLOB), 'sft', 1, 2, 9, 1, 2);"
    "INSERT INTO model SELECT value, CAST(printf('%032d', value) AS BLOB), 'm' || value, "
    "'llama',"
    " 1, 2048, zeroblob(16), 'm.gguf', 1, 1, 1 FROM json_each('[1, 2, 3, 4, 5, 6]');"
    "INSERT INTO metric VALUES (1, 'nll', 1, 'nats/token', 'lower'),"
    " (2, 'reward', 1, 'points', 'higher'), (3, 'gateau', 1, 'weight', 'higher'),"
    " (4, 'mtld', 1, 'words', 'higher');"
    "INSERT INTO score_set (score_set_id, metric_id, model_id, params, params_hash) VALUES"
    " (1, 1, 1, '{\"max_tokens\":2048,\"template\":\"plain\",\"truncate\":\"left\","
    "\"turns\":\"last\"}', x'222DE51CDD6F02252CFF6ADC64C2A426'),"
    " (2, 1, 2, '{\"max_tokens\":1,\"turns\":\"last\"}', zeroblob(16)),"
    " (3, 1, 3, '{\"max_tokens\":2,\"turns\":\"last\"}', zeroblob(16)),"
    " (4, 1, 4, '{\"max_tokens\":3,\"turns\":\"last\"}', zeroblob(16)),"
    /* Sets without a model, and sets of a cohort. */
    " (5, 2, 5, '{\"imported\":true}', zeroblob(16)),"
    " (6, 3, 1, '{\"alpha\":0.8,\"cohort\":\"c\",\"version\":1}', zeroblob(16)),"
    " (7, 4, 6, '{\"turns\":\"last\"}', zeroblob(16));"
    "INSERT INTO score VALUES (1, 1, 0.5, 'ok', 3, 2), (1, 2, 0.5, 'ok', 3, 3),"
    " (2, 1, 0.5, 'ok', 3, 4), (3, 1, 0.5, 'ok', 3, 2), (3, 2, NULL, 'no_response', 0, 4),"
    " (5, 1, 0.5, 'ok', 0, 6), (7, 1, 0.5, 'ok', 3, 5);";

static void migrated_score_sets_get_the_arithmetic_of_their_run(void **state)
{
    const char *path = tmp_path(*state, "v11.db");

    old_database_make(path, 11);
    cli_run(path, scores_of_0_1_0);
    open_and_close(path, STORE_READ_WRITE);

    assert_cli_rows(path, "SELECT params FROM score_set ORDER BY score_set_id;",
                    "{\"arithmetic\":\"float\",\"max_tokens\":2048,\"template\":\"plain\","
                    "\"truncate\":\"left\",\"turns\":\"last\"}\n"
                    "{\"arithmetic\":\"avx512vnni\",\"max_tokens\":1,\"turns\":\"last\"}\n"
                    "{\"arithmetic\":\"float,avx512vnni\",\"max_tokens\":2,"
                    "\"turns\":\"last\"}\n"
                    "{\"arithmetic\":\"unknown\",\"max_tokens\":3,\"turns\":\"last\"}\n"
                    "{\"imported\":true}\n"
                    "{\"alpha\":0.8,\"cohort\":\"c\",\"version\":1}\n"
                    "{\"turns\":\"last\"}");
    assert_cli_rows(path, "SELECT run_id, kernels FROM v_runs WHERE run_id IN (1, 4);",
                    "1|\n4|avx512vnni");
    assert_cli_rows(path, "SELECT count(*) FROM score;", "7");
}

static void score_sets_of_unknown_kernels_migrate_to_arithmetic_unknown(void **state)
{
    const char *path = tmp_path(*state, "v11.db");

    old_database_make(path, 11);
    cli_run(path, scores_of_0_1_0);
    cli_run(path, "UPDATE score SET run_id = 5 WHERE score_set_id = 1 AND sample_id = 1;"
                  "UPDATE run SET kernels = NULL WHERE run_id = 4;"
                  "UPDATE score SET run_id = 4 WHERE score_set_id = 3;");
    open_and_close(path, STORE_READ_WRITE);

    assert_cli_rows(path,
                    "SELECT params ->> '$.arithmetic' FROM score_set WHERE score_set_id < 4"
                    " ORDER BY score_set_id;",
                    "float,unknown\nunknown\nunknown");
}

static void migrated_cohorts_that_compare_nothing_have_reasons_instead_of_scores(void **state)
{
    const char *path = tmp_path(*state, "v13.db");

    old_database_make(path, 11);
    cli_run(path, scores_of_0_1_0);
    cli_run(
        path,
        "INSERT INTO cohort (name, version, short_set_id, long_set_id, hmp_set_id,"
        " gateau_set_id, ppl, normaliser, alpha, cas_sign, nulls, n_samples, n, n_imputed,"
        " n_skipped, nll_short_min, nll_short_max, nll_long_min, nll_long_max, hash, run_id,"
        " asked_run_id) VALUES"
        " ('one', 1, 1, 1, 6, 6, 'ppl', 'rank', 1, 1, 'exclude', 1, 1, 0, 0, 3, 3, 2, 2,"
        " CAST('0000000000000001' AS BLOB), 2, 2),"
        " ('same', 1, 1, 1, 6, 6, 'ppl', 'rank', 1, 1, 'exclude', 2, 2, 0, 0, 3, 3, 2, 2,"
        " CAST('0000000000000002' AS BLOB), 2, 2),"
        " ('good', 1, 1, 1, 6, 6, 'ppl', 'rank', 1, 1, 'exclude', 2, 2, 0, 0, 3, 4, 2, 2,"
        " CAST('0000000000000003' AS BLOB), 2, 2);"
        "INSERT INTO cohort_score VALUES (1, 1, 0, 0.1, 0.5, 'ok'),"
        " (1, 2, NULL, NULL, NULL, 'too_long'), (2, 1, 0, 0.1, 0.5, 'ok'),"
        " (2, 2, 0, 0.1, 0.5, 'truncated'), (3, 1, -0.5, 0.1, 0, 'ok'),"
        " (3, 2, 0.5, 0.1, 1, 'ok');");
    open_and_close(path, STORE_READ_WRITE);

    assert_cli_rows(path,
                    "SELECT c.name, c.n, k.sample_id, hmp, gateau, status FROM cohort_score k"
                    " JOIN cohort c USING (cohort_id) ORDER BY cohort_id, sample_id;",
                    "one|0|1|||cohort_of_one\none|0|2|||too_long\nsame|0|1|||all_equal\n"
                    "same|0|2|||all_equal\ngood|2|1|-0.5|0.0|ok\ngood|2|2|0.5|1.0|ok");
}

/* SQL cannot compute a params_hash, so the program computes it. */
static void migrated_score_sets_are_found_by_their_hash(void **state)
{
    static const char *const hashes[] = {
        "SELECT hex(params_hash) FROM score_set WHERE score_set_id = 1;",
        "SELECT hex(params_hash) FROM score_set WHERE score_set_id = 5;",
    };
    static const char *const params[] = {
        "{\"arithmetic\":\"float\",\"max_tokens\":2048,\"template\":\"plain\","
        "\"truncate\":\"left\",\"turns\":\"last\"}",
        "{\"imported\":true}",
    };
    const char *path = tmp_path(*state, "v11.db");

    old_database_make(path, 11);
    cli_run(path, scores_of_0_1_0);
    open_and_close(path, STORE_READ_WRITE);

    for (size_t i = 0; i < 2; i++) {
        const struct hash hash = hash_bytes(slice_text(params[i]));
        char hex[2 * sizeof hash.bytes + 1];

        for (size_t b = 0; b < sizeof hash.bytes; b++)
            snprintf(hex + 2 * b, 3, "%02X", hash.bytes[b]);
        assert_cli_rows(path, hashes[i], hex);
    }
}

static void migrated_selections_keep_their_samples_and_score_sets(void **state)
{
    const char *path = tmp_path(*state, "v11.db");

    old_database_make(path, 11);
    cli_run(path, scores_of_0_1_0);
    cli_run(path, "INSERT INTO selection VALUES (7, 'best', 1, 'n_turns > 1', '2', 2, 0, 2),"
                  " (9, 'few', 5, NULL, '10%', 1, 1, 3);"
                  "INSERT INTO selection_sample VALUES (7, 1, 2, 0.5), (7, 2, 1, 0.25),"
                  " (9, 1, 1, 0.5);");
    open_and_close(path, STORE_READ_WRITE);

    assert_cli_rows(path,
                    "SELECT selection_id, name, score_set_id, condition, top, n_candidates,"
                    " n_unscored, run_id, fact, fact_order FROM selection ORDER BY 1;",
                    "7|best|1|n_turns > 1|2|2|0|2||\n9|few|5||10%|1|1|3||");
    assert_cli_rows(path, "SELECT * FROM selection_sample ORDER BY 1, 2;",
                    "7|1|2|0.5|\n7|2|1|0.25|\n9|1|1|0.5|");
    assert_cli_rows(path,
                    "SELECT selection, ordered_by, direction, model, n_samples FROM"
                    " v_selections ORDER BY 1;",
                    "best|nll|ascending|m1|2\nfew|reward|descending|m5|1");
    assert_cli_rows(path, "SELECT count(*) FROM pragma_foreign_key_check('selection');", "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(schemas_current_sql_is_the_schema_of_a_new_database),
        TEST(a_migrated_database_has_the_schema_of_a_new_one),
        TEST(opening_for_reading_does_not_migrate),
        TEST(a_newer_database_is_refused_and_left_unchanged),
        TEST(a_schema_that_contradicts_its_version_is_an_error),
        TEST(text_that_is_not_utf8_is_escaped_by_the_migration),
        TEST(a_migration_is_applied_completely_or_not_at_all),
        TEST(migrated_score_sets_get_the_arithmetic_of_their_run),
        TEST(migrated_cohorts_that_compare_nothing_have_reasons_instead_of_scores),
        TEST(score_sets_of_unknown_kernels_migrate_to_arithmetic_unknown),
        TEST(migrated_score_sets_are_found_by_their_hash),
        TEST(migrated_selections_keep_their_samples_and_score_sets),
    };

    return cmocka_run_group_tests_name("store/migrate", tests, NULL, NULL);
}
