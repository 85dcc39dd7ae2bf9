/* SPDX-License-Identifier: Apache-2.0 */
/* The models that make_zoo.py makes, one for each architecture, weight type and kind of rotary
 * position, against the numbers of oracle.py. Both sides use the same weights, so they differ
 * by the rounding of 32-bit sums only. */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/infer.h"

#define NLL_TOLERANCE       1e-4
#define ATTENTION_TOLERANCE 1e-6

struct exhibit {
    const char *name;
    double ntk_factor; /* stretch positions by dynamic NTK; 0: do not */
};

static const struct exhibit architectures[] = {
    { "llama", 0 },        { "llama-biases", 0 },   { "llama-rope-freqs", 0 },
    { "llama-linear", 0 }, { "llama-partial", 0 },  { "llama-ntk", 2 },
    { "mistral", 0 },      { "qwen2", 0 },          { "qwen2-yarn", 0 },
    { "qwen3", 0 },        { "phi3", 0 },           { "phi3-long", 0 },
    { "gemma2", 0 },       { "gemma3", 0 },         { "gpt2", 0 },
    { "gptneox", 0 },      { "gptneox-serial", 0 }, { "starcoder2", 0 },
};

static const struct exhibit types[] = {
    { "type-f32", 0 },  { "type-f16", 0 },    { "type-bf16", 0 }, { "type-q4_0", 0 },
    { "type-q4_1", 0 }, { "type-q5_0", 0 },   { "type-q5_1", 0 }, { "type-q8_0", 0 },
    { "type-q2_k", 0 }, { "type-q3_k", 0 },   { "type-q4_k", 0 }, { "type-q5_k", 0 },
    { "type-q6_k", 0 }, { "type-iq4_nl", 0 },
};

static void open_cases(struct infer_cases *cases, const struct exhibit *exhibit)
{
    struct arena arena;
    char file[64];

    arena_init(&arena);
    snprintf(file, sizeof file, "tests/data/zoo/%s.json", exhibit->name);
    infer_cases_open(cases, source_path(&arena, file));
    arena_release(&arena);
}

static void open_runner(struct runner *runner, const struct exhibit *exhibit, unsigned flags,
                        size_t n_threads)
{
    const char *folder = getenv("CURATE_ZOO");
    struct error err;
    char path[512];

    assert_non_null(folder);
    snprintf(path, sizeof path, "%s/%s.gguf", folder, exhibit->name);
    runner_open(runner, path, flags, n_threads);
    if (exhibit->ntk_factor > 0)
        assert_ok(session_stretch_ntk(runner->session, exhibit->ntk_factor, &err));
}

static void eval_each(struct runner *runner, const struct infer_cases *cases)
{
    struct error err;

    for (size_t i = 0; i < cases->n; i++)
        assert_ok(session_eval(runner->session, &cases->cases[i].sequence, 1, &err));
}

static void check_answers(const struct infer_cases *cases, const char *model,
                          const char *family)
{
    for (size_t i = 0; i < cases->n; i++) {
        const struct infer_case *c = &cases->cases[i];
        const size_t n_scored = c->sequence.n_tokens - c->sequence.score_from;
        const double nll = max_difference(c->sequence.nll_nats, c->want_nll, n_scored);
        const double attention =
            max_difference(c->sequence.attention, c->want_attention, c->sequence.n_spans);

        const double states = max_difference(c->states, c->want_states, c->n_states);

        print_message(
            "# %s, %s, %zu tokens: nll off by %.2g, attention by %.2g, states by %.2g\n", model,
            family, c->sequence.n_tokens, nll, attention, states);
        if (nll > NLL_TOLERANCE || attention > ATTENTION_TOLERANCE || states > NLL_TOLERANCE)
            fail_msg("%s, %s, case %zu: nll off by %g, attention by %g, states by %g", model,
                     family, i, nll, attention, states);
    }
}

static void check_exhibits(const struct exhibit *exhibits, size_t n)
{
    unsigned flags[FAMILIES_MAX];
    const size_t n_families = find_families(flags);

    for (size_t i = 0; i < n; i++) {
        struct infer_cases cases;

        open_cases(&cases, &exhibits[i]);
        for (size_t f = 0; f < n_families; f++) {
            struct runner runner;

            open_runner(&runner, &exhibits[i], flags[f], 2);
            eval_each(&runner, &cases);
            check_answers(&cases, exhibits[i].name, runner.session->kernels.name);
            runner_close(&runner);
        }
        infer_cases_close(&cases);
    }
}

static void every_architecture_agrees_with_the_oracle(void **state)
{
    (void)state;
    check_exhibits(architectures, sizeof architectures / sizeof *architectures);
}

static void every_weight_type_agrees_with_the_oracle(void **state)
{
    (void)state;
    check_exhibits(types, sizeof types / sizeof *types);
}

/* The numbers of each case, from a call of its own or from one call of many copies. */
static double *results(const struct exhibit *exhibit, struct infer_cases *cases, unsigned flags,
                       size_t n_threads, bool together, size_t *n)
{
    enum { COPIES = 4, CALL_MAX = 16, RESULTS_MAX = 256 };
    struct sequence all[CALL_MAX];
    double *out = test_calloc(RESULTS_MAX, sizeof *out);
    struct runner runner;
    struct error err;

    open_runner(&runner, exhibit, flags, n_threads);
    if (together) {
        assert_true(COPIES * cases->n <= CALL_MAX);
        for (size_t i = 0; i < COPIES * cases->n; i++)
            all[i] = cases->cases[(COPIES * cases->n - 1 - i) % cases->n].sequence;
        assert_ok(session_eval(runner.session, all, COPIES * cases->n, &err));
    } else {
        eval_each(&runner, cases);
    }
    runner_close(&runner);
    *n = 0;
    for (size_t i = 0; i < cases->n; i++) {
        const struct sequence *sequence = &cases->cases[i].sequence;
        const size_t n_scored = sequence->n_tokens - sequence->score_from;

        assert_true(*n + n_scored + sequence->n_spans <= RESULTS_MAX);
        memcpy(out + *n, sequence->nll_nats, n_scored * sizeof *out);
        memcpy(out + *n + n_scored, sequence->attention, sequence->n_spans * sizeof *out);
        *n += n_scored + sequence->n_spans;
    }
    return out;
}

static void check_same_bits(const struct exhibit *exhibit, struct infer_cases *cases,
                            unsigned flags)
{
    size_t n_first, n;
    double *first = results(exhibit, cases, flags, 1, false, &n_first);

    for (size_t n_threads = 2; n_threads <= 3; n_threads++)
        for (int together = 0; together <= 1; together++) {
            double *other = results(exhibit, cases, flags, n_threads, together, &n);

            assert_int_equal(n, n_first);
            assert_memory_equal(other, first, n * sizeof *first);
            test_free(other);
        }
    test_free(first);
}

/* With every feature of this CPU, so weight types that it multiplies as bytes are included. */
static void check_all_same_bits(const struct exhibit *exhibits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct infer_cases cases;

        open_cases(&cases, &exhibits[i]);
        check_same_bits(&exhibits[i], &cases, cpu_detect());
        infer_cases_close(&cases);
    }
}

static void threads_and_batching_change_no_bit_of_any_architecture(void **state)
{
    (void)state;
    check_all_same_bits(architectures, sizeof architectures / sizeof *architectures);
    check_all_same_bits(types, sizeof types / sizeof *types);
}

static void attention_on_all_keys_is_one_with_any_window_and_cap(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++) {
        struct infer_cases cases;
        struct runner runner;
        struct error err;
        double attention[3];
        const struct span all[] = { { 0, 331 }, { 0, 300 }, { 300, 331 } };

        open_cases(&cases, &architectures[i]);
        open_runner(&runner, &architectures[i], cpu_detect(), 2);
        struct sequence sequence = cases.cases[1].sequence;
        assert_int_equal(sequence.n_tokens, 331);
        sequence.spans = all;
        sequence.n_spans = 3;
        sequence.attention = attention;
        assert_ok(session_eval(runner.session, &sequence, 1, &err));
        assert_true(fabs(attention[0] * 331 - 1) < 1e-6);
        assert_true(fabs(attention[1] * 300 + attention[2] * 31 - 1) < 1e-6);
        runner_close(&runner);
        infer_cases_close(&cases);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_architecture_agrees_with_the_oracle),
        cmocka_unit_test(every_weight_type_agrees_with_the_oracle),
        cmocka_unit_test(threads_and_batching_change_no_bit_of_any_architecture),
        cmocka_unit_test(attention_on_all_keys_is_one_with_any_window_and_cap),
    };

    return cmocka_run_group_tests_name("infer/zoo", tests, NULL, NULL);
}
