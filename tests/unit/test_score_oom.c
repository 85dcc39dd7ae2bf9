/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of a stage fails once: the stage must say ERR_NOMEM, leak nothing, and leave
 * a database in which the same command works. */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/oom.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { MAX_ALLOCATIONS = 20000 };

struct injection {
    size_t n;     /* the allocation to fail */
    bool refused; /* it was asked for */
};

static void enter(struct stage_run *run)
{
    const struct injection *injection = run->arg;

    oom_begin(injection->n);
}

static void leave(struct stage_run *run)
{
    struct injection *injection = run->arg;

    injection->refused = oom_end();
}

struct fixture {
    void *samples;
    struct stage_run run;
    struct injection injection;
    struct tmp tmp;
    char long_model[1024];
    char short_model[1024];
};

static void open_fixture(struct fixture *f)
{
    const char *source = getenv("CURATE_SOURCE");

    store_fixture_setup(&f->samples);
    struct store_fixture *samples = f->samples;
    store_fixture_add(samples,
                      "the cat sat on the mat and the dog lay on the rug while the rain fell",
                      "who sat?", "the cat");
    store_fixture_add(samples, NULL, "say that it rains", "the rain fell");
    stage_run_init(&f->run, samples->store);
    f->run.n_threads = 1;
    f->run.arg = &f->injection;
    tmp_open(&f->tmp);
    snprintf(f->long_model, sizeof f->long_model, "%s/tests/data/tiny-llama.gguf", source);
    snprintf(f->short_model, sizeof f->short_model, "%s/tests/data/tiny-llama-short.gguf",
             source);
}

static void close_fixture(struct fixture *f)
{
    tmp_close(&f->tmp);
    store_fixture_teardown(&f->samples);
}

static int score(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "gateau", "metrics", "ifd", "model",
                     f->long_model, "short-model", f->short_model, "segment-tokens", "8", NULL);
}

static int choose(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "select", "name", "best", "by", "ifd", "top", "2", NULL);
}

static int export(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "export", "selection", "best", "output",
                     tmp_path(&f->tmp, "best.jsonl"), NULL);
}

typedef int step(struct fixture *f, struct error *err);

/* Run the steps in order on a new database, the last of them short of memory at allocation n.
 * Whether that one was reached. */
static bool fails_once(step *const *steps, size_t n_steps, size_t n)
{
    struct fixture f = { .injection = { .n = n } };
    step *last = steps[n_steps - 1];
    struct error err;

    open_fixture(&f);
    for (size_t i = 0; i + 1 < n_steps; i++)
        assert_ok(steps[i](&f, &err));
    f.run.enter = enter;
    f.run.leave = leave;
    if (last(&f, &err) == 0) {
        assert_false(f.injection.refused);
    } else {
        assert_true(f.injection.refused);
        assert_int_equal(err.code, ERR_NOMEM);
        f.run.enter = f.run.leave = NULL;
        assert_ok(last(&f, &err));
    }
    close_fixture(&f);
    return f.injection.refused;
}

static void survives_each_failure(step *const *steps, size_t n_steps)
{
    size_t n = 0;

    while (n < MAX_ALLOCATIONS && fails_once(steps, n_steps, n))
        n++;
    assert_true(n > 3);
    assert_true(n < MAX_ALLOCATIONS);
}

static void score_reports_each_failed_allocation(void **state)
{
    step *const steps[] = { score };

    (void)state;
    survives_each_failure(steps, 1);
}

static void select_reports_each_failed_allocation(void **state)
{
    step *const steps[] = { score, choose };

    (void)state;
    survives_each_failure(steps, 2);
}

static void export_reports_each_failed_allocation(void **state)
{
    step *const steps[] = { score, choose, export };

    (void)state;
    survives_each_failure(steps, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_reports_each_failed_allocation),
        cmocka_unit_test(select_reports_each_failed_allocation),
        cmocka_unit_test(export_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("stages/score, out of memory", tests, NULL, NULL);
}
