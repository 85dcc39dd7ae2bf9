/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that is full, fails to read or write, denies access, or is locked, at any file
 * operation of ingest, score, select and export. The command reports the error with its exit
 * status and leaves a valid database. The same command, run again, gives the result of an
 * undisturbed run.
 *
 * A few operations of each kind in each step are tried. CURATE_FAULTS=N tries about N of them,
 * CURATE_FAULTS=all tries every one: about a thousand.
 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/report.h"
#include "pipeline/recipe.h"
#include "pipeline/run.h"
#include "scoring/kernels/kernels.h"
#include "store/content.h"
#include "store/fsck.h"
#include "store/store.h"
#include "tests/support/fault.h"
#include "tests/support/tmp.h"

enum { N_STEPS = 5, FEW = 4, FILE_MAX_BYTES = 64 << 20 };

static const char *const steps[N_STEPS] = {
    "ingest: {files: [corpus.jsonl], max-rejects: 50}",
    "score: {metrics: [nll], model: tiny.gguf, where: sample_id < 6}",
    "select: {name: best, by: nll, top: 3}",
    "export: {selection: best, to: messages, output: best.jsonl}",
    "export: {selection: best, to: sharegpt, output: best.jsonl, force: true}",
};
enum { FIRST_EXPORT = 3 }; /* this step and all later ones write best.jsonl */
static const char export_name[] = "best.jsonl";
static const char manifest_name[] = "best.jsonl.manifest";

struct world {
    struct tmp tmp;
    char models[4096];
    char here[4096];
    struct buf before[N_STEPS + 1]; /* the database before each step, and after the last */
    struct content_database after[N_STEPS]; /* its content after each step */
    struct buf exported[N_STEPS];           /* best.jsonl after each step, and its manifest; */
    struct buf manifests[N_STEPS];          /* empty before the first export */
    size_t n_operations, n_tried, n_failed;
};

static int run_step(const struct world *w, size_t step, struct error *err)
{
    const volatile int never = 0;
    struct report report = { .stop_signal = &never };
    const struct pipeline_options options = { .db_path = "work.db",
                                              .n_threads = 2,
                                              .lock = LOCK_FAIL,
                                              .models_dir = w->models,
                                              .cpu_flags = cpu_detect(),
                                              .report = &report };
    struct recipe *recipe = NULL;
    bool skipped = false;
    char text[300];

    snprintf(text, sizeof text, "version: 1\nsteps:\n  - %s\n", steps[step]);
    int rc = recipe_parse(slice_text(text), "step", NULL, &recipe, err);
    if (rc == 0)
        rc = pipeline_run_recipe(&options, recipe, &skipped, err);
    recipe_free(recipe);
    assert_false(skipped);
    return rc;
}

static void put_file(const char *path, const struct buf *bytes)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    if (bytes->len > 0)
        assert_int_equal(fwrite(bytes->data, 1, bytes->len, file), bytes->len);
    assert_int_equal(fclose(file), 0);
}

/* Restore the files as they were before the step. */
static void reset(const struct world *w, size_t step)
{
    static const char *const others[] = { "work.db-wal", "work.db-shm", "work.db.lock",
                                          export_name, manifest_name };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unlink(others[i]);
    unlink("work.db");
    if (step > 0)
        put_file("work.db", &w->before[step]);
    if (step > FIRST_EXPORT) {
        put_file(export_name, &w->exported[step - 1]);
        put_file(manifest_name, &w->manifests[step - 1]);
    }
}

static void note(void *arg, const struct fsck_problem *problem)
{
    (void)arg;
    fail_msg("%s: %s: %s", problem->check, problem->where, problem->detail);
}

/* Check that the database is valid, and compute the digest of its content. Returns false if
 * there is no database yet or one without a schema: a failed first step may leave that. */
static bool check_and_digest(struct content_database *out)
{
    struct report report = { .phase = NULL };
    struct content *content = NULL;
    struct fsck_result result;
    struct store *store = NULL;
    struct error err;

    if (store_open("work.db", STORE_READ_ONLY, &store, &err) < 0) {
        if (err.code == ERR_NOT_FOUND || strstr(err.msg, "the file is empty") ||
            strstr(err.msg, "is older than"))
            return false;
        fail_msg("%s", err.msg);
    }
    assert_ok(fsck_run(store, &report, note, NULL, &result, &err));
    assert_ok(content_new(NULL, &content, &err));
    assert_ok(content_of_database(content, store, out, &err));
    content_free(content);
    store_close(store);
    return true;
}

static bool same(const struct content_database *a, const struct content_database *b)
{
    return memcmp(a->digest, b->digest, DIGEST_BYTES) == 0;
}

/* The error has the code that the manual promises, and a message of our own. */
static void check_error(const struct error *err, enum fault_kind kind, size_t step, size_t n)
{
    static const enum error_code codes[][3] = {
        [FAULT_FULL] = { ERR_IO, ERR_IO, ERR_IO },
        [FAULT_IO] = { ERR_IO, ERR_CANTCREATE, ERR_IO },
        [FAULT_DENIED] = { ERR_DENIED, ERR_CANTCREATE, ERR_DENIED },
        [FAULT_BUSY] = { ERR_BUSY, ERR_BUSY, ERR_BUSY },
    };
    bool fits = false;

    for (size_t i = 0; i < 3; i++)
        fits |= err->code == codes[kind][i];
    if (!fits || strstr(err->msg, "SQLite reports") || !err->msg[0])
        fail_msg("kind %d at operation %zu of \"%s\": code %d: %s", (int)kind, n, steps[step],
                 (int)err->code, err->msg);
}

/* True if the file holds these bytes; false if its bytes differ or it does not exist. */
static bool file_holds(const char *path, const struct buf *want)
{
    struct buf bytes;
    struct error err;
    bool same;

    buf_init(&bytes, FILE_MAX_BYTES);
    same =
        file_read(path, &bytes, &err) == 0 && slice_equal(buf_slice(&bytes), buf_slice(want));
    buf_release(&bytes);
    return same;
}

/* The export file is the one before the step or the one after it, complete. A manifest, if
 * there is one, describes that file. */
static void check_export(const struct world *w, size_t step, bool succeeded)
{
    const bool is_new = file_holds(export_name, &w->exported[step]);

    if (succeeded)
        assert_true(is_new);
    else if (!is_new && step > FIRST_EXPORT)
        assert_true(file_holds(export_name, &w->exported[step - 1]));
    else if (!is_new)
        assert_int_equal(access(export_name, F_OK), -1);
    if (succeeded || access(manifest_name, F_OK) == 0)
        assert_true(file_holds(manifest_name, &w->manifests[is_new ? step : step - 1]));
}

/* Run one step with its n-th operation failing, then run it again without a failure. Returns
 * whether the step reached the n-th operation. */
static bool fail_at(struct world *w, enum fault_kind kind, size_t step, size_t n)
{
    struct content_database content;
    struct error err = { .code = ERR_NONE };

    reset(w, step);
    fault_begin(kind, n);
    const int rc = run_step(w, step, &err);
    fault_end();
    const bool hit = fault_was_hit();
    if (rc < 0)
        check_error(&err, kind, step, n);
    if (rc < 0 && !hit)
        fail_msg("nothing failed, and yet: %s", err.msg);
    if (check_and_digest(&content) && rc == 0)
        assert_true(same(&content, &w->after[step]));
    if (step >= FIRST_EXPORT)
        check_export(w, step, rc == 0);
    if (run_step(w, step, &err) < 0)
        fail_msg("again, after kind %d at operation %zu of \"%s\": %s", (int)kind, n,
                 steps[step], err.msg);
    assert_true(check_and_digest(&content) && same(&content, &w->after[step]));
    if (step >= FIRST_EXPORT)
        check_export(w, step, true);
    w->n_tried += hit;
    w->n_failed += rc < 0;
    return hit;
}

/* The number of operations of each step that are made to fail. */
static size_t n_wanted(void)
{
    const char *given = getenv("CURATE_FAULTS");

    if (!given)
        return FEW;
    if (strcmp(given, "all") == 0)
        return SIZE_MAX;
    const size_t n = strtoul(given, NULL, 10);
    assert_true(n > 0);
    return n;
}

static void fail_at_many(struct world *w, enum fault_kind kind)
{
    const size_t most = n_wanted();

    for (size_t step = 0; step < N_STEPS; step++) {
        struct error err;

        reset(w, step);
        fault_begin(kind, SIZE_MAX);
        assert_ok(run_step(w, step, &err));
        const size_t n = fault_end();
        const size_t stride = n < most ? 1 : n / most;

        assert_true(n > 0);
        w->n_operations += n;
        for (size_t i = step % stride; i < n; i += stride)
            fail_at(w, kind, step, i);
    }
    printf("# %zu operations of %zu failed, of which %zu ended the command\n", w->n_tried,
           w->n_operations, w->n_failed);
    assert_true(w->n_tried > 0);
}

static void a_full_disk_is_an_error_and_loses_nothing(void **state)
{
    fail_at_many(*state, FAULT_FULL);
}

static void an_io_error_is_an_error_and_loses_nothing(void **state)
{
    fail_at_many(*state, FAULT_IO);
}

static void a_lost_permission_is_an_error_and_loses_nothing(void **state)
{
    fail_at_many(*state, FAULT_DENIED);
}

static void a_lock_of_another_process_is_an_error_and_loses_nothing(void **state)
{
    fail_at_many(*state, FAULT_BUSY);
}

/* Run all steps undisturbed, and keep the database before each. */
static int setup(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    const char *source = getenv("CURATE_SOURCE");
    char path[5000];
    struct buf corpus;
    struct error err;

    assert_non_null(source);
    assert_non_null(getcwd(w->here, sizeof w->here));
    snprintf(w->models, sizeof w->models, "%s/models", source);
    snprintf(path, sizeof path, "%s/tests/data/corpora/shapes.jsonl", source);
    tmp_open(&w->tmp);
    assert_int_equal(chdir(w->tmp.root), 0);
    buf_init(&corpus, FILE_MAX_BYTES);
    assert_ok(file_read(path, &corpus, &err));
    assert_ok(buf_add_text(&corpus, "\n{\"broken\": \n", &err));
    put_file("corpus.jsonl", &corpus);
    buf_release(&corpus);
    snprintf(path, sizeof path, "%s/tests/data/tiny-llama.gguf", source);
    assert_int_equal(symlink(path, "tiny.gguf"), 0);
    for (size_t step = 0; step < N_STEPS; step++) {
        assert_ok(run_step(w, step, &err));
        assert_true(check_and_digest(&w->after[step]));
        buf_init(&w->before[step + 1], FILE_MAX_BYTES);
        assert_ok(file_read("work.db", &w->before[step + 1], &err));
        buf_init(&w->exported[step], FILE_MAX_BYTES);
        buf_init(&w->manifests[step], FILE_MAX_BYTES);
        if (step >= FIRST_EXPORT) {
            assert_ok(file_read(export_name, &w->exported[step], &err));
            assert_ok(file_read(manifest_name, &w->manifests[step], &err));
        }
    }
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (size_t step = 0; step <= N_STEPS; step++)
        buf_release(&w->before[step]);
    for (size_t step = 0; step < N_STEPS; step++) {
        buf_release(&w->exported[step]);
        buf_release(&w->manifests[step]);
    }
    assert_int_equal(chdir(w->here), 0);
    tmp_close(&w->tmp);
    test_free(w);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_is_an_error_and_loses_nothing),
        TEST(an_io_error_is_an_error_and_loses_nothing),
        TEST(a_lost_permission_is_an_error_and_loses_nothing),
        TEST(a_lock_of_another_process_is_an_error_and_loses_nothing),
    };

    fault_install();
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
