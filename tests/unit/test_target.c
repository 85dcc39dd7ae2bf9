/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <signal.h>

#include "base/hash.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/dsir.h"
#include "scoring/selection/order.h"
#include "scoring/selection/target.h"
#include "scoring/selection/whiten.h"
#include "tests/support/rng.h"

enum { N = 400, PLANTED = 20, TEXT_BYTES = 4096 };

static int read_row(void *arg, size_t list, double *out, struct error *err)
{
    const double *scores = arg;

    (void)err;
    memcpy(out, scores + list * 3, 3 * sizeof *out);
    return 0;
}

static void a_query_whose_best_is_taken_has_used_its_turn(void **state)
{
    double scores[] = { .9, .8, .1, .95, .2, .3 };
    const uint64_t costs[] = { 5, 5, 5 };
    struct rds_input input = {
        .n = 3, .n_lists = 2, .read_scores = read_row, .arg = scores, .n_wanted = 3
    };
    uint32_t picks[3], lists[3];
    size_t n = 0;
    struct error err;

    (void)state;
    assert_ok(rds_choose(&input, picks, lists, &n, &err));
    assert_int_equal(n, 3);
    assert_true(picks[0] == 0 && picks[1] == 1 && picks[2] == 2);
    assert_true(lists[0] == 0 && lists[1] == 0 && lists[2] == 1);
    input.n_wanted = 2;
    assert_ok(rds_choose(&input, picks, lists, &n, &err));
    assert_int_equal(n, 2);
    input.costs = costs;
    input.budget = 7;
    assert_ok(rds_choose(&input, picks, lists, &n, &err));
    assert_int_equal(n, 1);
    /* A sample without scores is never chosen. */
    input.costs = NULL;
    input.n_wanted = 3;
    scores[0] = scores[3] = NAN;
    assert_ok(rds_choose(&input, picks, lists, &n, &err));
    assert_int_equal(n, 2);
    assert_true(picks[0] == 1 && picks[1] == 2);
    const volatile int signal = SIGINT;
    struct report report = { .stop_signal = &signal };
    input.report = &report;
    assert_fails(rds_choose(&input, picks, lists, &n, &err), ERR_CANCELLED, "stopped");
}

static void the_cosine_with_a_target_is_that_of_the_nearest_query(void **state)
{
    const float vectors[] = { 1, 0, 0, 2, 3, 3, 0, 0 }, queries[] = { 5, 0, 0, 1 };
    const float none[] = { 0, 0 };
    struct kernels kernels;
    struct pool *pool = NULL;
    double out[4];
    struct error err;

    (void)state;
    kernels_init(&kernels, cpu_detect());
    assert_ok(pool_new(2, &pool, &err));
    assert_ok(target_cosines(vectors, 4, 2, queries, 2, &kernels, pool, out, &err));
    assert_true(fabs(out[0] - 1) < 1e-12 && fabs(out[1] - 1) < 1e-12);
    assert_true(fabs(out[2] - sqrt(.5)) < 1e-12 && isnan(out[3]));
    assert_ok(target_cosines(vectors, 4, 2, queries, 1, &kernels, pool, out, &err));
    assert_true(fabs(out[1]) < 1e-12);
    assert_fails(target_cosines(vectors, 4, 2, none, 1, &kernels, pool, out, &err), ERR_INPUT,
                 "query 0 has no length");
    pool_free(pool);
}

/* The numbers are those of numpy.linalg.cholesky. */
static void whitening_matches_the_cholesky_factor_of_the_covariance(void **state)
{
    const float vectors[] = { 3, 1, 2, 2, 0, 1, 1, -1, -2, 1 };
    const double expected[] = { .97194136,  .25783185, .61346499,   .84911693,   -.43581361,
                                1.03183055, .61346499, -1.72270843, -1.76305773, -.4160709 };
    float changed[10];
    const float equal[] = { 1, 2, 2, 4, .5F, 1 };
    struct whitening *whitening = NULL;
    struct pool *pool = NULL;
    struct error err;

    (void)state;
    memcpy(changed, vectors, sizeof changed);
    assert_ok(pool_new(2, &pool, &err));
    assert_ok(whitening_new(vectors, 5, 2, pool, &whitening, &err));
    assert_ok(whitening_apply(whitening, changed, 5, pool, &err));
    for (size_t i = 0; i < 10; i++)
        assert_true(fabs(changed[i] - expected[i]) < 1e-6);
    whitening_free(whitening);
    assert_fails(whitening_new(equal, 3, 2, pool, &whitening, &err), ERR_INPUT,
                 "do not differ");
    assert_null(whitening);
    pool_free(pool);
}

static void whitened_vectors_vary_alike_and_do_not_depend_on_threads(void **state)
{
    enum { WIDTH = 70 };
    static float vectors[N * WIDTH], first[N * WIDTH], changed[N * WIDTH];
    struct rng rng = rng_from_env("CURATE_SEED");
    struct error err;

    (void)state;
    rng_fill_normal(&rng, vectors, (size_t)N * WIDTH);
    for (size_t i = 0; i < (size_t)N * WIDTH; i++)
        vectors[i] = vectors[i] * (float)(1 + i % WIDTH) / WIDTH + 2; /* all point one way */
    for (size_t threads = 1; threads <= 8; threads *= 2) {
        struct whitening *whitening = NULL;
        struct pool *pool = NULL;

        assert_ok(pool_new(threads, &pool, &err));
        assert_ok(whitening_new(vectors, N, WIDTH, pool, &whitening, &err));
        memcpy(changed, vectors, sizeof changed);
        assert_ok(whitening_apply(whitening, changed, N, pool, &err));
        if (threads == 1)
            memcpy(first, changed, sizeof first);
        assert_memory_equal(first, changed, sizeof first);
        whitening_free(whitening);
        pool_free(pool);
    }
    for (size_t l = 0; l < WIDTH; l++) {
        double sum = 0, squares = 0;

        for (size_t i = 0; i < N; i++) {
            sum += first[i * WIDTH + l];
            squares += (double)first[i * WIDTH + l] * first[i * WIDTH + l];
        }
        assert_true(fabs(sum / N) < 1e-5);
        /* Less than 1 by the ridge where the pool varies least. */
        assert_true(squares / N < 1 && squares / N > .2);
    }
}

static void buckets_are_those_of_the_authors(void **state)
{
    static const struct {
        const char *gram;
        uint32_t bucket;
    } cases[] = {
        { "the", 8288 }, { "the cat", 143 }, { "cat", 2366 }, { "hello world", 1529 }
    };
    struct dsir *dsir = NULL;
    uint32_t bucket = 0;
    struct error err;

    (void)state;
    assert_ok(dsir_new(&dsir, &err));
    for (int round = 0; round < 2; round++) /* the second one from the cache */
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            assert_ok(dsir_bucket(dsir, slice_text(cases[i].gram), &bucket, &err));
            assert_int_equal(bucket, cases[i].bucket);
        }
    dsir_free(dsir);
}

static void log_ratios_match_worked_example_eighteen(void **state)
{
    const double first = dsir_log_ratio(.5, .25), second = dsir_log_ratio(.5, .75);

    (void)state;
    assert_true(fabs(first - .6931472) < 1e-6 && fabs(second - -.4054651) < 1e-6);
    assert_true(fabs(2 * first + second - .9808292) < 1e-6);
}

/* Tokens: "the", "cat", "!?", "the", "cat"; pairs: one fewer. */
static void weights_sum_the_log_ratios_of_tokens_and_pairs(void **state)
{
    struct dsir *dsir = NULL;
    double weight = 0;
    uint64_t n_tokens = 0;
    struct error err;

    (void)state;
    assert_ok(dsir_new(&dsir, &err));
    assert_fails(dsir_fit(dsir, &err), ERR_INPUT, "the target have no words");
    assert_ok(dsir_add(dsir, DSIR_TARGET, slice_text("The cat"), &err));
    assert_ok(dsir_add(dsir, DSIR_RAW, slice_text("the dog"), &err));
    assert_ok(dsir_fit(dsir, &err));
    assert_ok(dsir_weigh(dsir, slice_text("THE  Cat!? the\ncat"), &weight, &n_tokens, &err));
    assert_int_equal(n_tokens, 5);
    /* "the" has the same share in both; "cat" and "the cat", twice each, are in one only. */
    assert_true(fabs(weight - 4 * dsir_log_ratio(1. / 3, 0)) < 1e-9);
    dsir_free(dsir);
}

/* A text of words of one of two domains, with a few of the other. */
static struct slice draw_text(struct rng *rng, bool planted, char *text)
{
    size_t len = 0;

    for (size_t w = 0; w < 60; w++) {
        const bool foreign = rng_below(rng, 10) == 0;
        const size_t word = rng_below(rng, 40);

        len += (size_t)snprintf(text + len, TEXT_BYTES - len, "%s%zu ",
                                planted != foreign ? "law" : "web", word);
    }
    return slice_of(text, len);
}

/* As by \w+|[^\w\s]+ in Python: all numbers are part of words, and marks are not. */
static void texts_are_cut_as_by_the_authors(void **state)
{
    static const struct {
        const char *text;
        uint64_t n_tokens;
    } cases[] = {
        { "x\u00b2+\u00bd", 3 },
        { "\u2163_1 \u2460a", 2 },
        { "e\u0301t", 3 },
        { "\u4e2d\u6587\u3002\u00a0--", 3 },
        { "", 0 },
        { " \t", 0 },
    };
    struct dsir *dsir = NULL;
    struct error err;

    (void)state;
    assert_ok(dsir_new(&dsir, &err));
    assert_ok(dsir_add(dsir, DSIR_TARGET, slice_text("a"), &err));
    assert_ok(dsir_add(dsir, DSIR_RAW, slice_text("a"), &err));
    assert_ok(dsir_fit(dsir, &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t n_tokens = 0;
        double weight;

        assert_ok(dsir_weigh(dsir, slice_text(cases[i].text), &weight, &n_tokens, &err));
        assert_int_equal(n_tokens, cases[i].n_tokens);
    }
    dsir_free(dsir);
}

static void a_planted_domain_of_five_percent_is_found(void **state)
{
    struct rng rng = rng_from_seed(3), again;
    char text[TEXT_BYTES];
    struct dsir *dsir = NULL;
    double weights[N];
    uint32_t order[N];
    size_t n = 0, found = 0;
    struct error err;

    (void)state;
    assert_ok(dsir_new(&dsir, &err));
    for (size_t i = 0; i < 10; i++)
        assert_ok(dsir_add(dsir, DSIR_TARGET, draw_text(&rng, true, text), &err));
    again = rng;
    for (size_t i = 0; i < N; i++)
        assert_ok(
            dsir_add(dsir, DSIR_RAW, draw_text(&rng, i % (N / PLANTED) == 0, text), &err));
    assert_ok(dsir_fit(dsir, &err));
    for (size_t i = 0; i < N; i++) {
        const struct hash sample = hash_bytes(slice_of((const char *)&i, sizeof i));
        uint64_t n_tokens = 0;

        assert_ok(dsir_weigh(dsir, draw_text(&again, i % (N / PLANTED) == 0, text), &weights[i],
                             &n_tokens, &err));
        weights[i] += dsir_gumbel(5, &sample);
    }
    assert_ok(order_by_value(weights, N, order, &n, &err));
    for (size_t i = 0; i < PLANTED; i++)
        found += order[i] % (N / PLANTED) == 0;
    assert_true(found * 10 >= PLANTED * 9);
    dsir_free(dsir);
}

/* The mean of the Gumbel distribution is Euler's constant, its variance pi^2 / 6. */
static void gumbel_noise_has_the_mean_and_variance_of_its_distribution(void **state)
{
    double sum = 0, squares = 0;
    const size_t n = 20000;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        const struct hash sample = hash_bytes(slice_of((const char *)&i, sizeof i));
        const double noise = dsir_gumbel(1, &sample);

        assert_true(noise == dsir_gumbel(1, &sample) && noise != dsir_gumbel(2, &sample));
        sum += noise;
        squares += noise * noise;
    }
    const double mean = sum / (double)n;
    assert_true(fabs(mean - .5772157) < .04);
    assert_true(fabs(squares / (double)n - mean * mean - 1.6449341) < .12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_whose_best_is_taken_has_used_its_turn),
        cmocka_unit_test(the_cosine_with_a_target_is_that_of_the_nearest_query),
        cmocka_unit_test(whitening_matches_the_cholesky_factor_of_the_covariance),
        cmocka_unit_test(whitened_vectors_vary_alike_and_do_not_depend_on_threads),
        cmocka_unit_test(buckets_are_those_of_the_authors),
        cmocka_unit_test(log_ratios_match_worked_example_eighteen),
        cmocka_unit_test(weights_sum_the_log_ratios_of_tokens_and_pairs),
        cmocka_unit_test(texts_are_cut_as_by_the_authors),
        cmocka_unit_test(a_planted_domain_of_five_percent_is_found),
        cmocka_unit_test(gumbel_noise_has_the_mean_and_variance_of_its_distribution),
    };

    return cmocka_run_group_tests_name("scoring/selection/target", tests, NULL, NULL);
}
