/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/run.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

static void a_run_is_logged_with_its_options_and_its_end(void **state)
{
    struct store_fixture *f = *state;
    struct error err;
    int64_t id = 0;

    assert_ok(
        run_begin(f->store, f->run_id, "score", slice_text("{\"alpha\":0.8}"), &id, &err));
    assert_ok(run_set_kernels(f->store, id, "avx2", &err));
    assert_ok(run_finish(f->store, id, RUN_FAILED, "no such model", &err));

    assert_rows(f->store,
                "SELECT parent_run_id, command, options, kernels, status, message,"
                " length(version) > 0, length(host) > 0, pid > 0,"
                " started_at_ms > 1700000000000, finished_at_ms >= started_at_ms"
                " FROM run WHERE command = 'score'",
                "1|score|{\"alpha\":0.8}|avx2|failed|no such model|1|1|1|1|1");
    assert_rows(f->store, "SELECT command, status, finished_at LIKE '20%Z' FROM v_runs",
                "ingest|running|\nscore|failed|1");
}

static void counts_of_a_run_add_up(void **state)
{
    struct store_fixture *f = *state;
    const struct run_counts some = {
        .n_read = 10, .n_inserted = 6, .n_duplicate = 3, .n_rejected = 1, .n_scored = 2
    };
    struct run_counts got;
    struct error err;

    assert_ok(run_counts(f->store, f->run_id, &got, &err));
    assert_int_equal(got.n_read, 0);
    for (int i = 0; i < 3; i++)
        assert_ok(run_add_counts(f->store, f->run_id, &some, &err));
    assert_ok(run_counts(f->store, f->run_id, &got, &err));

    assert_int_equal(got.n_read, 30);
    assert_int_equal(got.n_inserted, 18);
    assert_int_equal(got.n_duplicate, 9);
    assert_int_equal(got.n_rejected, 3);
    assert_int_equal(got.n_scored, 6);
    assert_rows(f->store, "SELECT read, inserted, duplicate, rejected, scored FROM v_runs",
                "30|18|9|3|6");
}

static void counts_are_committed_with_the_rows_they_count(void **state)
{
    struct store_fixture *f = *state;
    const struct run_counts some = { .n_read = 10, .n_inserted = 10 };
    struct run_counts got;
    struct error err;

    assert_ok(store_begin(f->store, &err));
    store_fixture_add(f, NULL, "ask", "answer");
    assert_ok(run_add_counts(f->store, f->run_id, &some, &err));
    store_rollback(f->store);

    assert_ok(run_counts(f->store, f->run_id, &got, &err));
    assert_int_equal(got.n_read, 0);
    assert_rows(f->store, "SELECT count(*) FROM sample", "0");
}

static void a_run_that_was_not_begun_is_refused(void **state)
{
    struct store_fixture *f = *state;
    const struct run_counts some = { .n_read = 1 };
    struct run_counts got;
    struct error err;

    assert_fails(run_add_counts(f->store, 99, &some, &err), ERR_INVARIANT, "no run 99");
    assert_fails(run_counts(f->store, 99, &got, &err), ERR_INVARIANT, "no run 99");
    assert_fails(run_finish(f->store, 99, RUN_OK, NULL, &err), ERR_INVARIANT, "no run 99");
    assert_fails(run_set_kernels(f->store, 99, "ref", &err), ERR_INVARIANT, "no run 99");
}

static void begin_run(const char *path)
{
    struct store *store = NULL;
    struct error err;
    int64_t id = 0;

    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    assert_ok(run_begin(store, 0, "ingest", slice_text("{}"), &id, &err));
    store_close(store);
}

/* A process that begins a run and dies without finishing it, as by a kill. */
static void die_in_a_run(const char *path)
{
    int status = 0;

    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        begin_run(path);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void the_next_run_marks_runs_of_dead_processes(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "a.db");
    die_in_a_run(path);
    cli_run(path,
            "INSERT INTO run (command, options, version, host, pid, started_at_ms, status)"
            " SELECT 'elsewhere', '{}', '1', host || '2', pid, 1, 'running' FROM run"
            " UNION ALL SELECT 'done', '{}', '1', host, pid, 1, 'ok' FROM run");

    begin_run(path);

    assert_cli_rows(path,
                    "SELECT command, status, message, finished_at_ms IS NOT NULL FROM run"
                    " ORDER BY run_id",
                    "ingest|interrupted|the process ended without reporting a status|1\n"
                    "elsewhere|interrupted|the process ended without reporting a status|1\n"
                    "done|ok||0\ningest|running||0");
    tmp_close(&tmp);
}

static void a_step_does_not_mark_its_parent_run(void **state)
{
    struct store_fixture *f = *state;
    struct error err;
    int64_t recipe = 0;
    int64_t step = 0;
    int64_t inner = 0;

    /* The unfinished run of the fixture is no parent, so it is marked. */
    assert_ok(run_begin(f->store, 0, "run", slice_text("{}"), &recipe, &err));
    assert_ok(run_begin(f->store, recipe, "ingest", slice_text("{}"), &step, &err));
    assert_ok(run_begin(f->store, step, "inner", slice_text("{}"), &inner, &err));

    assert_rows(f->store, "SELECT run_id, status FROM run ORDER BY run_id",
                "1|interrupted\n2|running\n3|running\n4|running");
}

#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_logged_with_its_options_and_its_end),
        TEST(counts_of_a_run_add_up),
        TEST(counts_are_committed_with_the_rows_they_count),
        TEST(a_run_that_was_not_begun_is_refused),
        cmocka_unit_test(the_next_run_marks_runs_of_dead_processes),
        TEST(a_step_does_not_mark_its_parent_run),
    };

    return cmocka_run_group_tests_name("store/run", tests, NULL, NULL);
}
