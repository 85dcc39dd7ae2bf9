/* SPDX-License-Identifier: Apache-2.0 */
/* export --to plan, on the lengths of the worked example. */
#include "tests/support/test.h"

#include <inttypes.h>

#include "base/buf.h"
#include "stages/export/pack.h"
#include "store/fact.h"
#include "store/selection.h"
#include "store/store.h"
#include "tests/support/oom.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { N_SAMPLES = 9 };
static const int64_t example[N_SAMPLES] = { 6, 5, 4, 3, 3, 2, 2, 10, 1 };

struct plan_fixture {
    struct store_fixture *samples;
    struct stage_run run;
};

/* Measure the samples 1 to N_SAMPLES: the answer has a token less than the whole. */
static void put_tokens(struct store *store)
{
    static const struct fact_column column = { "tokens", CELL_INTEGER, "tokens" };
    const struct fact_group groups[] = {
        { .name = "tokens", .version = 1, .columns = &column, .n_columns = 1 },
        { .name = "turns_of_tokens",
          .version = 1,
          .columns = &column,
          .n_columns = 1,
          .of_turns = true },
    };
    struct fact_writer *writer = NULL;
    struct error err;

    for (size_t i = 0; i < 2; i++)
        assert_ok(fact_group_put(store, &groups[i], &err));
    assert_ok(store_begin(store, &err));
    assert_ok(fact_writer_open(store, groups, 2, &writer, &err));
    for (int64_t id = 1; id <= N_SAMPLES; id++) {
        const struct fact_cell whole = { .integer = example[id - 1] };
        const struct fact_cell question = { .integer = 1 };
        const struct fact_cell answer = { .integer = example[id - 1] - 1 };

        assert_ok(fact_write(writer, id, &whole, &err));
        assert_ok(fact_write_turn(writer, id, 0, &question, &err));
        assert_ok(fact_write_turn(writer, id, 1, &answer, &err));
    }
    fact_writer_close(writer);
    assert_ok(store_commit(store, &err));
}

static int setup(void **state)
{
    static struct plan_fixture f;
    void *samples;
    struct error err;

    store_fixture_setup(&samples);
    f.samples = samples;
    stage_run_init(&f.run, f.samples->store);
    for (int i = 0; i < N_SAMPLES; i++) {
        char ask[32];

        snprintf(ask, sizeof ask, "question %d", i + 1);
        store_fixture_add(f.samples, NULL, ask, "answer");
    }
    assert_ok(stage_run(&f.run, &err, "select", "name", "all", "all", "true", NULL));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    void *samples = ((struct plan_fixture *)*state)->samples;

    store_fixture_teardown(&samples);
    return 0;
}

static int export_plan(struct plan_fixture *f, const char *option, const char *value,
                       struct error *err)
{
    return stage_run(&f->run, err, "export", "selection", "all", "to", "plan", "output",
                     "/dev/null", "pack", "10", option, value, NULL);
}

static void assert_counts(const struct plan_fixture *f, int64_t n_packs, int64_t n_exported,
                          int64_t n_left_out)
{
    assert_int_equal(stage_run_int(&f->run, "packs"), n_packs);
    assert_int_equal(stage_run_int(&f->run, "exported"), n_exported);
    assert_int_equal(stage_run_int(&f->run, "skipped"), N_SAMPLES - n_exported);
    assert_int_equal(stage_run_int(&f->run, "tokens"), 36 - n_left_out);
    assert_int_equal(stage_run_int(&f->run, "tokens_left_out"), n_left_out);
}

static void a_plan_has_the_packs_of_the_worked_example(void **state)
{
    struct plan_fixture *f = *state;
    struct error err;

    put_tokens(f->samples->store);
    assert_ok(export_plan(f, "pack-long", "drop", &err));
    assert_counts(f, 4, N_SAMPLES, 0);
    assert_string_equal(f->run.notes, "");
    assert_ok(export_plan(f, "margin", "1", &err)); /* 9 tokens: 6 3, 5 4, 3 2 2 1 */
    assert_counts(f, 3, 8, 10);
    assert_non_null(strstr(f->run.notes, "longer than a pack, left out: 1"));
    assert_ok(export_plan(f, "margin", "30%", &err)); /* 7: 6 1, 5 2, 4 3, 3 2 */
    assert_counts(f, 4, 8, 10);
    assert_ok(export_plan(f, "pack-min", "3", &err)); /* 10, 6 4, 5 3, 3 */
    assert_counts(f, 4, 6, 5);
    assert_non_null(strstr(f->run.notes, "shorter than --pack-min, left out: 3"));
    assert_ok(export_plan(f, "pack-method", "wrapped", &err));
    assert_counts(f, 4, N_SAMPLES, 0);
}

static void samples_without_a_number_of_tokens_are_an_error_unless_skipped(void **state)
{
    struct plan_fixture *f = *state;
    struct error err;

    assert_fails(export_plan(f, "skip", "true", &err), ERR_NOT_FOUND, "curate measure tokens");
    put_tokens(f->samples->store);
    store_fixture_add(f->samples, NULL, "new", "answer");
    assert_ok(stage_run(&f->run, &err, "select", "name", "all", "all", "true", NULL));
    assert_fails(export_plan(f, "skip", "false", &err), ERR_INPUT,
                 "sample 10: cannot be packed: its number of tokens is missing");
    assert_ok(export_plan(f, "skip", "true", &err));
    assert_int_equal(stage_run_int(&f->run, "exported"), N_SAMPLES);
    assert_int_equal(stage_run_int(&f->run, "skipped"), 1);
    assert_non_null(strstr(f->run.notes, "without a number of tokens, left out: 1"));
}

static void a_stopped_plan_is_not_written(void **state)
{
    struct plan_fixture *f = *state;
    struct error err;

    put_tokens(f->samples->store);
    f->run.stopped = true;
    assert_fails(export_plan(f, "pack-long", "drop", &err), ERR_CANCELLED,
                 "nothing was written");
}

static void options_that_need_or_exclude_each_other_are_errors(void **state)
{
    static const struct {
        struct pack_args args;
        bool no_plan;
        const char *phrase;
    } cases[] = {
        { { .length = 0 }, false, "use --pack LENGTH" },
        { { .length = 9 }, true, "use --to plan" },
        { { .min_length = 1 }, true, "--pack-min is for --pack" },
        { { .when_long = PACKING_SPLIT }, true, "--pack-long is for --pack" },
        { { .n_batch = 1 }, true, "--pack-batch is for --pack" },
        { { .method = PACK_WRAPPED }, true, "--pack-method is for --pack" },
        { { .seed = 1 }, true, "--pack-seed is for --pack" },
        { { .margin.n = 1 }, true, "--margin is for --pack" },
        { { .length = 9, .margin.n = 9 }, false, "must leave room in a pack of 9" },
        { { .length = 9, .margin.hundredths = 10000 }, false, "must leave room" },
        { { .length = 1, .margin.hundredths = 1 }, false, "must leave room" },
        { { .length = 9, .method = PACK_SORTED }, false, "use --pack-batch N" },
        { { .length = 9, .seed = 1 }, false, "--pack-seed is for --pack-method sorted" },
        { { .length = 9, .method = PACK_WRAPPED, .when_long = PACKING_SPLIT },
          false,
          "--pack-long split" },
    };
    struct plan_fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(pack_check(&cases[i].args, !cases[i].no_plan, &err), ERR_USAGE,
                     cases[i].phrase);
    assert_fails(export_plan(f, "roles", "merge", &err), ERR_USAGE, "--roles changes texts");
    assert_fails(export_plan(f, "media", "parts", &err), ERR_USAGE, "--media changes texts");
    assert_fails(export_plan(f, "redact", "email", &err), ERR_USAGE, "--redact changes texts");
    assert_fails(export_plan(f, "pack", "16777216", &err), ERR_USAGE, "from 1 to 16777215");
}

static int make_a_plan(const void *arg, struct error *err)
{
    const struct plan_fixture *f = arg;
    static const struct pack_args args = { .length = 10, .n_batch = 2 };
    struct store *store = f->samples->store;
    struct id_list ids = { 0 };
    struct pack_plan plan = { 0 };
    struct buf line;
    int rc = -1;

    buf_init(&line, 1 << 20);
    if (selection_load(store, "all", &ids, NULL, err) == 0 &&
        pack_plan_make(store, &args, &ids, false, &plan, err) == 0)
        rc = pack_plan_add(&plan, 0, &line, err);
    pack_plan_release(&plan);
    id_list_release(&ids);
    buf_release(&line);
    return rc;
}

static void a_plan_reports_each_failed_allocation(void **state)
{
    struct plan_fixture *f = *state;

    put_tokens(f->samples->store);
    assert_true(oom_survive(make_a_plan, f) > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plan_has_the_packs_of_the_worked_example),
        TEST(samples_without_a_number_of_tokens_are_an_error_unless_skipped),
        TEST(a_stopped_plan_is_not_written),
        TEST(options_that_need_or_exclude_each_other_are_errors),
        TEST(a_plan_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("stages/export, plan", tests, NULL, NULL);
}
