/* SPDX-License-Identifier: Apache-2.0 */
/* Worked examples: six points on the unit circle. */
#include "tests/support/test.h"

#include <math.h>
#include <signal.h>

#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse.h"

enum { N = 6 };

static const double quality[] = { .9, .95, .5, .8, .7, .6 };
/* The example of k-center begins with sample 0. */
static const double first_is_best[] = { 1, .95, .5, .8, .7, .6 };

struct chosen {
    uint32_t picks[N];
    double gains[N];
    struct diverse_result result;
};

static struct chosen choose(const char *method, size_t k, double parameter,
                            const uint64_t *costs, uint64_t budget)
{
    const double degrees[] = { 0, 5, 40, 45, 90, 180 };
    float vectors[2 * N];
    struct kernels kernels;
    struct pool *pool = NULL;
    struct chosen out;
    struct error err;

    for (size_t i = 0; i < N; i++) {
        const double angle = degrees[i] * acos(-1) / 180;

        /* Lengths do not count. */
        vectors[2 * i] = (float)((double)(i + 1) * cos(angle));
        vectors[2 * i + 1] = (float)((double)(i + 1) * sin(angle));
    }
    kernels_init(&kernels, cpu_detect());
    assert_ok(pool_new(2, &pool, &err));
    const struct diverse_input input = { .vectors = vectors,
                                         .n = N,
                                         .width = 2,
                                         .quality = strcmp(method, "k-center") == 0
                                                        ? first_is_best
                                                        : quality,
                                         .n_wanted = k,
                                         .costs = costs,
                                         .budget = budget,
                                         .parameter = parameter,
                                         .kernels = &kernels,
                                         .pool = pool };
    out.result = (struct diverse_result){ .picks = out.picks, .gains = out.gains };
    assert_ok(diverse_choose(diverse_find(method), &input, &out.result, &err));
    pool_free(pool);
    return out;
}

static void expect_picks(const struct chosen *c, size_t n, const uint32_t *want)
{
    assert_int_equal(c->result.n_picks, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(c->picks[i], want[i]);
}

static void expect_gain(const struct chosen *c, size_t i, double want)
{
    if (!(fabs(c->gains[i] - want) < 1e-6))
        fail_msg("gain %zu is %.9g, not %.9g", i, c->gains[i], want);
}

static void deita_leaves_out_what_is_like_a_kept_sample(void **state)
{
    const struct chosen c = choose("deita", N, .9, NULL, 0);

    (void)state;
    expect_picks(&c, 4, (const uint32_t[]){ 1, 3, 4, 5 });
    assert_true(fabs(c.result.max_nearest - cos(40 * acos(-1) / 180)) < 1e-6 ||
                c.result.max_nearest < .9);
}

/* The distance of the fourth pick is the radius that three picks leave. */
static void k_center_takes_the_farthest_sample(void **state)
{
    const struct chosen c = choose("k-center", 4, 0, NULL, 0);

    (void)state;
    assert_int_equal(c.picks[0], 0);
    assert_int_equal(c.picks[1], 5);
    assert_int_equal(c.picks[2], 4);
    expect_gain(&c, 3, .2928932);
}

static void facility_location_has_the_gains_of_plain_greedy(void **state)
{
    const struct chosen c = choose("facility", 3, 0, NULL, 0);

    (void)state;
    expect_picks(&c, 3, (const uint32_t[]){ 3, 5, 0 });
    expect_gain(&c, 0, 4.734673);
    expect_gain(&c, 1, .8535534);
    expect_gain(&c, 2, .2615217);
    assert_int_equal(c.result.n_points, N);
}

static void qdit_weighs_quality_against_facility_location(void **state)
{
    const struct chosen c = choose("qdit", 3, .5, NULL, 0);

    (void)state;
    expect_picks(&c, 3, (const uint32_t[]){ 3, 5, 1 });
    expect_gain(&c, 0, 2.7673365);
    expect_gain(&c, 1, .7267767);
    expect_gain(&c, 2, .6057609);
}

static void mmr_weighs_quality_against_the_nearest_pick(void **state)
{
    const struct chosen c = choose("mmr", 4, .5, NULL, 0);

    (void)state;
    expect_picks(&c, 4, (const uint32_t[]){ 1, 5, 4, 3 });
}

static void dpp_stops_at_the_rank_of_the_kernel(void **state)
{
    const struct chosen c = choose("dpp", 4, 0, NULL, 0);

    (void)state;
    expect_picks(&c, 3, (const uint32_t[]){ 1, 5, 4 });
    expect_gain(&c, 0, .9025);
    expect_gain(&c, 1, .3599987);
    expect_gain(&c, 2, .2232221);
}

static void clusters_give_a_sample_in_turn(void **state)
{
    const struct chosen c = choose("clusters", N, 3, NULL, 0);

    (void)state;
    assert_int_equal(c.result.n_picks, N);
    assert_int_equal(c.picks[0], 1); /* the best of all is the best of its cluster */
    const struct chosen one = choose("clusters", N, 1, NULL, 0);
    expect_picks(&one, 6, (const uint32_t[]){ 1, 0, 3, 4, 5, 2 });
}

static void mig_takes_clusters_as_labels(void **state)
{
    const struct chosen one = choose("mig", N, 1, NULL, 0);
    const uint64_t costs[] = { 9, 9, 1, 1, 1, 9 };
    const struct chosen cheap = choose("mig", N, 3, costs, 3);

    (void)state;
    expect_picks(&one, N, (const uint32_t[]){ 1, 0, 3, 4, 5, 2 }); /* by quality alone */
    assert_int_equal(cheap.result.n_picks, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(costs[cheap.picks[i]], 1);
    const struct chosen each = choose("mig", 4, N, NULL, 0);
    expect_picks(&each, 4, (const uint32_t[]){ 1, 3, 4, 5 }); /* one of each near pair */
}

static void samples_beyond_the_budget_are_skipped(void **state)
{
    const uint64_t costs[] = { 1, 1, 1, 9, 1, 1 };
    const struct chosen c = choose("facility", N, 0, costs, 3);

    (void)state;
    assert_int_equal(c.result.n_picks, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(c.picks[i] != 3);
}

static void mig_spreads_information_over_similar_labels(void **state)
{
    /* A; A and B; B; C; C and A; A */
    const size_t starts[] = { 0, 1, 3, 4, 5, 7, 8 };
    const uint32_t labels[] = { 0, 0, 1, 1, 2, 2, 0, 0 };
    const double similarity[] = { 1, .95, 0, .95, 1, 0, 0, 0, 1 };
    const struct mig_input input = { .n = N,
                                     .starts = starts,
                                     .labels = labels,
                                     .quality = quality,
                                     .similarity = similarity,
                                     .n_labels = 3,
                                     .by_label = 1,
                                     .n_wanted = 4 };
    const uint32_t want[] = { 1, 3, 0, 4 };
    uint32_t picks[4];
    double gains[4];
    size_t n = 0;
    struct error err;

    (void)state;
    assert_ok(mig_choose(&input, picks, gains, &n, &err));
    assert_int_equal(n, 4);
    assert_memory_equal(picks, want, sizeof want);
}

static void expect_stop(int rc, const struct error *err)
{
    assert_int_equal(rc, -1);
    assert_int_equal(err->code, ERR_CANCELLED);
    assert_int_equal(err->sys, SIGINT);
}

static void every_choice_stops_when_it_is_asked_to(void **state)
{
    static const size_t starts[] = { 0, 1 };
    static const uint32_t labels[] = { 0 };
    const float vectors[] = { 1, 0, 0, 1, 1, 1 };
    const volatile int signal = SIGINT;
    struct report report = { .stop_signal = &signal };
    uint32_t picks[3], cluster[3];
    double gains[3], centres[2 * 2];
    struct diverse_result result = { .picks = picks, .gains = gains };
    struct kernels kernels;
    struct pool *pool = NULL;
    struct error err;
    size_t n;

    (void)state;
    kernels_init(&kernels, cpu_detect());
    assert_ok(pool_new(2, &pool, &err));
    struct diverse_input input = { .vectors = vectors,
                                   .n = 3,
                                   .width = 2,
                                   .n_wanted = 3,
                                   .kernels = &kernels,
                                   .pool = pool,
                                   .report = &report };
    for (size_t m = 0; diverse_name(m); m++) {
        input.parameter = diverse_default(diverse_find(diverse_name(m)), 3);
        expect_stop(diverse_choose(diverse_find(diverse_name(m)), &input, &result, &err), &err);
    }
    input.n_neighbours = 2;
    expect_stop(diverse_choose(diverse_find("facility"), &input, &result, &err), &err);
    expect_stop(
        kmeans_cluster(vectors, 3, 2, 2, 1, &kernels, pool, centres, cluster, &report, &err),
        &err);
    const struct mig_input mig = { .n = 1,
                                   .starts = starts,
                                   .labels = labels,
                                   .quality = quality,
                                   .similarity = (const double[]){ 1 },
                                   .n_labels = 1,
                                   .n_wanted = 1,
                                   .report = &report };
    expect_stop(mig_choose(&mig, picks, gains, &n, &err), &err);
    pool_free(pool);
}

static void every_method_has_a_name_and_a_default(void **state)
{
    size_t n = 0;

    (void)state;
    for (const char *name; (name = diverse_name(n)) != NULL; n++)
        assert_non_null(diverse_find(name));
    assert_int_equal(n, 8);
    assert_null(diverse_find("random"));
    assert_true(diverse_default(diverse_find("deita"), 50) == .9);
    assert_true(diverse_default(diverse_find("clusters"), 50) == 7);
}

static void memory_grows_with_picks_and_clusters(void **state)
{
    (void)state;
    assert_int_equal(diverse_bytes(diverse_find("k-center"), 0, 1000, 10, 100), 0);
    assert_int_equal(diverse_bytes(diverse_find("dpp"), 0, 1000, 10, 5), 8 * 1000 * 5);
    assert_int_equal(diverse_bytes(diverse_find("dpp"), 0, 1000, 10, 100), 8 * 1000 * 11);
    assert_int_equal(diverse_bytes(diverse_find("clusters"), 7, 1000, 10, 100), 7 * 112);
    assert_int_equal(diverse_bytes(diverse_find("mig"), 7, 1000, 10, 100), 7 * 112 + 49 * 16);
    assert_int_equal(diverse_bytes(diverse_find("mig"), 7, 3, 10, 3), 3 * 112 + 9 * 16);
    assert_true(diverse_bytes(diverse_find("mig"), 1e10, (size_t)1 << 40, 1, 1) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deita_leaves_out_what_is_like_a_kept_sample),
        cmocka_unit_test(k_center_takes_the_farthest_sample),
        cmocka_unit_test(facility_location_has_the_gains_of_plain_greedy),
        cmocka_unit_test(qdit_weighs_quality_against_facility_location),
        cmocka_unit_test(mmr_weighs_quality_against_the_nearest_pick),
        cmocka_unit_test(dpp_stops_at_the_rank_of_the_kernel),
        cmocka_unit_test(clusters_give_a_sample_in_turn),
        cmocka_unit_test(mig_takes_clusters_as_labels),
        cmocka_unit_test(samples_beyond_the_budget_are_skipped),
        cmocka_unit_test(mig_spreads_information_over_similar_labels),
        cmocka_unit_test(every_choice_stops_when_it_is_asked_to),
        cmocka_unit_test(every_method_has_a_name_and_a_default),
        cmocka_unit_test(memory_grows_with_picks_and_clusters),
    };

    return cmocka_run_group_tests_name("scoring/selection/diverse", tests, NULL, NULL);
}
