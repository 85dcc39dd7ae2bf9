/* SPDX-License-Identifier: Apache-2.0 */
/* The two models that come with the program are as models/README.md describes them. */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/hash.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/infer.h"
#include "tests/support/rng.h"

enum { N_TOKENS = 1600, REPEATED_AT = 200, N_REPEATED = 20 };

struct fixture {
    struct arena arena;
    struct runner of_long;
    struct runner of_short;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    arena_init(&f->arena);
    runner_open(&f->of_long, source_path(&f->arena, "models/curate-tiny-long.gguf"),
                cpu_detect(), 2);
    runner_open(&f->of_short, source_path(&f->arena, "models/curate-tiny-short.gguf"),
                cpu_detect(), 2);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    runner_close(&f->of_long);
    runner_close(&f->of_short);
    arena_release(&f->arena);
    test_free(f);
    return 0;
}

static void the_built_in_models_share_a_vocabulary_and_differ_in_their_window(void **state)
{
    const struct fixture *f = *state;
    struct hash one, two;

    tokenizer_hash(model_tokenizer(f->of_long.model), &one);
    tokenizer_hash(model_tokenizer(f->of_short.model), &two);
    assert_memory_equal(&one, &two, sizeof one);
    assert_int_equal(model_info(f->of_long.model)->context_length, 2048);
    assert_int_equal(model_info(f->of_short.model)->context_length, 512);
    assert_true(tokenizer_adds_bos(model_tokenizer(f->of_long.model)));
}

/* Mean NLL of the last N_REPEATED tokens, which repeat those at REPEATED_AT. */
static double mean_of_repeated(struct runner *runner, const int32_t *tokens, double *attention)
{
    const struct span span = { REPEATED_AT, REPEATED_AT + N_REPEATED };
    double nll[N_REPEATED];
    double sum = 0;
    struct error err;
    const struct sequence sequence = {
        .tokens = tokens,
        .n_tokens = N_TOKENS,
        .score_from = N_TOKENS - N_REPEATED,
        .nll_nats = nll,
        .attend_from = N_TOKENS - N_REPEATED,
        .spans = &span,
        .n_spans = 1,
        .attention = attention,
    };

    assert_ok(session_eval(runner->session, &sequence, 1, &err));
    for (size_t i = 0; i < N_REPEATED; i++)
        sum += nll[i];
    return sum / N_REPEATED;
}

static void the_built_in_long_model_copies_distant_text_and_the_short_one_does_not(void **state)
{
    struct fixture *f = *state;
    struct rng rng = rng_from_seed(1);
    int32_t tokens[N_TOKENS];
    double attention_long, attention_short;

    tokens[0] = tokenizer_bos(model_tokenizer(f->of_long.model));
    for (size_t i = 1; i < N_TOKENS; i++)
        tokens[i] = (int32_t)rng_below(&rng, 4094);
    memcpy(tokens + N_TOKENS - N_REPEATED, tokens + REPEATED_AT, N_REPEATED * sizeof *tokens);

    const double nll_long = mean_of_repeated(&f->of_long, tokens, &attention_long);
    const double nll_short = mean_of_repeated(&f->of_short, tokens, &attention_short);
    print_message("# 1400 tokens back: nll %.2f long, %.2f short; attention %.4f and %.4f\n",
                  nll_long, nll_short, attention_long, attention_short);
    assert_true(nll_long < nll_short - 1);
    assert_true(attention_long > 2 * attention_short);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_built_in_models_share_a_vocabulary_and_differ_in_their_window, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_built_in_long_model_copies_distant_text_and_the_short_one_does_not, setup,
            teardown),
    };

    return cmocka_run_group_tests_name("models/pair", tests, NULL, NULL);
}
