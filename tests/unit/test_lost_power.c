/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A power cut right after a command reports success: what it did is in the files, although a
 * reader that stays connected keeps SQLite from a checkpoint when the command closes.
 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/report.h"
#include "base/slice.h"
#include "pipeline/recipe.h"
#include "pipeline/run.h"
#include "scoring/kernels/kernels.h"
#include "store/store.h"
#include "tests/support/fault.h"
#include "tests/support/power.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { N_SAMPLES = 300 };

static const char recipe_text[] =
    "version: 1\nsteps:\n  - ingest: {files: [corpus.jsonl]}\n"
    "  - score: {metrics: [mtld]}\n  - select: {name: best, by: mtld, top: 10}\n"
    "  - export: {selection: best, to: messages, output: best.jsonl}\n";

/* The files have the names that SQLite gives to the VFS: absolute ones. */
struct fixture {
    struct tmp tmp;
    char here[4096];
    char db[128];
    char cut[128];
    struct store *reader;
};

static struct fixture fixture;

static void write_corpus(void)
{
    FILE *file = fopen("corpus.jsonl", "w");

    assert_non_null(file);
    for (int i = 0; i < N_SAMPLES; i++)
        fprintf(file,
                "{\"instruction\": \"say %d\", \"output\": \"the number %d is one of the "
                "numbers that I can say, and so is %d\"}\n",
                i, i, i + 1);
    assert_int_equal(fclose(file), 0);
}

/* A database with a reader that stays, in a folder with a corpus. */
static int setup(void **state)
{
    struct fixture *f = &fixture;
    struct store *store = NULL;
    struct error err;

    assert_non_null(getcwd(f->here, sizeof f->here));
    tmp_open(&f->tmp);
    assert_int_equal(chdir(f->tmp.root), 0);
    snprintf(f->db, sizeof f->db, "%.64s/work.db", f->tmp.root);
    snprintf(f->cut, sizeof f->cut, "%.64s/cut.db", f->tmp.root);
    write_corpus();
    power_record();
    assert_ok(store_open(f->db, STORE_CREATE, &store, &err));
    store_close(store);
    assert_ok(store_open(f->db, STORE_READ_ONLY, &f->reader, &err));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->reader);
    power_forget();
    assert_int_equal(chdir(f->here), 0);
    tmp_close(&f->tmp);
    return 0;
}

static void run_recipe(const struct fixture *f, const char *text)
{
    const volatile int never = 0;
    struct report report = { .stop_signal = &never };
    const struct pipeline_options options = { .db_path = f->db,
                                              .n_threads = 2,
                                              .lock = LOCK_FAIL,
                                              .models_dir = "",
                                              .cpu_flags = cpu_detect(),
                                              .report = &report };
    struct recipe *recipe = NULL;
    bool skipped = false;
    struct error err;

    assert_ok(recipe_parse(slice_text(text), "recipe", NULL, &recipe, &err));
    assert_ok(pipeline_run_recipe(&options, recipe, &skipped, &err));
    recipe_free(recipe);
}

static void assert_left(const struct fixture *f, const char *sql, const char *want)
{
    struct store *store = NULL;
    struct error err;

    power_cut(f->db, f->cut);
    assert_ok(store_open(f->cut, STORE_READ_WRITE, &store, &err));
    assert_rows(store, sql, want);
    assert_rows(store, "PRAGMA integrity_check", "ok");
    store_close(store);
}

static void samples_are_safe_when_ingest_reports_success(void **state)
{
    const struct fixture *f = *state;

    run_recipe(f, "version: 1\nsteps:\n  - ingest: {files: [corpus.jsonl]}\n");
    assert_left(f,
                "SELECT count(*), (SELECT group_concat(DISTINCT status) FROM run) FROM sample",
                "300|ok");
}

static void scores_are_safe_when_score_reports_success(void **state)
{
    const struct fixture *f = *state;

    run_recipe(f, "version: 1\nsteps:\n  - ingest: {files: [corpus.jsonl]}\n"
                  "  - score: {metrics: [mtld]}\n");
    assert_left(f, "SELECT count(*) FROM score", "300");
}

static size_t n_renamed;

/* Called right before the exported file gets its name. */
static void selection_is_safe_before_the_export(const char *to)
{
    n_renamed += strstr(to, "best.jsonl") != NULL;
    assert_left(&fixture,
                "SELECT count(*), (SELECT status FROM run WHERE command = 'select')"
                " FROM v_selection",
                "10|ok");
}

static void a_recipe_exports_only_what_is_safe(void **state)
{
    const struct fixture *f = *state;

    n_renamed = 0;
    power_before_rename(selection_is_safe_before_the_export);
    run_recipe(f, recipe_text);
    power_before_rename(NULL);
    assert_true(n_renamed > 0);
    assert_left(f,
                "SELECT count(*), (SELECT count(*) FROM run WHERE status = 'ok') FROM export",
                "1|5");
}

static void a_commit_that_is_not_synced_is_lost(void **state)
{
    const struct fixture *f = *state;
    struct store_fixture rows;
    struct store *store = NULL;
    struct error err;

    /* The test of the test: without a sync, nothing of a commit is left. */
    assert_ok(store_open(f->db, STORE_READ_WRITE, &store, &err));
    store_fixture_init(&rows, store);
    store_fixture_release(&rows);
    store_close(store);
    assert_left(f, "SELECT count(*) FROM run", "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(samples_are_safe_when_ingest_reports_success),
        TEST(scores_are_safe_when_score_reports_success),
        TEST(a_recipe_exports_only_what_is_safe),
        TEST(a_commit_that_is_not_synced_is_lost),
    };

    fault_install();
    return cmocka_run_group_tests_name("lost power", tests, NULL, NULL);
}
