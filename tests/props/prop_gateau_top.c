/* SPDX-License-Identifier: Apache-2.0 */
/* Samples reported as the certain top of a cohort are its top for any values of the unknown
 * cas. */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/gateau_top.h"
#include "scoring/scorer.h"
#include "tests/support/rng.h"

enum { N_MAX = 40, N_TRIALS = 3000, N_WORLDS = 6 };

struct cohort {
    size_t n;
    size_t k;
    struct scorer_options options;
    double hmp[N_MAX];
    double cas[N_MAX];
    double partial[N_MAX]; /* cas, or NAN if it is unknown */
    double at_least[N_MAX];
};

static void draw(struct rng *rng, struct cohort *c)
{
    const double spread = rng_below(rng, 2) ? 1 : 0.05;

    c->n = 1 + rng_below(rng, N_MAX);
    c->k = 1 + rng_below(rng, c->n);
    c->options = (struct scorer_options){ .alpha = rng_below(rng, 4) ? rng_unit(rng) : 1,
                                          .normaliser = rng_below(rng, 2) ? NORMALISE_SOFTMAX
                                                                          : NORMALISE_MINMAX,
                                          .low_cas = rng_below(rng, 2) == 1 };
    for (size_t i = 0; i < c->n; i++) {
        c->hmp[i] = 2 * rng_unit(rng) - 1;
        c->cas[i] = 0.5 + spread * (rng_unit(rng) - 0.5);
        c->partial[i] = rng_below(rng, 3) ? c->cas[i] : (double)NAN;
    }
}

/* Rank the cohort with these values of cas, and check that the certain samples come first and
 * have at least their bounds. */
static void assert_first(const struct cohort *c, const double *cas)
{
    const double *const inputs[] = { c->hmp, cas };
    double gateau[N_MAX], last = INFINITY;
    struct error err;

    assert_ok(scorer_find("gateau")->rank(&c->options, inputs, c->n, gateau, &err));
    for (size_t i = 0; i < c->n; i++)
        if (!isnan(c->at_least[i]))
            last = fmin(last, gateau[i]);
    for (size_t i = 0; i < c->n; i++) {
        if (isnan(c->at_least[i]))
            assert_true(gateau[i] < last);
        else
            assert_true(c->at_least[i] <= gateau[i] + 1e-12);
    }
}

static void a_certain_top_is_the_top_for_any_unknown_cas(void **state)
{
    static struct cohort c;
    struct rng rng = rng_from_env("CURATE_SEED");
    size_t n_certain = 0, n_spared = 0;
    struct error err;

    (void)state;
    for (int trial = 0; trial < N_TRIALS; trial++) {
        double cas[N_MAX];
        size_t n_first = 0;
        bool certain;

        draw(&rng, &c);
        assert_ok(gateau_top_find(&c.options, c.hmp, c.partial, c.n, c.k, c.at_least, &certain,
                                  &err));
        if (!certain)
            continue;
        for (size_t i = 0; i < c.n; i++)
            n_first += !isnan(c.at_least[i]);
        assert_int_equal(n_first, c.k);
        for (size_t world = 0; world < N_WORLDS; world++) {
            for (size_t i = 0; i < c.n; i++) {
                const double extremes[] = { 0, 1, rng_unit(&rng) };

                cas[i] = isnan(c.partial[i]) ? extremes[world < 2 ? world : rng_below(&rng, 3)]
                                             : c.partial[i];
            }
            assert_first(&c, cas);
        }
        n_certain++;
        for (size_t i = 0; i < c.n; i++)
            n_spared += isnan(c.partial[i]);
    }
    assert_true(n_certain > 100); /* otherwise the trials show nothing */
    assert_true(n_spared > 100);
}

static void the_top_is_certain_if_every_cas_is_known(void **state)
{
    static struct cohort c;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct error err;

    (void)state;
    for (int trial = 0; trial < N_TRIALS / 10; trial++) {
        bool certain;

        draw(&rng, &c);
        if (c.n < 2)
            continue;
        assert_ok(
            gateau_top_find(&c.options, c.hmp, c.cas, c.n, c.k, c.at_least, &certain, &err));
        assert_true(certain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certain_top_is_the_top_for_any_unknown_cas),
        cmocka_unit_test(the_top_is_certain_if_every_cas_is_known),
    };

    return cmocka_run_group_tests_name("scoring/gateau_top", tests, NULL, NULL);
}
