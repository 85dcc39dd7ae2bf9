/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of a stage fails once. The stage returns ERR_NOMEM, leaks nothing, and leaves
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
    size_t n;     /* the allocation that fails */
    bool refused; /* allocation n was reached */
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
    struct hash hash; /* of the sample that has an id */
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

/* Dialogues in a template, turn by turn, with attention by head, and a short model with a
 * narrower view. */
static int score_turns(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "nll", "metrics", "ifd", "metrics",
                     "yes_probability", "question", "Is it so?", "model", f->long_model,
                     "template", "vicuna", "turns", "all", NULL);
}

static int score_segments(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "gateau", "metrics", "lds", "metrics",
                     "attention_entropy", "model", f->long_model, "short-model", f->short_model,
                     "segment-tokens", "8", "attention-by", "head", "top", "1", "short-window",
                     "16", "where", "context IS NOT NULL", NULL);
}

static int score_vectors(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "knn", "metrics", "mtld", "metrics",
                     "language_mismatch", "model", f->long_model, "neighbour", "1", NULL);
}

static int score_as_gateau(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "gateau", "model", f->long_model,
                     "short-model", f->short_model, "compat", "gateau-code", NULL);
}

static int score_as_superfiltering(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "ifd", "model", f->long_model, "compat",
                     "superfiltering", NULL);
}

static int score_as_cherry(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "ifd", "model", f->long_model, "compat",
                     "cherry", NULL);
}

static int estimate(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "nll", "model", f->long_model,
                     "estimate", "true", NULL);
}

static int make_cohort(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "cohort make", "cohort", "again", "from", "gateau", "norm",
                     "rank", "where", "sample_id > 0", NULL);
}

static int add_named(struct fixture *f, struct error *err)
{
    struct turn turns[] = { { .role = slice_text("user"), .content = slice_text("who?") },
                            { .role = slice_text("assistant"), .content = slice_text("we") } };
    struct sample sample = {
        .ext_id = slice_text("ours"), .turns = turns, .n_turns = 2, .response_turn = 1
    };

    (void)err;
    store_fixture_add_sample(f->samples, &sample);
    f->hash = sample.hash;
    return 0;
}

/* Two rows by id: one of a sample, one of none. */
static int import_ids(struct fixture *f, struct error *err)
{
    static const char rows[] = "ext_id,value\nours,0.5\nnobody's,1\n";

    return stage_run(&f->run, err, "score import", "metric", "judge", "max-rejects", "60",
                     "file", tmp_write(&f->tmp, "judge.csv", rows, sizeof rows - 1), NULL);
}

static int import_hashes(struct fixture *f, struct error *err)
{
    char rows[200];
    size_t len = (size_t)snprintf(rows, sizeof rows, "{\"hash\":7,\"value\":1}\n{\"hash\":\"");

    for (size_t i = 0; i < sizeof f->hash.bytes; i++)
        len += (size_t)snprintf(rows + len, sizeof rows - len, "%02x", f->hash.bytes[i]);
    len += (size_t)snprintf(rows + len, sizeof rows - len, "\",\"value\":2}\n");
    return stage_run(&f->run, err, "score import", "metric", "judge", "key", "hash",
                     "max-rejects", "60", "file", tmp_write(&f->tmp, "judge.jsonl", rows, len),
                     NULL);
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

/* A dialogue that calls a tool, and one about an image. */
static int add_parts(struct fixture *f, struct error *err)
{
    struct turn calling[] = {
        { .role = slice_text("user"), .content = slice_text("who sat?") },
        { .role = slice_text("assistant"),
          .content = slice_text(""),
          .thought = slice_text("I look."),
          .calls =
              slice_text("[{\"id\":\"c\",\"name\":\"look\",\"arguments\":{\"at\":\"mat\"}}]") },
        { .role = slice_text("tool"),
          .content = slice_text("a cat"),
          .extra = slice_text("{\"tool_call_id\":\"c\"}") },
        { .role = slice_text("assistant"), .content = slice_text("The cat sat.") },
    };
    struct turn seeing[] = {
        { .role = slice_text("user"),
          .content = slice_text("What is it?"),
          .media =
              slice_text("[{\"type\":\"image\",\"at\":0,\"part\":{\"type\":\"image\",\"image\":"
                         "\"a.png\",\"placeholder\":true}}]") },
        { .role = slice_text("assistant"),
          .content = slice_text("It is a cat."),
          .thought = slice_text("It purrs.") },
    };
    struct sample samples[] = {
        { .turns = calling,
          .n_turns = 4,
          .response_turn = 3,
          .tools = slice_text("[{\"name\":\"look\",\"parameters\":{\"type\":\"object\"}}]") },
        { .turns = seeing, .n_turns = 2, .response_turn = 1 },
    };

    (void)err;
    store_fixture_add_sample(f->samples, &samples[0]);
    store_fixture_add_sample(f->samples, &samples[1]);
    return 0;
}

static int score_answers(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "score", "metrics", "mtld", "of", "answer", "turns", "all",
                     NULL);
}

static int choose_all(struct fixture *f, struct error *err)
{
    return stage_run(&f->run, err, "select", "name", "best", "by", "mtld", "top", "100%", NULL);
}

static int export_as(struct fixture *f, const char *layout, const char *media,
                     struct error *err)
{
    return stage_run(&f->run, err, "export", "selection", "best", "to", layout, "media", media,
                     "skip", "true", "force", "true", "allow-empty", "true", "output",
                     tmp_path(&f->tmp, "best.jsonl"), NULL);
}

static int export_messages(struct fixture *f, struct error *err)
{
    return export_as(f, "messages", "parts", err);
}

static int export_sharegpt(struct fixture *f, struct error *err)
{
    return export_as(f, "sharegpt", "marks", err);
}

static int export_glaive(struct fixture *f, struct error *err)
{
    return export_as(f, "glaive", "keep", err);
}

typedef int step(struct fixture *f, struct error *err);

/* Run the steps in order on a new database, with allocation n of the last one failing. Returns
 * whether it was reached. */
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
    /* Under a sanitizer a run takes three times as long: every third allocation fails. */
    const size_t step_size = TEST_IS_SANITIZED ? 3 : 1;
    size_t n = 0;

    while (n < MAX_ALLOCATIONS && fails_once(steps, n_steps, n))
        n += step_size;
    assert_true(n > 3);
    assert_true(n < MAX_ALLOCATIONS);
}

static void score_reports_each_failed_allocation(void **state)
{
    step *const steps[] = { score };

    (void)state;
    survives_each_failure(steps, 1);
}

static void every_kind_of_score_run_reports_each_failed_allocation(void **state)
{
    static step *const ways[] = { score_turns,     score_segments,          score_vectors,
                                  score_as_gateau, score_as_superfiltering, score_as_cherry,
                                  estimate };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        survives_each_failure(&ways[i], 1);
}

static void making_a_cohort_reports_each_failed_allocation(void **state)
{
    step *const steps[] = { score, make_cohort };

    (void)state;
    survives_each_failure(steps, 2);
}

static void import_reports_each_failed_allocation(void **state)
{
    step *const by_id[] = { add_named, import_ids };
    step *const by_hash[] = { add_named, import_hashes };

    (void)state;
    survives_each_failure(by_id, 2);
    survives_each_failure(by_hash, 2);
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

static void parts_of_turns_report_each_failed_allocation(void **state)
{
    static step *const layouts[] = { export_messages, export_sharegpt, export_glaive };
    step *const scoring[] = { add_parts, score_answers };

    (void)state;
    survives_each_failure(scoring, 2);
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        step *const steps[] = { add_parts, score_answers, choose_all, layouts[i] };

        survives_each_failure(steps, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_reports_each_failed_allocation),
        cmocka_unit_test(every_kind_of_score_run_reports_each_failed_allocation),
        cmocka_unit_test(making_a_cohort_reports_each_failed_allocation),
        cmocka_unit_test(import_reports_each_failed_allocation),
        cmocka_unit_test(select_reports_each_failed_allocation),
        cmocka_unit_test(export_reports_each_failed_allocation),
        cmocka_unit_test(parts_of_turns_report_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("stages/score, out of memory", tests, NULL, NULL);
}
