/* SPDX-License-Identifier: Apache-2.0 */
/* Diverse choices over random vectors: against plain greedy by the definitions, for any number
 * of threads and any family of kernels. */
#include "tests/support/test.h"

#include <math.h>

#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse.h"
#include "tests/support/rng.h"

enum { N = 90, WIDTH = 9, WANTED = 25, ROUNDS = 3 };

struct points {
    float vectors[N * WIDTH];
    double quality[N];
    uint64_t costs[N];
    uint64_t budget;
};

static void draw(struct points *p, struct rng *rng)
{
    rng_fill_normal(rng, p->vectors, N * WIDTH);
    for (size_t i = 0; i < N; i++) {
        p->quality[i] = (double)rng_below(rng, 20) / 20;
        p->costs[i] = 1 + rng_below(rng, 9);
    }
    /* Copies, and one of another length. */
    memcpy(p->vectors + 7 * WIDTH, p->vectors + 3 * WIDTH, WIDTH * sizeof *p->vectors);
    for (size_t c = 0; c < WIDTH; c++)
        p->vectors[8 * WIDTH + c] = 2 * p->vectors[3 * WIDTH + c];
    p->quality[7] = p->quality[3];
    p->budget = 60;
}

struct chosen {
    uint32_t picks[N];
    double gains[N];
    struct diverse_result result;
};

static void choose(const struct points *p, const char *method, bool with_costs,
                   size_t n_threads, unsigned cpu_flags, struct chosen *out)
{
    struct kernels kernels;
    struct pool *pool = NULL;
    struct error err;

    kernels_init(&kernels, cpu_flags);
    assert_ok(pool_new(n_threads, &pool, &err));
    const struct diverse_input input = { .vectors = p->vectors,
                                         .n = N,
                                         .width = WIDTH,
                                         .quality = p->quality,
                                         .n_wanted = WANTED,
                                         .costs = with_costs ? p->costs : NULL,
                                         .budget = p->budget,
                                         .parameter = diverse_default(diverse_find(method), N),
                                         .seed = 1,
                                         .kernels = &kernels,
                                         .pool = pool };
    memset(out, 0, sizeof *out);
    out->result = (struct diverse_result){ .picks = out->picks, .gains = out->gains };
    assert_ok(diverse_choose(diverse_find(method), &input, &out->result, &err));
    pool_free(pool);
}

static double cosine(const struct points *p, size_t a, size_t b)
{
    double ab = 0, aa = 0, bb = 0;

    for (size_t c = 0; c < WIDTH; c++) {
        const double x = (double)p->vectors[a * WIDTH + c];
        const double y = (double)p->vectors[b * WIDTH + c];

        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

/* The largest cosine of sample i with the first n picks; 0 without picks. */
static double nearest(const struct points *p, const struct chosen *c, size_t n, size_t i)
{
    double best = n > 0 ? -1 : 0;

    for (size_t j = 0; j < n; j++)
        best = fmax(best, cosine(p, i, c->picks[j]));
    return best;
}

/* What sample i is worth as pick n, by the definition of the method. */
static double worth(const struct points *p, const struct chosen *c, const char *method,
                    size_t n, size_t i)
{
    double sum = 0;

    if (strcmp(method, "k-center") == 0)
        return n == 0 ? p->quality[i] : 1 - nearest(p, c, n, i);
    if (strcmp(method, "mmr") == 0)
        return .5 * p->quality[i] - .5 * nearest(p, c, n, i);
    for (size_t v = 0; v < N; v++) {
        const double had = n == 0 ? 0 : (1 + nearest(p, c, n, v)) / 2;

        sum += fmax(0, (1 + cosine(p, v, i)) / 2 - had);
    }
    return strcmp(method, "qdit") == 0 ? .5 * sum + .5 * p->quality[i] : sum;
}

static void expect_greedy(const struct points *p, const struct chosen *c, const char *method)
{
    assert_int_equal(c->result.n_picks, WANTED);
    for (size_t n = 0; n < WANTED; n++) {
        double best = -INFINITY;

        for (size_t i = 0; i < N; i++) {
            bool taken = false;

            for (size_t j = 0; j < n; j++)
                taken = taken || c->picks[j] == i;
            best = taken ? best : fmax(best, worth(p, c, method, n, i));
        }
        const double had = worth(p, c, method, n, c->picks[n]);
        if (!(had >= best - 1e-9) || !(fabs(c->gains[n] - had) < 1e-9))
            fail_msg("%s: pick %zu is worth %.12g, gain %.12g, the best %.12g", method, n, had,
                     c->gains[n], best);
    }
}

static void choices_are_those_of_plain_greedy(void **state)
{
    static const char *const names[] = { "k-center", "mmr", "facility", "qdit" };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct points p;
    struct chosen c;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        draw(&p, &rng);
        for (size_t m = 0; m < sizeof names / sizeof names[0]; m++) {
            choose(&p, names[m], false, 2, cpu_detect(), &c);
            expect_greedy(&p, &c, names[m]);
        }
    }
}

static void kept_samples_of_deita_are_not_alike_and_the_others_are(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct points p;
    struct chosen c;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        draw(&p, &rng);
        choose(&p, "deita", false, 2, cpu_detect(), &c);
        for (size_t n = 0; n < c.result.n_picks; n++) {
            if (n > 0) {
                assert_true(nearest(&p, &c, n, c.picks[n]) <= .9);
                assert_true(p.quality[c.picks[n]] <= p.quality[c.picks[n - 1]]);
            }
            /* What was passed over is like a sample that was kept before. */
            for (size_t i = 0; i < N; i++)
                if (p.quality[i] > p.quality[c.picks[n]])
                    assert_true(nearest(&p, &c, n, i) > .9 - 1e-9);
        }
    }
}

static void threads_and_kernels_change_no_pick_and_no_bit_of_a_gain(void **state)
{
    static const size_t threads[] = { 2, 8 };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct points p;
    struct chosen one, other;

    (void)state;
    draw(&p, &rng);
    for (size_t m = 0; diverse_name(m); m++)
        for (int with_costs = 0; with_costs < 2; with_costs++) {
            choose(&p, diverse_name(m), with_costs, 1, 0, &one);
            for (size_t t = 0; t < 2; t++) {
                choose(&p, diverse_name(m), with_costs, threads[t], cpu_detect(), &other);
                assert_int_equal(one.result.n_picks, other.result.n_picks);
                assert_memory_equal(one.picks, other.picks, sizeof one.picks);
                assert_memory_equal(one.gains, other.gains, sizeof one.gains);
                assert_true(one.result.max_nearest == other.result.max_nearest);
            }
        }
}

static void budgets_are_never_exceeded_and_no_sample_is_chosen_twice(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct points p;
    struct chosen c;

    (void)state;
    draw(&p, &rng);
    for (size_t m = 0; diverse_name(m); m++) {
        bool taken[N] = { false };
        uint64_t used = 0;

        choose(&p, diverse_name(m), true, 2, cpu_detect(), &c);
        assert_true(c.result.n_picks > 0);
        for (size_t i = 0; i < c.result.n_picks; i++) {
            assert_false(taken[c.picks[i]]);
            taken[c.picks[i]] = true;
            used += p.costs[c.picks[i]];
        }
        assert_true(used <= p.budget);
    }
}

/* More samples than a block has, and vectors longer than a sum of floats may be. */
enum { MANY = 260, WIDE = 140, NEIGHBOURS = 9, MANY_WANTED = 40 };

struct plain {
    float vectors[MANY * WIDE];
    double quality[MANY];
    double similarity[MANY][MANY]; /* of a point with a sample */
    double nearest[MANY];
};

static void draw_many(struct plain *p, struct rng *rng)
{
    rng_fill_normal(rng, p->vectors, (size_t)MANY * WIDE);
    for (size_t i = 0; i < MANY; i++) {
        /* Around 20 directions, with copies. */
        const size_t like = rng_below(rng, 10) == 0 ? i / 2 : i % 20;
        const float part = rng_below(rng, 8) == 0 ? 0 : 1;

        p->quality[i] = rng_unit(rng);
        for (size_t c = 0; c < WIDE; c++)
            p->vectors[i * WIDE + c] =
                part * p->vectors[i * WIDE + c] + 2 * p->vectors[like * WIDE + c];
    }
}

static double dot(const float *x, const float *y)
{
    double sum = 0;

    for (size_t c = 0; c < WIDE; c++)
        sum += (double)x[c] * (double)y[c];
    return sum;
}

static void compare_many(struct plain *p)
{
    for (size_t v = 0; v < MANY; v++)
        for (size_t i = 0; i < MANY; i++) {
            const float *x = p->vectors + v * WIDE, *y = p->vectors + i * WIDE;

            p->similarity[v][i] = (1 + dot(x, y) / sqrt(dot(x, x) * dot(y, y))) / 2;
        }
}

/* The similarities that are not among the largest of a point become 0. Equal ones are those of
 * copies, so that it makes no difference to gains which copy is kept, up to its number. */
static void keep_nearest(struct plain *p)
{
    for (size_t v = 0; v < MANY; v++) {
        bool kept[MANY] = { false };

        for (size_t k = 0; k < NEIGHBOURS; k++) {
            size_t best = MANY;

            for (size_t i = 0; i < MANY; i++)
                if (!kept[i] &&
                    (best == MANY || p->similarity[v][i] > p->similarity[v][best] + 1e-12))
                    best = i;
            kept[best] = true;
        }
        for (size_t i = 0; i < MANY; i++)
            p->similarity[v][i] = kept[i] ? p->similarity[v][i] : 0;
    }
}

static double plain_gain(const struct plain *p, double alpha, size_t i)
{
    double sum = 0;

    for (size_t v = 0; v < MANY; v++)
        sum += fmax(0, p->similarity[v][i] - p->nearest[v]);
    return (1 - alpha) * sum + alpha * p->quality[i];
}

static void expect_plain_greedy(struct plain *p, const struct diverse_result *result,
                                double alpha)
{
    bool taken[MANY] = { false };

    assert_int_equal(result->n_picks, MANY_WANTED);
    for (size_t n = 0; n < MANY_WANTED; n++) {
        const uint32_t pick = result->picks[n];
        const double had = plain_gain(p, alpha, pick);

        assert_false(taken[pick]);
        taken[pick] = true;
        assert_true(fabs(had - result->gains[n]) < 1e-9);
        for (size_t i = 0; i < MANY; i++)
            if (!taken[i] && plain_gain(p, alpha, i) > had + 1e-9)
                fail_msg("pick %zu: sample %zu gains %.12g, sample %u only %.12g", n, i,
                         plain_gain(p, alpha, i), pick, had);
        for (size_t v = 0; v < MANY; v++)
            p->nearest[v] = fmax(p->nearest[v], p->similarity[v][pick]);
    }
}

/* Facility location and QDIT of wide vectors, over all points or the nearest of each. */
static void facilities_are_those_of_plain_greedy(void **state)
{
    static struct plain p;
    struct rng rng = rng_from_env("CURATE_SEED");
    uint32_t picks[MANY];
    double gains[MANY];
    struct diverse_result result = { .picks = picks, .gains = gains };
    struct kernels kernels;
    struct pool *pool = NULL;
    struct error err;

    (void)state;
    assert_ok(pool_new(2, &pool, &err));
    for (int round = 0; round < 4; round++) {
        const double alpha = round % 2 ? .5 : 0;
        const struct diverse_input input = { .vectors = p.vectors,
                                             .n = MANY,
                                             .width = WIDE,
                                             .quality = p.quality,
                                             .n_wanted = MANY_WANTED,
                                             .n_neighbours = round < 2 ? 0 : NEIGHBOURS,
                                             .parameter = alpha,
                                             .kernels = &kernels,
                                             .pool = pool };

        kernels_init(&kernels, rng_below(&rng, 2) ? cpu_detect() : 0);
        draw_many(&p, &rng);
        compare_many(&p);
        if (round >= 2)
            keep_nearest(&p);
        memset(p.nearest, 0, sizeof p.nearest);
        assert_ok(diverse_choose(diverse_find(alpha > 0 ? "qdit" : "facility"), &input, &result,
                                 &err));
        expect_plain_greedy(&p, &result, alpha);
    }
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_are_those_of_plain_greedy),
        cmocka_unit_test(kept_samples_of_deita_are_not_alike_and_the_others_are),
        cmocka_unit_test(threads_and_kernels_change_no_pick_and_no_bit_of_a_gain),
        cmocka_unit_test(budgets_are_never_exceeded_and_no_sample_is_chosen_twice),
        cmocka_unit_test(facilities_are_those_of_plain_greedy),
    };

    return cmocka_run_group_tests_name("props/diverse", tests, NULL, NULL);
}
