/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "base/arena.h"
#include "scoring/infer/forward/session.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/perplexity.h"
#include "tests/support/infer.h"

enum { N = 300 };

struct fixture {
    struct arena arena;
    struct runner runner;
    int32_t tokens[N];
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    arena_init(&f->arena);
    runner_open(&f->runner, source_path(&f->arena, "tests/data/tiny-llama.gguf"), cpu_detect(),
                2);
    for (size_t i = 0; i < N; i++)
        f->tokens[i] = (int32_t)(i * i * 7 % 320);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    runner_close(&f->runner);
    arena_release(&f->arena);
    test_free(f);
    return 0;
}

static struct perplexity run(struct fixture *f, size_t context, size_t stride,
                             size_t batch_tokens)
{
    const struct perplexity_options options = { .context = context,
                                                .stride = stride,
                                                .batch_tokens = batch_tokens };
    struct perplexity found;
    struct error err;

    assert_ok(perplexity_run(f->runner.session, f->tokens, N, &options, &found, &err));
    return found;
}

/* NLL of one token, given the tokens from `first` on. */
static double token_nll(struct fixture *f, size_t first, size_t token)
{
    double nll = NAN;
    const struct sequence sequence = { .tokens = f->tokens + first,
                                       .n_tokens = token + 1 - first,
                                       .score_from = token - first,
                                       .nll_nats = &nll };
    struct error err;

    assert_ok(session_eval(f->runner.session, &sequence, 1, &err));
    return nll;
}

static void a_single_window_scores_all_tokens_but_the_first(void **state)
{
    struct fixture *f = *state;
    const struct perplexity found = run(f, 1000, 500, 64);
    double sum = 0;

    for (size_t i = 1; i < N; i++)
        sum += token_nll(f, 0, i);
    assert_int_equal(found.n_windows, 1);
    assert_int_equal(found.n_scored, N - 1);
    assert_true(fabs(found.mean_nll_nats - sum / (N - 1)) < 1e-9);
}

/* Windows of 64 tokens, one every 24 tokens. The first window scores 63 tokens, each later one
 * 24, given 40. */
static void each_token_is_scored_once_in_the_first_window_that_reaches_it(void **state)
{
    struct fixture *f = *state;
    const struct perplexity found = run(f, 64, 24, 64);
    double sum = 0;

    for (size_t i = 1; i < N; i++)
        sum += token_nll(f, i < 64 ? 0 : (i - 64) / 24 * 24 + 24, i);
    assert_int_equal(found.n_scored, N - 1);
    assert_int_equal(found.n_windows, 1 + (N - 64 + 23) / 24);
    assert_true(fabs(found.mean_nll_nats - sum / (N - 1)) < 1e-9);
}

static void windows_without_overlap_do_not_score_their_first_token(void **state)
{
    struct fixture *f = *state;
    const struct perplexity found = run(f, 50, 50, 4096);
    double sum = 0;

    for (size_t i = 0; i < N; i++)
        sum += i % 50 == 0 ? 0 : token_nll(f, i / 50 * 50, i);
    assert_int_equal(found.n_windows, 6);
    assert_int_equal(found.n_scored, N - 6);
    assert_true(fabs(found.mean_nll_nats - sum / (N - 6)) < 1e-9);
}

static void batches_change_no_bit_of_perplexity(void **state)
{
    struct fixture *f = *state;
    const struct perplexity alone = run(f, 40, 10, 1);
    const struct perplexity together = run(f, 40, 10, 4096);

    assert_memory_equal(&alone.mean_nll_nats, &together.mean_nll_nats, sizeof(double));
}

static int stop_at_once(void *arg, size_t n_scored)
{
    (void)arg;
    (void)n_scored;
    return 2;
}

static void a_signal_stops_perplexity(void **state)
{
    struct fixture *f = *state;
    const struct perplexity_options options = {
        .context = 40, .stride = 10, .batch_tokens = 1, .progress = stop_at_once
    };
    struct perplexity found;
    struct error err;

    assert_fails(perplexity_run(f->runner.session, f->tokens, N, &options, &found, &err),
                 ERR_CANCELLED, "signal 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_window_scores_all_tokens_but_the_first),
        cmocka_unit_test(each_token_is_scored_once_in_the_first_window_that_reaches_it),
        cmocka_unit_test(windows_without_overlap_do_not_score_their_first_token),
        cmocka_unit_test(batches_change_no_bit_of_perplexity),
        cmocka_unit_test(a_signal_stops_perplexity),
    };

    return cmocka_run_group_tests_name("scoring/perplexity", tests, setup, teardown);
}
