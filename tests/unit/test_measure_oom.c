/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of measuring fails once. It returns ERR_NOMEM, leaks nothing, and leaves a
 * database in which the same command works. */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "scoring/facts/flag_list.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"
#include "stages/measure/facts.h"
#include "tests/support/oom.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"
#include "tests/support/vocab_fixture.h"

enum { MAX_ALLOCATIONS = 20000, MAX_COLUMNS = 400 };

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

static int measure(struct stage_run *run, struct error *err)
{
    char tokenizer[1024];

    snprintf(tokenizer, sizeof tokenizer, "%s/tests/data/tiny-qwen2.gguf",
             getenv("CURATE_SOURCE"));
    return stage_run(run, err, "measure", "facts", "turns", "facts", "tokens", "tokenizer",
                     tokenizer, "label", "topic=meta.category", "where", "sample_id > 0", NULL);
}

/* Measure a new database with allocation n of the calling thread failing. Returns whether it
 * was reached. */
static bool fails_once(size_t n)
{
    struct injection injection = { .n = n };
    struct stage_run run;
    struct error err;
    void *samples;

    store_fixture_setup(&samples);
    store_fixture_add(samples, "the cat sat on the mat", "who sat?", "the cat");
    store_fixture_add(samples, NULL, "say that it rains", "the rain fell");
    stage_run_init(&run, ((struct store_fixture *)samples)->store);
    run.n_threads = 1;
    run.arg = &injection;
    run.enter = enter;
    run.leave = leave;
    if (measure(&run, &err) < 0) {
        assert_true(injection.refused);
        assert_int_equal(err.code, ERR_NOMEM);
        run.enter = run.leave = NULL;
        assert_ok(measure(&run, &err));
    } else {
        assert_false(injection.refused);
    }
    assert_rows(run.store, "SELECT count(*), count(turns), min(tokens) > 0 FROM v_facts",
                "2|2|1");
    store_fixture_teardown(&samples);
    return injection.refused;
}

static void measure_reports_each_failed_allocation(void **state)
{
    /* Under a sanitizer a run takes three times as long: every third allocation fails. */
    const size_t step_size = TEST_IS_SANITIZED ? 3 : 1;
    size_t n = 0;

    (void)state;
    while (n < MAX_ALLOCATIONS && fails_once(n))
        n += step_size;
    assert_true(n > 3);
    assert_true(n < MAX_ALLOCATIONS);
}

/* Parse a list that must be converted, and find its phrases. */
static int find_flagged(const void *input, struct error *err)
{
    const char *text = input;
    struct text_splitter *splitter = NULL;
    struct measured_text measured;
    struct flag_list *list = NULL;
    struct flag_counts counts = { 0 };
    int rc = flag_list_parse(slice_text("blo\xcc\x88"
                                        "d\r\nla  nuit\nBl\xc3\xb6"
                                        "d\n"),
                             &list, err);

    if (rc == 0)
        rc = text_splitter_new(&splitter, err);
    if (rc == 0)
        rc = text_split(splitter, slice_text(text), &measured, err);
    if (rc == 0)
        rc = flag_list_find(list, &measured, &counts, err);
    if (rc == 0)
        assert_int_equal(counts.n_phrases, 2);
    text_splitter_free(splitter);
    flag_list_free(list);
    return rc;
}

/* Check a request with a list. */
static int check_request(const void *input, struct error *err)
{
    const char *names[] = { "flagged" };
    const struct text_list list = { .items = names, .n = 1 };
    const struct text_list none = { .n = 0 };
    const struct measure_request request = { .names = &list,
                                             .labels = &none,
                                             .flagged_words = input };
    struct measure_facts *facts = NULL;
    const int rc = measure_facts_new(&request, &facts, err);

    measure_facts_free(facts);
    return rc;
}

static void flagged_words_report_each_failed_allocation(void **state)
{
    char path[1024];

    (void)state;
    snprintf(path, sizeof path, "%s/tests/data/flagged.txt", getenv("CURATE_SOURCE"));
    assert_true(oom_survive(check_request, path) > 10);
    assert_true(oom_survive(find_flagged, "BL\xc3\x96"
                                          "D, la nuit") > 8);
}

/* What a thread measures with. */
struct thread_input {
    const struct tokenizer *tokenizer;
    const struct flag_list *flagged_words;
    const struct measurer *only; /* NULL: all of this build */
};

/* What a thread does. */
static int measure_sample(const void *input, struct error *err)
{
    static const char call[] = "[{\"id\":\"c\",\"name\":\"f\",\"arguments\":{}},"
                               "{\"name\":\"f\",\"arguments\":{\"x\":1}}]";
    static const char tools[] =
        "[{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"properties\":"
        "{\"x\":{\"type\":\"string\"}},\"required\":[\"x\"]}}]";
    const struct measured_turn turns[] = {
        { .role = slice_text("user"),
          .content = slice_text("Mail a@acme.com in 3 words, with the keyword \"snow\"."
                                " Draw a tree of the nodes A and B.") },
        { .role = slice_text("assistant"),
          .content = slice_text("So."),
          .calls = slice_text(call) },
        { .role = slice_text("tool"),
          .content = slice_text("{}"),
          .extra = slice_text("{\"tool_call_id\":\"d\"}") },
        { .role = slice_text("assistant"),
          .content = slice_text("So."),
          .calls = slice_text(call) },
        { .role = slice_text("assistant"),
          .content = slice_text("The rain fell on the mat, call 4111 1111 1111 1111.\n"
                                "```\nA -> B\nA -> C\n```\n"
                                "<tool_call>{\"name\":\"g\"}</tool_call>\n```json\n{]\n") },
        { .role = slice_text("user"), .content = slice_text("Thanks. Damn, what a cat!") },
    };
    struct arena arena = { 0 };
    const struct measured_sample sample = {
        .arena = &arena,
        .context = slice_text("The cat sat on the mat, and the dog lay on the rug."),
        .tools = slice_text(tools),
        .turns = turns,
        .n_turns = sizeof turns / sizeof *turns,
        .response_turn = 4,
    };
    const struct thread_input *given = input;
    const struct measure_options options = { .tokenizer = given->tokenizer,
                                             .flagged_words = given->flagged_words };
    const struct measurer *chosen[MAX_COLUMNS];
    struct fact_value values[MAX_COLUMNS], of_turn[MAX_COLUMNS];
    struct span_list spans = { .n = 0 };
    struct measuring *measuring = NULL;
    size_t n = 0;

    for (size_t i = 0; measurers[i]; i++)
        if (!measurers[i]->left_out && (!given->only || measurers[i] == given->only))
            chosen[n++] = measurers[i];
    int rc = measuring_new(&options, &measuring, err);
    if (rc == 0)
        rc = measuring_run(measuring, &sample, chosen, n, values, &spans, err);
    if (rc == 0)
        rc = measuring_run_turn(measuring, &sample, 5, chosen, n, values, of_turn, err);
    measuring_free(measuring);
    span_list_release(&spans);
    arena_release(&arena);
    return rc;
}

static void a_thread_reports_each_failed_allocation(void **state)
{
    struct vocab_fixture fixture;
    struct flag_list *list = NULL;
    struct vocab_open open;
    struct error err;

    (void)state;
    vocab_fixture_bpe(&fixture);
    assert_ok(vocab_fixture_open(&fixture, &open, &err));
    assert_ok(flag_list_parse(slice_text("the rain\nblo\xcc\x88"
                                         "d\n"),
                              &list, &err));
    struct thread_input input = { open.tokenizer, list, NULL };
    const size_t n_all = oom_survive(measure_sample, &input);
    size_t n_each = 0;
    for (size_t i = 0; measurers[i]; i++) {
        input.only = measurers[i];
        n_each += measurers[i]->left_out ? 0 : oom_survive(measure_sample, &input);
    }
    assert_true(n_all > 60);
    assert_true(n_each > n_all);
    flag_list_free(list);
    vocab_open_release(&open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measure_reports_each_failed_allocation),
        cmocka_unit_test(flagged_words_report_each_failed_allocation),
        cmocka_unit_test(a_thread_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("stages/measure, out of memory", tests, NULL, NULL);
}
