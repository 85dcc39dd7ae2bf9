/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of measuring: no measurer allocates more than it says, a sample is measured within
 * a limit or not at all, and a limit on memory is divided so that the parts fit.
 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/threads/crew.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "stages/measure/measure_private.h"
#include "tests/support/oom.h"
#include "tests/support/vocab_fixture.h"

enum {
    TEXT_BYTES = 60000,
    /* What a measurer may allocate besides, whatever the text: the window of loops, tables of a
     * few grams, and what malloc() rounds up to. */
    BOUNDED_BYTES = 640 << 10,
    MAX_COLUMNS = 400,
};

/* Texts of which each needs much of another kind of memory. */
static const char *const repeated[] = {
    "the cat sat on the mat, again; ", /* prose */
    "!?&%=",                           /* a token for each byte */
    "a",                               /* one word, and one n-gram */
    "a\n\n",                           /* a line and a paragraph for three bytes */
    "\n",
    "a ",
    "\xe6\xb1\x89\xe5\xad\x97",
    "jo@acme.com ",
    "{\"a\":[",
    "| a | b |\n",
    "\xc2\xa0z\xc2\xa0 ",
};
enum { N_REPEATED = sizeof repeated / sizeof *repeated };

/* Repeat a piece; prose gets numbers, so that its n-grams differ. */
static void fill_text(size_t kind, struct buf *text)
{
    struct error err;
    char word[64];

    buf_init(text, 4 * TEXT_BYTES);
    for (size_t i = 0; text->len < TEXT_BYTES; i++) {
        snprintf(word, sizeof word, kind == 0 ? "%s%zu " : "%s", repeated[kind], i * i);
        assert_ok(buf_add_text(text, word, &err));
    }
}

/* What is measured. */
struct memory_fixture {
    struct buf text;
    struct arena arena;
    struct measured_turn turns[2];
    struct measured_sample sample;
    struct vocab_open vocab;
    struct measure_options options;
    struct fact_value values[MAX_COLUMNS];
    struct span_list spans;
};

static void open_fixture(struct memory_fixture *fixture, size_t kind, bool is_spm)
{
    struct vocab_fixture vocab;
    struct error err;

    *fixture = (struct memory_fixture){ .spans = { 0 } };
    fill_text(kind, &fixture->text);
    arena_init(&fixture->arena);
    if (is_spm)
        vocab_fixture_spm(&vocab);
    else
        vocab_fixture_bpe(&vocab);
    assert_ok(vocab_fixture_open(&vocab, &fixture->vocab, &err));
    fixture->options = (struct measure_options){ .tokenizer = fixture->vocab.tokenizer };
    fixture->turns[0] = (struct measured_turn){ .role = slice_text("user"),
                                                .content = buf_slice(&fixture->text) };
    fixture->turns[1] = (struct measured_turn){ .role = slice_text("assistant"),
                                                .content = buf_slice(&fixture->text) };
    fixture->sample = (struct measured_sample){ .arena = &fixture->arena,
                                                .turns = fixture->turns,
                                                .n_turns = 2,
                                                .instruction_turn = 0,
                                                .response_turn = 1 };
}

static void close_fixture(struct memory_fixture *fixture)
{
    span_list_release(&fixture->spans);
    vocab_open_release(&fixture->vocab);
    arena_release(&fixture->arena);
    buf_release(&fixture->text);
}

/* Measure a text, and return the most bytes that were allocated at once. */
static size_t count_measure(struct memory_fixture *fixture, const struct measurer *measurer,
                            const struct measured_text *text)
{
    struct token_buf ids = { 0 };
    struct measure_options options = fixture->options;
    struct error err;

    options.ids = &ids;
    oom_count_begin();
    const int rc = measurer->measure(text, &options, fixture->values, &err);
    const size_t peak = oom_count_end();
    assert_ok(rc);
    token_buf_release(&ids);
    return peak;
}

static void check_text(struct memory_fixture *fixture)
{
    struct text_splitter *splitter = NULL;
    struct measured_text text;
    struct error err;

    oom_count_begin();
    assert_ok(text_splitter_new(&splitter, &err));
    assert_int_equal(text_split(splitter, buf_slice(&fixture->text), &text, &err), 0);
    assert_true(oom_count_end() <= text_splitter_bytes(splitter) + BOUNDED_BYTES);
    for (size_t i = 0; measurers[i]; i++) {
        const struct measurer *measurer = measurers[i];
        size_t most = BOUNDED_BYTES;

        if (!measurer->measure || measurer->left_out || measurer->needs_flagged_words)
            continue;
        if (measurer->measure_bytes)
            most += measurer->measure_bytes(&text, &fixture->options);
        const size_t peak = count_measure(fixture, measurer, &text);
        if (peak > most)
            fail_msg("%s allocated %zu bytes and said %zu", measurer->name, peak, most);
    }
    text_splitter_free(splitter);
}

static void no_measurer_allocates_more_than_it_says(void **state)
{
    struct memory_fixture fixture;

    (void)state;
    for (size_t kind = 0; kind < N_REPEATED; kind++) {
        open_fixture(&fixture, kind, kind % 2);
        check_text(&fixture);
        close_fixture(&fixture);
    }
}

static size_t choose_all(const struct measurer **chosen)
{
    size_t n = 0;

    for (size_t i = 0; measurers[i]; i++)
        if (!measurers[i]->left_out && !measurers[i]->needs_flagged_words)
            chosen[n++] = measurers[i];
    return n;
}

/* Measure the sample with a limit (0: none). Returns the answer, and the peak of the memory. */
static int run_limited(struct memory_fixture *fixture, size_t limit, size_t *peak)
{
    const struct measurer *chosen[MAX_COLUMNS];
    const size_t n = choose_all(chosen);
    struct measuring *measuring = NULL;
    struct error err;

    fixture->spans.n = 0;
    fixture->spans.max = limit / sizeof(struct span) / 2;
    oom_count_begin();
    assert_ok(measuring_new(&fixture->options, &measuring, &err));
    if (limit > 0)
        measuring_limit(measuring, limit);
    const int rc = measuring_run(measuring, &fixture->sample, chosen, n, fixture->values,
                                 &fixture->spans, &err);
    measuring_free(measuring);
    *peak = oom_count_end();
    span_list_release(&fixture->spans);
    fixture->spans = (struct span_list){ 0 };
    if (rc < 0)
        fail_msg("%s", err.msg);
    return rc;
}

static void check_limits(struct memory_fixture *fixture)
{
    static struct fact_value want[MAX_COLUMNS];
    size_t peak = 0;
    size_t unlimited = 0;
    int n_measured = 0;

    assert_int_equal(run_limited(fixture, 0, &unlimited), 0);
    memcpy(want, fixture->values, sizeof want);
    for (size_t limit = 64 << 10; limit < SIZE_MAX / 8; limit *= 8) {
        const int rc = run_limited(fixture, limit, &peak);

        /* The spans may take half as much, and grow by doubling. */
        assert_true(peak < limit + limit / 2 + BOUNDED_BYTES);
        assert_true(rc == 0 || n_measured == 0);
        n_measured += rc == 0;
        if (rc == 0)
            assert_memory_equal(want, fixture->values, sizeof want);
        if (n_measured == 2)
            break;
    }
    assert_int_equal(n_measured, 2);
    assert_true(unlimited > 1 << 20);
}

static void a_sample_is_measured_within_the_limit_or_not_at_all(void **state)
{
    struct memory_fixture fixture;

    (void)state;
    for (size_t kind = 0; kind < N_REPEATED; kind += TEST_IS_SANITIZED ? 6 : 3) {
        open_fixture(&fixture, kind, kind % 2);
        check_limits(&fixture);
        close_fixture(&fixture);
    }
}

static void json_larger_than_the_limit_is_no_invalid_json(void **state)
{
    struct memory_fixture fixture;
    struct buf calls;
    struct error err;
    size_t peak;

    (void)state;
    open_fixture(&fixture, 0, false);
    fixture.turns[0].content = fixture.turns[1].content = slice_text("Call it.");
    buf_init(&calls, 1 << 20);
    assert_ok(buf_add_text(&calls, "[{\"name\":\"f\",\"arguments\":{\"x\":[0", &err));
    while (calls.len < TEXT_BYTES)
        assert_ok(buf_add_text(&calls, ",{}", &err));
    assert_ok(buf_add_text(&calls, "]}}]", &err));
    fixture.turns[1].calls = buf_slice(&calls);
    assert_int_equal(run_limited(&fixture, 1 << 20, &peak), 1);
    assert_int_equal(run_limited(&fixture, (size_t)4 << 30, &peak), 0);
    buf_release(&calls);
    close_fixture(&fixture);
}

static void a_limit_on_memory_is_divided_so_that_the_parts_fit(void **state)
{
    struct measure_memory memory;
    struct error err;

    (void)state;
    for (size_t n = 1; n <= CREW_THREADS_MAX; n *= 2) {
        for (uint64_t mib = 64; mib < 100000; mib *= 3) {
            const uint64_t limit = mib << 20;

            assert_ok(measure_share_memory(limit, 5 << 20, n, &memory, &err));
            const uint64_t of_threads = n * memory.thread_bytes;
            const uint64_t of_batches = 3 * crew_blocks(n) * memory.batch_bytes;
            const uint64_t all =
                memory.cache_bytes + memory.alone_bytes + of_threads + of_batches;
            /* A thread has at least 256 KiB, so 64 threads have more than a small limit. */
            assert_true(all + (5 << 20) <= limit || (n > 16 && mib == 64));
        }
    }
    assert_ok(measure_share_memory(0, 1 << 30, 4, &memory, &err));
    assert_false(memory.is_limited);
    assert_fails(measure_share_memory(64 << 20, 40 << 20, 1, &memory, &err), ERR_NOMEM,
                 "41 MiB, too much of the 64 MiB of --max-memory");
}

/* Measure the graphs of a response, and return the most bytes that were allocated at once. */
static void check_graph_text(struct memory_fixture *fixture, struct slice response)
{
    const struct measurer *measurer = measurer_find("graphs");
    struct error err;

    fixture->turns[0].content = slice_text("Draw a tree.");
    fixture->turns[1].content = response;
    oom_count_begin();
    const int rc = measurer->verify(&fixture->sample, &fixture->options, fixture->values,
                                    &fixture->spans, &err);
    const size_t peak = oom_count_end();
    assert_ok(rc);
    assert_null(fixture->values[0].reason);
    if (peak > measurer->verify_bytes(&fixture->sample) + BOUNDED_BYTES)
        fail_msg("graphs allocated %zu bytes and said %zu", peak,
                 measurer->verify_bytes(&fixture->sample));
}

static void graphs_need_what_they_say(void **state)
{
    static const char *const lines[] = { "%zx -> %zx\n", "%zx: %zx\n", "|-- %zx%zx\n",
                                         "`--a%.0zu%.0zu\n" };
    struct memory_fixture fixture;
    struct buf text;
    struct error err;

    (void)state;
    open_fixture(&fixture, 0, false);
    buf_init(&text, 4 * TEXT_BYTES);
    for (size_t kind = 0; kind < sizeof lines / sizeof *lines; kind++) {
        char line[64];

        buf_clear(&text);
        assert_ok(buf_add_text(&text, "```\n", &err));
        for (size_t i = 0; text.len < TEXT_BYTES; i++) {
            snprintf(line, sizeof line, lines[kind], i, i + 1);
            assert_ok(buf_add_text(&text, line, &err));
        }
        check_graph_text(&fixture, buf_slice(&text));
    }
    buf_release(&text);
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_measurer_allocates_more_than_it_says),
        cmocka_unit_test(a_sample_is_measured_within_the_limit_or_not_at_all),
        cmocka_unit_test(json_larger_than_the_limit_is_no_invalid_json),
        cmocka_unit_test(a_limit_on_memory_is_divided_so_that_the_parts_fit),
        cmocka_unit_test(graphs_need_what_they_say),
    };

    return cmocka_run_group_tests_name("memory of measuring", tests, NULL, NULL);
}
