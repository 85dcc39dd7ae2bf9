/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole GATEAU runs against numbers that independent programs computed in double precision:
 * tests/data/gateau.py for the models of this repository, and for larger models the files in
 * $CURATE_SHARED/golden, if there are any.
 */
#include "tests/support/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/file.h"
#include "base/json/json.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "scoring/scorer.h"
#include "tests/support/observe_prompts.h"

enum { SAMPLES_MAX = 16, SEGMENTS_MAX = 64 };

/* The kernel families that multiply floats. The others round their inputs, and may differ
 * by: */
enum { FLOATS = CPU_AVX2 | CPU_AVX512 };
#define ROUNDED_NLL       2e-3
#define ROUNDED_ATTENTION 1e-7

/* What the other program computed for a sample. */
struct golden {
    double nll_long;
    double nll_short;
    double nll_alone;
    bool in_pool; /* the sample has a cas, so the members below are set */
    double cas;
    double hmp;
    double gateau[2]; /* at alpha 0.7 and 0.8 */
    size_t n_segments;
    double tok_start[SEGMENTS_MAX];
    double tok_end[SEGMENTS_MAX];
    double attention[SEGMENTS_MAX];
    double segment_nll[SEGMENTS_MAX];
    struct slice context, instruction, response;
};

struct golden_case {
    const char *folder;
    const char *samples; /* number of files in the case */
    const char *long_model;
    const char *short_model;
    size_t segment_tokens;
    bool same_ids; /* our tokenizer gives the same ids for the text */

    size_t n;
    struct golden golden[SAMPLES_MAX];
    struct prompt prompts[SAMPLES_MAX];
    struct observation with_long[SAMPLES_MAX];
    struct observation with_short[SAMPLES_MAX];
    struct arena arena;
};

static void assert_near(double value, double want, double tolerance)
{
    if (!(fabs(value - want) <= tolerance))
        fail_msg("%.12g is not within %g of %.12g", value, tolerance, want);
}

static double number(const struct json_value *object, const char *key)
{
    double value = NAN;

    if (!json_double(json_get(object, key), &value))
        fail_msg("there is no number \"%s\"", key);
    return value;
}

static size_t numbers(const struct json_value *array, double *out)
{
    const size_t n = json_count(array);

    assert_true(n <= SEGMENTS_MAX);
    for (size_t i = 0; i < n; i++)
        assert_true(json_double(json_at(array, i), &out[i]));
    return n;
}

/* Append the ids of one piece. Returns how many there are. */
static size_t add_ids(const struct json_value *array, struct prompt *prompt)
{
    const size_t n = json_count(array);
    struct error err;

    for (size_t i = 0; i < n; i++) {
        int64_t id = -1;

        assert_true(json_int(json_at(array, i), &id));
        assert_ok(token_buf_add(&prompt->ids, (int32_t)id, &err));
    }
    return n;
}

static void read_prompt(const struct json_value *ids, struct prompt *prompt)
{
    prompt->n_head = add_ids(json_get(ids, "bos"), prompt);
    prompt->n_head += add_ids(json_get(ids, "head"), prompt);
    prompt->n_context = add_ids(json_get(ids, "context"), prompt);
    prompt->n_tail = add_ids(json_get(ids, "tail"), prompt);
    prompt->n_response = add_ids(json_get(ids, "response"), prompt);
}

static void read_sample(struct golden_case *c, const struct json_value *record)
{
    struct golden *golden = &c->golden[c->n];
    const struct json_value *segments = json_get(record, "segments");

    assert_true(c->n < SAMPLES_MAX);
    read_prompt(json_get(record, "ids"), &c->prompts[c->n]);
    golden->nll_long = number(record, "nll_long");
    golden->nll_short = number(record, "nll_short");
    golden->nll_alone = number(record, "nll_response_alone");
    golden->in_pool = json_type(json_get(record, "cas")) == JSON_NUMBER;
    if (golden->in_pool) {
        golden->cas = number(record, "cas");
        golden->hmp = number(record, "hmp");
        golden->gateau[0] = number(record, "score_alpha_0.7");
        golden->gateau[1] = number(record, "score_alpha_0.8");
    }
    golden->n_segments = numbers(json_get(record, "segment_attention"), golden->attention);
    assert_int_equal(numbers(json_get(record, "segment_nll"), golden->segment_nll),
                     golden->n_segments);
    for (size_t i = 0; i < golden->n_segments; i++) {
        const struct json_value *segment = json_at(segments, i);

        assert_true(json_double(json_at(segment, 0), &golden->tok_start[i]));
        assert_true(json_double(json_at(segment, 1), &golden->tok_end[i]));
    }
    if (c->same_ids) {
        golden->context = arena_copy(&c->arena, json_text(json_get(record, "context")));
        golden->instruction = arena_copy(&c->arena, json_text(json_get(record, "instruction")));
        golden->response = arena_copy(&c->arena, json_text(json_get(record, "response")));
    }
    c->n++;
}

static void read_case(struct golden_case *c)
{
    char path[4096];
    struct buf text;
    struct json *json = NULL;
    const struct json_value *record;
    enum json_issue issue;
    size_t issue_at;
    const char *detail;
    struct error err;

    buf_init(&text, 64 << 20);
    arena_init(&c->arena);
    snprintf(path, sizeof path, "%s/%s", c->folder, c->samples);
    assert_ok(file_read(path, &text, &err));
    assert_ok(json_new(&json, &err));
    for (char *line = text.data; line && *line;) {
        char *end = strchr(line, '\n');
        const size_t len = end ? (size_t)(end - line) : strlen(line);

        assert_ok(
            json_parse(json, slice_of(line, len), &record, &issue, &issue_at, &detail, &err));
        assert_non_null(record);
        read_sample(c, record);
        line += len + (end != NULL);
    }
    json_free(json);
    buf_release(&text);
    assert_true(c->n > 1);
}

/* Our tokenizer gives these ids for the text, piece by piece. */
static void check_ids(const struct golden_case *c, const struct tokenizer *tokenizer)
{
    struct error err;

    for (size_t i = 0; i < c->n; i++) {
        const struct golden *golden = &c->golden[i];
        const struct prompt *want = &c->prompts[i];
        const struct observed_text text = { .context = golden->context,
                                            .instruction = golden->instruction,
                                            .response = golden->response };
        struct prompt prompt = { 0 };

        assert_ok(prompt_build(prompt_template_find("plain"), tokenizer, &text, &prompt, &err));
        assert_int_equal(prompt.n_head, want->n_head);
        assert_int_equal(prompt.n_context, want->n_context);
        assert_int_equal(prompt.n_tail, want->n_tail);
        assert_int_equal(prompt.n_response, want->n_response);
        assert_memory_equal(prompt.ids.ids, want->ids.ids, want->ids.n * sizeof *want->ids.ids);
        prompt_release(&prompt);
    }
}

static void observe(struct golden_case *c, const char *file, unsigned cpu_flags, unsigned needs,
                    struct observation *out)
{
    char path[4096];
    struct model *model = NULL;
    struct pool *pool = NULL;
    struct observer *observer = NULL;
    struct kernels kernels;
    const struct observer_options options = { .max_tokens = 4096,
                                              .segment_tokens = c->segment_tokens,
                                              .batch_tokens = 1024,
                                              .template = prompt_template_find("plain") };
    struct error err;

    kernels_init(&kernels, cpu_detect() & cpu_flags);
    snprintf(path, sizeof path, "%s/%s", c->folder, file);
    assert_ok(model_open(path, &model, &err));
    assert_ok(pool_new(2, &pool, &err));
    assert_ok(observer_new(model, &kernels, pool, &options, &observer, &err));
    if (c->same_ids)
        check_ids(c, model_tokenizer(model));
    assert_ok(observe_prompts(observer, c->prompts, c->n, needs, &c->arena, out, &err));
    observer_free(observer);
    pool_free(pool);
    model_close(model);
}

static void check_observations(const struct golden_case *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct golden *golden = &c->golden[i];
        const struct observation *seen = &c->with_long[i];

        assert_null(seen->reason);
        assert_false(seen->truncated);
        assert_near(seen->nll_nats, golden->nll_long, 1e-4);
        assert_near(c->with_short[i].nll_nats, golden->nll_short, 1e-4);
        assert_null(seen->alone_reason);
        assert_near(seen->nll_alone_nats, golden->nll_alone, 1e-4);
        assert_int_equal(seen->n_segments, golden->n_segments);
        for (size_t s = 0; s < seen->n_segments; s++) {
            const struct segment *segment = &seen->segments[s];

            assert_near((double)segment->tok_start, golden->tok_start[s], 0);
            assert_near((double)segment->tok_end, golden->tok_end[s], 0);
            assert_near(segment->attention, golden->attention[s], 1e-7);
            assert_near(segment->nll_nats, golden->segment_nll[s], 1e-4);
        }
    }
}

static double larger_gap(double most, double a, double b)
{
    return fmax(most, fabs(a - b));
}

/* With the CPU's best kernel family, which may round its inputs. */
static void check_rounded(const struct golden_case *c)
{
    double nll = 0, segment_nll = 0, attention = 0;

    for (size_t i = 0; i < c->n; i++) {
        const struct golden *golden = &c->golden[i];
        const struct observation *seen = &c->with_long[i];

        nll = larger_gap(nll, seen->nll_nats, golden->nll_long);
        nll = larger_gap(nll, c->with_short[i].nll_nats, golden->nll_short);
        nll = larger_gap(nll, seen->nll_alone_nats, golden->nll_alone);
        for (size_t s = 0; s < seen->n_segments; s++) {
            const struct segment *segment = &seen->segments[s];

            segment_nll = larger_gap(segment_nll, segment->nll_nats, golden->segment_nll[s]);
            attention = larger_gap(attention, segment->attention, golden->attention[s]);
        }
    }
    print_message("# rounded: off by %.2g, of segments %.2g, attention %.2g\n", nll,
                  segment_nll, attention);
    assert_true(nll <= ROUNDED_NLL && segment_nll <= ROUNDED_NLL);
    assert_true(attention <= ROUNDED_ATTENTION);
}

/* Each pair of samples is in the order of the other program. */
static void check_order(const double *values, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (want[i] < want[j])
                assert_true(values[i] < values[j]);
}

/* The samples of the pool: their inputs to hmp and gateau, and the expected values. */
struct pool_values {
    size_t n;
    double nll_short[SAMPLES_MAX];
    double nll_long[SAMPLES_MAX];
    double cas[SAMPLES_MAX];
    double want_cas[SAMPLES_MAX];
    double want_hmp[SAMPLES_MAX];
    double want_gateau[2][SAMPLES_MAX];
};

static void gather(const struct golden_case *c, struct pool_values *pool)
{
    pool->n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct golden *golden = &c->golden[i];
        const size_t at = pool->n;
        struct score score;

        scorer_observe(scorer_find("cas"), &c->with_long[i], &score);
        if (!golden->in_pool) {
            assert_string_equal(score.reason, "too_few_segments");
            continue;
        }
        assert_null(score.reason);
        assert_near(score.value, golden->cas, 1e-6);
        pool->cas[at] = score.value;
        pool->nll_short[at] = c->with_short[i].nll_nats;
        pool->nll_long[at] = c->with_long[i].nll_nats;
        pool->want_cas[at] = golden->cas;
        pool->want_hmp[at] = golden->hmp;
        pool->want_gateau[0][at] = golden->gateau[0];
        pool->want_gateau[1][at] = golden->gateau[1];
        pool->n++;
    }
}

static void check_scores(const struct golden_case *c)
{
    struct pool_values pool;
    double hmp[SAMPLES_MAX], gateau[SAMPLES_MAX];
    struct error err;

    gather(c, &pool);
    check_order(pool.cas, pool.want_cas, pool.n);
    for (size_t a = 0; a < 2; a++) {
        const struct scorer_options options = { .alpha = a == 0 ? 0.7 : 0.8 };
        const double *const nlls[] = { pool.nll_short, pool.nll_long };
        const double *const parts[] = { hmp, pool.cas };

        assert_ok(scorer_find("hmp")->rank(&options, nlls, pool.n, hmp, &err));
        assert_ok(scorer_find("gateau")->rank(&options, parts, pool.n, gateau, &err));
        for (size_t i = 0; i < pool.n; i++) {
            assert_near(hmp[i], pool.want_hmp[i], 1e-4);
            assert_near(gateau[i], pool.want_gateau[a][i], 1e-5);
        }
        check_order(hmp, pool.want_hmp, pool.n);
        check_order(gateau, pool.want_gateau[a], pool.n);
    }
}

static void release_case(struct golden_case *c)
{
    for (size_t i = 0; i < c->n; i++)
        prompt_release(&c->prompts[i]);
    arena_release(&c->arena);
}

static void gateau_matches_an_independent_program(void **state)
{
    struct golden_case *c = *state;

    read_case(c);
    observe(c, c->long_model, FLOATS, NEED_NLL | NEED_NLL_ALONE | NEED_SEGMENTS, c->with_long);
    observe(c, c->short_model, FLOATS, NEED_NLL, c->with_short);
    check_observations(c);
    check_scores(c);

    observe(c, c->long_model, ~0U, NEED_NLL | NEED_NLL_ALONE | NEED_SEGMENTS, c->with_long);
    observe(c, c->short_model, ~0U, NEED_NLL, c->with_short);
    check_rounded(c);
    release_case(c);
}

static struct CMUnitTest case_test(const char *name, struct golden_case *c)
{
    return (struct CMUnitTest){ .name = name,
                                .test_func = gateau_matches_an_independent_program,
                                .initial_state = c };
}

int main(void)
{
    static struct golden_case own = { .samples = "tiny-llama-gateau.jsonl",
                                      .long_model = "tiny-llama.gguf",
                                      .short_model = "tiny-llama-short.gguf",
                                      .segment_tokens = 16 };
    static struct golden_case llama = { .samples = "tiny-llama.jsonl",
                                        .long_model = "tiny-llama-long.gguf",
                                        .short_model = "tiny-llama-short.gguf",
                                        .segment_tokens = 128 };
    static struct golden_case qwen2 = { .samples = "tiny-qwen2.jsonl",
                                        .long_model = "tiny-qwen2-long.gguf",
                                        .short_model = "tiny-qwen2-short.gguf",
                                        .segment_tokens = 128,
                                        .same_ids = true };
    const char *shared = getenv("CURATE_SHARED");
    char data[2048], golden[2048];

    snprintf(data, sizeof data, "%s/tests/data", getenv("CURATE_SOURCE"));
    own.folder = data;
    snprintf(golden, sizeof golden, "%s/golden", shared ? shared : "");
    llama.folder = qwen2.folder = golden;

    const struct CMUnitTest tests[] = {
        case_test("own_models_match_the_independent_program", &own),
        case_test("shared_llama_matches_the_independent_program", &llama),
        case_test("shared_qwen2_matches_the_independent_program", &qwen2),
    };
    const struct CMUnitTest without_shared[] = { tests[0] };

    if (shared && access(golden, R_OK) == 0)
        return cmocka_run_group_tests_name("scoring/golden", tests, NULL, NULL);
    printf("# CURATE_SHARED names no folder with more golden numbers: its cases are skipped\n");
    return cmocka_run_group_tests_name("scoring/golden", without_shared, NULL, NULL);
}
