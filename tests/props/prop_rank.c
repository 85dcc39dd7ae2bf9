/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants of the scores of a pool: hmp, and gateau, which is computed from it. */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/scorer.h"
#include "tests/support/rng.h"

enum { N_MAX = 300, N_TRIALS = 200 };

struct pool_case {
    size_t n;
    double nll_short[N_MAX];
    double nll_long[N_MAX];
    double cas[N_MAX];
    double hmp[N_MAX];
    double gateau[N_MAX];
};

static void draw(struct rng *rng, struct pool_case *c)
{
    /* From nearly equal perplexities to some beyond the range of a double. */
    static const double spreads[] = { 1e-9, 0.1, 3, 50, 2000 };
    const double spread = spreads[rng_below(rng, sizeof spreads / sizeof *spreads)];

    c->n = 1 + rng_below(rng, N_MAX);
    for (size_t i = 0; i < c->n; i++) {
        c->nll_short[i] = 1 + spread * rng_unit(rng);
        c->nll_long[i] = 1 + spread * rng_unit(rng);
        c->cas[i] = rng_unit(rng);
    }
}

static void rank_with(struct pool_case *c, const struct scorer_options *given)
{
    const struct scorer_options options = *given;
    const double *const nlls[] = { c->nll_short, c->nll_long };
    const double *const parts[] = { c->hmp, c->cas };
    struct error err;

    assert_ok(scorer_find("hmp")->rank(&options, nlls, c->n, c->hmp, &err));
    assert_ok(scorer_find("gateau")->rank(&options, parts, c->n, c->gateau, &err));
}

static void rank(struct pool_case *c, double alpha)
{
    rank_with(c, &(struct scorer_options){ .alpha = alpha });
}

static void swap(double *values, size_t i, size_t j)
{
    const double kept = values[i];

    values[i] = values[j];
    values[j] = kept;
}

static void the_order_of_samples_changes_no_bit_of_pool_scores(void **state)
{
    static struct pool_case one, other;
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (int trial = 0; trial < N_TRIALS; trial++) {
        size_t from[N_MAX];

        const struct scorer_options options = {
            .alpha = 0.8,
            .normaliser = (enum normaliser)rng_below(&rng, NORMALISERS),
            .log_ppl = rng_below(&rng, 2) == 1,
            .low_cas = rng_below(&rng, 2) == 1,
        };

        draw(&rng, &one);
        other = one;
        for (size_t i = 0; i < one.n; i++)
            from[i] = i;
        for (size_t i = one.n; i-- > 1;) {
            const size_t j = rng_below(&rng, i + 1);
            const size_t kept = from[i];

            from[i] = from[j];
            from[j] = kept;
            swap(other.nll_short, i, j);
            swap(other.nll_long, i, j);
            swap(other.cas, i, j);
        }

        rank_with(&one, &options);
        rank_with(&other, &options);

        for (size_t i = 0; i < one.n; i++) {
            assert_memory_equal(&other.hmp[i], &one.hmp[from[i]], sizeof(double));
            assert_memory_equal(&other.gateau[i], &one.gateau[from[i]], sizeof(double));
        }
    }
}

static void scaling_the_perplexities_of_a_model_changes_no_hmp(void **state)
{
    static struct pool_case one, other;
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (int trial = 0; trial < N_TRIALS; trial++) {
        draw(&rng, &one);
        other = one;
        for (size_t i = 0; i < one.n;
             i++) { /* exact: the sums stay below 2^53 units of 2^-40 */
            one.nll_short[i] = floor(one.nll_short[i] * 0x1p40) * 0x1p-40;
            other.nll_short[i] = one.nll_short[i] + 3;
        }

        for (int log_ppl = 0; log_ppl < 2; log_ppl++) {
            const struct scorer_options options = { .alpha = 0.8, .log_ppl = log_ppl != 0 };

            rank_with(&one, &options);
            rank_with(&other, &options);

            for (size_t i = 0; i < one.n; i++)
                assert_true(fabs(one.hmp[i] - other.hmp[i]) <= 1e-12);
        }
    }
}

/* If the key puts one sample clearly before another, so do the scores. */
static void assert_same_order(const double *scores, const double *key, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (key[i] > key[i - 1] + 1e-9)
            assert_true(scores[i] > scores[i - 1]);
        if (key[i - 1] > key[i] + 1e-9)
            assert_true(scores[i - 1] > scores[i]);
    }
}

static void alpha_one_ranks_by_hmp_and_alpha_zero_by_cas(void **state)
{
    static struct pool_case c;
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (int trial = 0; trial < N_TRIALS; trial++) {
        struct scorer_options options = {
            .normaliser = (enum normaliser)(
                trial % NORMALISE_ROBUST), /* the robust normaliser makes ties */
        };

        draw(&rng, &c);
        options.alpha = 1;
        rank_with(&c, &options);
        assert_same_order(c.gateau, c.hmp, c.n);
        options.alpha = 0;
        rank_with(&c, &options);
        assert_same_order(c.gateau, c.cas, c.n);
    }
}

static void gateau_scores_are_weights_that_sum_to_one(void **state)
{
    static struct pool_case c;
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (int trial = 0; trial < N_TRIALS; trial++) {
        double total = 0;

        draw(&rng, &c);
        rank(&c, rng_unit(&rng));
        for (size_t i = 0; i < c.n; i++) {
            assert_true(c.hmp[i] >= -1 && c.hmp[i] <= 1);
            assert_true(c.gateau[i] >= 0 && c.gateau[i] <= 1);
            total += c.gateau[i];
        }
        assert_true(fabs(total - 1) < 1e-12);
    }
}

static void a_pool_of_one_has_a_score(void **state)
{
    static struct pool_case c = {
        .n = 1, .nll_short = { 7 }, .nll_long = { 2 }, .cas = { 0.4 }
    };

    (void)state;
    rank(&c, 0.8);

    assert_true(c.hmp[0] == 0);
    assert_true(c.gateau[0] == 1);
}

static void equal_samples_have_equal_gateau(void **state)
{
    static struct pool_case c = { .n = 7 };

    (void)state;
    for (size_t i = 0; i < c.n; i++) {
        c.nll_short[i] = 3;
        c.nll_long[i] = 2;
        c.cas[i] = 0.9;
    }
    rank(&c, 0.8);

    for (size_t i = 0; i < c.n; i++)
        assert_true(fabs(c.gateau[i] - 1.0 / 7) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_samples_changes_no_bit_of_pool_scores),
        cmocka_unit_test(scaling_the_perplexities_of_a_model_changes_no_hmp),
        cmocka_unit_test(alpha_one_ranks_by_hmp_and_alpha_zero_by_cas),
        cmocka_unit_test(gateau_scores_are_weights_that_sum_to_one),
        cmocka_unit_test(a_pool_of_one_has_a_score),
        cmocka_unit_test(equal_samples_have_equal_gateau),
    };

    return cmocka_run_group_tests_name("scoring/rank", tests, NULL, NULL);
}
