/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions against numbers of larger models with real vocabularies, which another program
 * computed in double precision. They are reference material beside the repository. Without it
 * the tests are skipped.
 */
#include "tests/support/test.h"

#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/file.h"
#include "base/json/json.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "tests/support/infer.h"

#define NLL_TOLERANCE       1e-3
#define ATTENTION_TOLERANCE 1e-5

enum { SAMPLES_MAX = 32, SPANS_MAX = 64, CALL_MAX = SAMPLES_MAX * SPANS_MAX };

/* ids is the whole sequence: head (with BOS), context, tail, response. */
struct sample {
    int32_t *ids;
    size_t n_head, n_prompt, n;
    size_t n_context;
    size_t n_segments;
    struct span segments[SPANS_MAX]; /* positions within ids */
    const double *nll_tokens;
    const double *attention;
    const double *segment_nll;
    double nll_short, nll_last_256, nll_alone;
};

struct golden {
    struct arena arena;
    const char *long_path;
    const char *short_path;
    struct sample samples[SAMPLES_MAX];
    size_t n;
    unsigned flags[FAMILIES_MAX];
    size_t n_families;
};

/* The sequences of one call. The results of all sequences are stored one after the other. */
struct call {
    struct arena arena;
    struct sequence *sequences;
    size_t n;
    size_t n_nll;
    double *nll;
    double *attention; /* SPANS_MAX values for each sequence */
};

static double number(const struct json_value *record, const char *key)
{
    double value = NAN;

    assert_true(json_double(json_get(record, key), &value));
    return value;
}

static void read_sample(struct golden *golden, const struct json_value *record)
{
    struct sample *sample = &golden->samples[golden->n++];
    const struct json_value *ids = json_get(record, "ids");
    const struct json_value *segments = json_get(record, "segments");

    assert_true(golden->n <= SAMPLES_MAX);
    *sample = (struct sample){ .n = 0 };
    sample->ids = arena_alloc(&golden->arena, 1 << 16, sizeof *sample->ids);
    assert_non_null(sample->ids);
    read_ids(json_get(ids, "bos"), sample->ids, &sample->n);
    read_ids(json_get(ids, "head"), sample->ids, &sample->n);
    sample->n_head = sample->n;
    read_ids(json_get(ids, "context"), sample->ids, &sample->n);
    sample->n_context = sample->n - sample->n_head;
    read_ids(json_get(ids, "tail"), sample->ids, &sample->n);
    sample->n_prompt = sample->n;
    read_ids(json_get(ids, "response"), sample->ids, &sample->n);

    sample->n_segments = json_count(segments);
    assert_true(sample->n_segments <= SPANS_MAX);
    for (size_t i = 0; i < sample->n_segments; i++) {
        const double *ends = read_doubles(&golden->arena, json_at(segments, i));

        sample->segments[i] =
            (struct span){ sample->n_head + (size_t)ends[0], sample->n_head + (size_t)ends[1] };
    }
    sample->nll_tokens = read_doubles(&golden->arena, json_get(record, "nll_tokens_long"));
    sample->attention = read_doubles(&golden->arena, json_get(record, "segment_attention"));
    sample->segment_nll = read_doubles(&golden->arena, json_get(record, "segment_nll"));
    sample->nll_short = number(record, "nll_short");
    sample->nll_last_256 = number(record, "nll_last_256_tokens_of_prompt");
    sample->nll_alone = number(record, "nll_response_alone");
}

static void read_lines(struct golden *golden, const char *path)
{
    const struct json_value *record = NULL;
    enum json_issue issue = JSON_OK;
    const char *detail = NULL;
    struct json *json = NULL;
    struct buf text;
    struct error err;
    size_t at = 0;

    buf_init(&text, 1 << 26);
    assert_ok(file_read(path, &text, &err));
    assert_ok(json_new(&json, &err));
    for (const char *line = text.data; line < text.data + text.len;) {
        const size_t len = strcspn(line, "\n");

        assert_ok(json_parse(json, slice_of(line, len), &record, &issue, &at, &detail, &err));
        read_sample(golden, record);
        line += len + 1;
    }
    json_free(json);
    buf_release(&text);
}

static void golden_open(struct golden *golden, const char *name)
{
    char file[64];

    arena_init(&golden->arena);
    golden->n = 0;
    golden->n_families = find_families(golden->flags);
    snprintf(file, sizeof file, "golden/%s-long.gguf", name);
    golden->long_path = shared_path(&golden->arena, file);
    snprintf(file, sizeof file, "golden/%s-short.gguf", name);
    golden->short_path = shared_path(&golden->arena, file);
    snprintf(file, sizeof file, "golden/%s.jsonl", name);
    read_lines(golden, shared_path(&golden->arena, file));
    assert_true(golden->long_path && golden->short_path && golden->n > 0);
}

static void call_open(struct call *call)
{
    *call = (struct call){ .n = 0 };
    arena_init(&call->arena);
    call->sequences = arena_alloc(&call->arena, CALL_MAX, sizeof *call->sequences);
    call->nll = arena_alloc(&call->arena, 1 << 18, sizeof *call->nll);
    call->attention =
        arena_alloc(&call->arena, SAMPLES_MAX * SPANS_MAX, sizeof *call->attention);
    assert_true(call->sequences && call->nll && call->attention);
    memset(call->attention, 0, SAMPLES_MAX * SPANS_MAX * sizeof *call->attention);
}

/* Add a sequence of prompt and response. The response is scored. */
static struct sequence *call_add(struct call *call, const int32_t *prompt, size_t n_prompt,
                                 const struct sample *sample)
{
    const size_t n_response = sample->n - sample->n_prompt;
    int32_t *ids = arena_alloc(&call->arena, n_prompt + n_response, sizeof *ids);
    struct sequence *sequence = &call->sequences[call->n++];

    assert_true(ids && call->n <= CALL_MAX && call->n_nll + n_response <= 1 << 18);
    memcpy(ids, prompt, n_prompt * sizeof *ids);
    memcpy(ids + n_prompt, sample->ids + sample->n_prompt, n_response * sizeof *ids);
    *sequence = (struct sequence){
        .tokens = ids,
        .n_tokens = n_prompt + n_response,
        .score_from = n_prompt,
        .nll_nats = call->nll + call->n_nll,
    };
    call->n_nll += n_response;
    return sequence;
}

/* Add every sample as a whole, with attention on its segments. */
static void add_whole_samples(struct call *call, const struct golden *golden)
{
    for (size_t i = 0; i < golden->n; i++) {
        const struct sample *sample = &golden->samples[i];
        struct sequence *sequence = call_add(call, sample->ids, sample->n_prompt, sample);

        sequence->attend_from = sample->n_prompt;
        sequence->spans = sample->segments;
        sequence->n_spans = sample->n_segments;
        sequence->attention = call->attention + i * SPANS_MAX;
    }
}

static double mean_nll(const struct sequence *sequence)
{
    const size_t n = sequence->n_tokens - sequence->score_from;
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += sequence->nll_nats[i];
    return sum / (double)n;
}

static void assert_near(double value, double want, double *worst)
{
    const double off = fabs(value - want);

    *worst = off > *worst ? off : *worst;
    if (!(off <= NLL_TOLERANCE))
        fail_msg("%.9g is not within %g of %.9g", value, NLL_TOLERANCE, want);
}

static void check_tokens_and_segments(const struct golden *golden, unsigned flags)
{
    struct runner runner;
    struct call call;
    struct error err;
    double nll = 0, attention = 0;

    runner_open(&runner, golden->long_path, flags, 2);
    call_open(&call);
    add_whole_samples(&call, golden);
    assert_ok(session_eval(runner.session, call.sequences, call.n, &err));
    for (size_t i = 0; i < golden->n; i++) {
        const struct sample *sample = &golden->samples[i];

        nll = fmax(nll, max_difference(call.sequences[i].nll_nats, sample->nll_tokens,
                                       sample->n - sample->n_prompt));
        attention = fmax(attention, max_difference(call.sequences[i].attention,
                                                   sample->attention, sample->n_segments));
    }
    print_message("# %s: nll of tokens off by %.2g, attention of segments by %.2g\n",
                  runner.session->kernels.name, nll, attention);
    assert_true(nll <= NLL_TOLERANCE);
    assert_true(attention <= ATTENTION_TOLERANCE);
    arena_release(&call.arena);
    runner_close(&runner);
}

/* The mean NLLs of GATEAU's other passes: with the short model, with a truncated prompt,
 * without a prompt, and with each segment in place of the context. */
static void check_means(const struct golden *golden, unsigned flags)
{
    struct runner of_long, of_short;
    struct call with_long, with_short;
    struct error err;
    double worst = 0;

    runner_open(&of_long, golden->long_path, flags, 2);
    runner_open(&of_short, golden->short_path, flags, 2);
    const int32_t bos = tokenizer_bos(model_tokenizer(of_long.model));
    call_open(&with_long);
    call_open(&with_short);
    for (size_t i = 0; i < golden->n; i++) {
        const struct sample *sample = &golden->samples[i];

        call_add(&with_short, sample->ids, sample->n_prompt, sample);
        call_add(&with_long, sample->ids + sample->n_prompt - 256, 256, sample);
        call_add(&with_long, &bos, 1, sample);
        for (size_t s = 0; s < sample->n_segments; s++) {
            const struct span span = sample->segments[s];
            const size_t n_span = span.end - span.start;
            const size_t n_tail = sample->n_prompt - sample->n_head - sample->n_context;
            int32_t prompt[1024];

            assert_true(sample->n_head + n_span + n_tail <= 1024);
            memcpy(prompt, sample->ids, sample->n_head * sizeof *prompt);
            memcpy(prompt + sample->n_head, sample->ids + span.start, n_span * sizeof *prompt);
            memcpy(prompt + sample->n_head + n_span,
                   sample->ids + sample->n_head + sample->n_context, n_tail * sizeof *prompt);
            call_add(&with_long, prompt, sample->n_head + n_span + n_tail, sample);
        }
    }
    assert_ok(session_eval(of_long.session, with_long.sequences, with_long.n, &err));
    assert_ok(session_eval(of_short.session, with_short.sequences, with_short.n, &err));

    const struct sequence *next = with_long.sequences;
    for (size_t i = 0; i < golden->n; i++) {
        const struct sample *sample = &golden->samples[i];

        assert_near(mean_nll(&with_short.sequences[i]), sample->nll_short, &worst);
        assert_near(mean_nll(next++), sample->nll_last_256, &worst);
        assert_near(mean_nll(next++), sample->nll_alone, &worst);
        for (size_t s = 0; s < sample->n_segments; s++)
            assert_near(mean_nll(next++), sample->segment_nll[s], &worst);
    }
    print_message("# %s: mean nll off by %.2g\n", of_long.session->kernels.name, worst);
    arena_release(&with_long.arena);
    arena_release(&with_short.arena);
    runner_close(&of_long);
    runner_close(&of_short);
}

/* Three samples, one by one on one thread, against all at once on two threads. */
static void check_bits(const struct golden *golden, unsigned flags)
{
    struct golden few = *golden;
    struct call alone, together;
    struct runner one, two;
    struct error err;

    runner_open(&one, golden->long_path, flags, 1);
    runner_open(&two, golden->long_path, flags, 2);
    call_open(&alone);
    call_open(&together);
    few.n = few.n < 3 ? few.n : 3;
    add_whole_samples(&alone, &few);
    add_whole_samples(&together, &few);
    for (size_t i = 0; i < alone.n; i++)
        assert_ok(session_eval(one.session, &alone.sequences[i], 1, &err));
    assert_ok(session_eval(two.session, together.sequences, together.n, &err));

    assert_memory_equal(alone.nll, together.nll, alone.n_nll * sizeof *alone.nll);
    assert_memory_equal(alone.attention, together.attention,
                        SAMPLES_MAX * SPANS_MAX * sizeof *alone.attention);
    arena_release(&alone.arena);
    arena_release(&together.arena);
    runner_close(&one);
    runner_close(&two);
}

/* Start with the best kernel family of the CPU, or with the reference family. */
enum families { BEST_FAMILY, ALL_FAMILIES };

static void check(const char *name, enum families families,
                  void (*part)(const struct golden *, unsigned))
{
    struct golden *golden = test_calloc(1, sizeof *golden);

    golden_open(golden, name);
    for (size_t f = families == ALL_FAMILIES ? 0 : golden->n_families - 1;
         f < golden->n_families; f++)
        part(golden, golden->flags[f]);
    arena_release(&golden->arena);
    test_free(golden);
}

static void llama_tokens_and_segments_match_the_other_program(void **state)
{
    (void)state;

    check("tiny-llama", ALL_FAMILIES, check_tokens_and_segments);
}

static void llama_means_match_the_other_program(void **state)
{
    (void)state;

    check("tiny-llama", BEST_FAMILY, check_means);
}

static void llama_bits_do_not_depend_on_threads_or_batching(void **state)
{
    (void)state;

    check("tiny-llama", BEST_FAMILY, check_bits);
}

static void qwen2_tokens_and_segments_match_the_other_program(void **state)
{
    (void)state;

    check("tiny-qwen2", ALL_FAMILIES, check_tokens_and_segments);
}

static void qwen2_means_match_the_other_program(void **state)
{
    (void)state;

    check("tiny-qwen2", BEST_FAMILY, check_means);
}

static void qwen2_bits_do_not_depend_on_threads_or_batching(void **state)
{
    (void)state;

    check("tiny-qwen2", BEST_FAMILY, check_bits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llama_tokens_and_segments_match_the_other_program),
        cmocka_unit_test(llama_means_match_the_other_program),
        cmocka_unit_test(llama_bits_do_not_depend_on_threads_or_batching),
        cmocka_unit_test(qwen2_tokens_and_segments_match_the_other_program),
        cmocka_unit_test(qwen2_means_match_the_other_program),
        cmocka_unit_test(qwen2_bits_do_not_depend_on_threads_or_batching),
    };
    struct arena arena;

    arena_init(&arena);
    const bool there = shared_path(&arena, "golden/tiny-llama.jsonl") != NULL;
    arena_release(&arena);
    if (!there)
        return SKIP_ALL("the golden numbers of the reference material are not here");
    return cmocka_run_group_tests_name("infer/golden", tests, NULL, NULL);
}
