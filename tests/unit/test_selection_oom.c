/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of what scoring/selection/ computes fails once: ERR_NOMEM, no leak, and the
 * next call works. */
#include "tests/support/test.h"

#include <math.h>

#include "base/buf.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/budget.h"
#include "scoring/selection/diverse.h"
#include "scoring/selection/dsir.h"
#include "scoring/selection/formula.h"
#include "scoring/selection/order.h"
#include "scoring/selection/quota.h"
#include "scoring/selection/target.h"
#include "scoring/selection/whiten.h"
#include "tests/support/oom.h"
#include "tests/support/rng.h"

enum { N = 40, WIDTH = 6, WANTED = 8, CLUSTERS = 3 };

struct points {
    float vectors[N * WIDTH];
    double quality[N];
    uint64_t costs[N];
    struct kernels kernels;
    struct pool *pool;
    struct diverse_input input;
};

static int setup(void **state)
{
    static struct points points;
    struct rng rng = rng_from_seed(1);
    struct error err;

    rng_fill_normal(&rng, points.vectors, (size_t)N * WIDTH);
    for (size_t i = 0; i < N; i++) {
        points.quality[i] = rng_unit(&rng);
        points.costs[i] = 1 + rng_below(&rng, 5);
    }
    kernels_init(&points.kernels, cpu_detect());
    assert_ok(pool_new(2, &points.pool, &err));
    points.input = (struct diverse_input){ .vectors = points.vectors,
                                           .n = N,
                                           .width = WIDTH,
                                           .quality = points.quality,
                                           .n_wanted = WANTED,
                                           .seed = 1,
                                           .kernels = &points.kernels,
                                           .pool = points.pool };
    *state = &points;
    return 0;
}

static int teardown(void **state)
{
    pool_free(((struct points *)*state)->pool);
    return 0;
}

struct diverse_case {
    const struct diverse_method *method;
    struct diverse_input input;
};

static int choose_diverse(const void *arg, struct error *err)
{
    const struct diverse_case *test = arg;
    uint32_t picks[N];
    double gains[N];
    struct diverse_result result = { .picks = picks, .gains = gains };

    return diverse_choose(test->method, &test->input, &result, err);
}

static void diverse_choices_report_each_failed_allocation(void **state)
{
    const struct points *points = *state;

    for (size_t m = 0; diverse_name(m); m++) {
        struct diverse_case test = { diverse_find(diverse_name(m)), points->input };

        test.input.parameter = diverse_default(test.method, N);
        assert_true(oom_survive(choose_diverse, &test) > 3);
    }
    for (int qdit = 0; qdit < 2; qdit++) {
        struct diverse_case test = { diverse_find(qdit ? "qdit" : "facility"), points->input };

        test.input.parameter = qdit ? .5 : 0;
        test.input.n_neighbours = 5;
        assert_true(oom_survive(choose_diverse, &test) > 8);
    }
}

static int make_clusters(const void *arg, struct error *err)
{
    const struct points *points = arg;
    double centres[CLUSTERS * WIDTH];
    uint32_t cluster[N];

    return kmeans_cluster(points->vectors, N, WIDTH, CLUSTERS, 1, &points->kernels,
                          points->pool, centres, cluster, NULL, err);
}

static int spread_information(const void *arg, struct error *err)
{
    static const size_t starts[] = { 0, 1, 2 };
    static const uint32_t labels[] = { 0, 1 };
    static const double similarity[] = { 1, .95, .95, 1 };
    const struct points *points = arg;
    const struct mig_input input = { .n = 2,
                                     .starts = starts,
                                     .labels = labels,
                                     .quality = points->quality,
                                     .similarity = similarity,
                                     .n_labels = 2,
                                     .n_wanted = 2 };
    uint32_t picks[2];
    double gains[2];
    size_t n;

    return mig_choose(&input, picks, gains, &n, err);
}

static void clusters_and_labels_report_each_failed_allocation(void **state)
{
    assert_true(oom_survive(make_clusters, *state) > 2);
    assert_true(oom_survive(spread_information, *state) > 2);
}

static int read_quality(void *arg, size_t list, double *out, struct error *err)
{
    const struct points *points = arg;

    (void)err;
    for (size_t i = 0; i < N; i++)
        out[i] = points->quality[(i + list) % N];
    return 0;
}

static int take_turns(const void *arg, struct error *err)
{
    struct points points = *(const struct points *)arg;
    const struct rds_input input = { .n = N,
                                     .n_lists = 3,
                                     .read_scores = read_quality,
                                     .arg = &points,
                                     .n_wanted = WANTED,
                                     .costs = points.costs,
                                     .budget = 30 };
    uint32_t picks[WANTED], lists[WANTED];
    double cosines[N];
    size_t n;

    if (rds_choose(&input, picks, lists, &n, err) < 0)
        return -1;
    return target_cosines(points.vectors, N, WIDTH, points.vectors, 2, &points.kernels,
                          points.pool, cosines, err);
}

static int whiten_vectors(const void *arg, struct error *err)
{
    struct points points = *(const struct points *)arg;
    struct whitening *whitening = NULL;

    if (whitening_new(points.vectors, N, WIDTH, points.pool, &whitening, err) < 0)
        return -1;
    const int rc = whitening_apply(whitening, points.vectors, N, points.pool, err);
    whitening_free(whitening);
    return rc;
}

static int weigh_texts(const void *arg, struct error *err)
{
    const struct slice text = slice_of("The cat sat.", 12);
    struct dsir *dsir = NULL;
    uint64_t n_tokens;
    double weight;
    int rc = dsir_new(&dsir, err);

    (void)arg;
    if (rc == 0 && (dsir_add(dsir, DSIR_TARGET, text, err) < 0 ||
                    dsir_add(dsir, DSIR_RAW, text, err) < 0 || dsir_fit(dsir, err) < 0 ||
                    dsir_weigh(dsir, text, &weight, &n_tokens, err) < 0))
        rc = -1;
    dsir_free(dsir);
    return rc;
}

static void targets_report_each_failed_allocation(void **state)
{
    assert_true(oom_survive(take_turns, *state) > 6);
    assert_true(oom_survive(whiten_vectors, *state) > 5);
    assert_true(oom_survive(weigh_texts, NULL) > 1);
}

static const char *name_at(void *arg, size_t i)
{
    (void)arg;
    return i == 0 ? "ifd" : i == 1 ? "mtld" : NULL;
}

static int evaluate_formula(const void *arg, struct error *err)
{
    const struct points *points = arg;
    const struct formula_names names = { .name = name_at };
    const double *columns[] = { points->quality, points->quality };
    double values[N], terms[3 * N];
    uint8_t status[N];
    struct formula_comparison comparisons[2];
    struct formula_result result = {
        .values = values, .status = status, .terms = terms, .comparisons = comparisons
    };
    struct formula *formula = NULL;

    if (formula_parse("rank(ifd) + z(mtld * 2) - clip(ifd, 0, 1)", &names, &formula, err) < 0)
        return -1;
    const int rc = formula_evaluate(formula, columns, N, &result, err);
    formula_free(formula);
    return rc;
}

static int name_what_is_unknown(const void *arg, struct error *err)
{
    const struct formula_names names = { .name = name_at };
    struct formula *formula = NULL;
    struct error local;

    (void)arg;
    if (formula_parse("ifdd", &names, &formula, &local) == 0) {
        formula_free(formula);
        return error_set(err, ERR_INPUT, "an unknown name is known");
    }
    if (local.code == ERR_USAGE)
        return 0;
    *err = local;
    return -1;
}

static void formulas_report_each_failed_allocation(void **state)
{
    assert_true(oom_survive(evaluate_formula, *state) > 2);
    assert_true(oom_survive(name_what_is_unknown, NULL) > 0);
}

static int share_quotas(const void *arg, struct error *err)
{
    struct quota_group groups[] = {
        { "en", 3, 0, 0, QUOTA_NO_MAX, QUOTA_NO_PARENT, 0, 0 },
        { "code", 1, 9, 2, QUOTA_NO_MAX, 0, 0, 0 },
        { "prose", 1, 3, 0, 5, 0, 0, 0 },
        { "zh", 1, 4, 0, QUOTA_NO_MAX, QUOTA_NO_PARENT, 0, 0 },
    };
    uint64_t unfilled;
    struct buf table;
    int rc = quota_allocate(groups, 4, 14, &unfilled, err);

    (void)arg;
    buf_init(&table, 1 << 16);
    if (rc == 0)
        rc = quota_print(groups, 4, &table, err);
    buf_release(&table);
    return rc;
}

static int fill_budget(const void *arg, struct error *err)
{
    const struct points *points = arg;
    const uint64_t group_totals[] = { 20, 10 };
    uint32_t groups[N], order[N], picks[N];
    size_t n, n_picks;
    uint64_t used;
    const struct sample_budget budget = {
        .total = 30, .groups = groups, .group_totals = group_totals, .n_groups = 2
    };

    for (size_t i = 0; i < N; i++)
        groups[i] = i % 2;
    if (order_by_value_per_cost(points->quality, points->costs, N, order, &n, err) < 0)
        return -1;
    return budget_fill(&budget, order, n, points->costs, picks, &n_picks, &used, err);
}

static void quotas_and_budgets_report_each_failed_allocation(void **state)
{
    assert_true(oom_survive(share_quotas, NULL) > 3);
    assert_true(oom_survive(fill_budget, *state) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diverse_choices_report_each_failed_allocation),
        cmocka_unit_test(clusters_and_labels_report_each_failed_allocation),
        cmocka_unit_test(targets_report_each_failed_allocation),
        cmocka_unit_test(formulas_report_each_failed_allocation),
        cmocka_unit_test(quotas_and_budgets_report_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("scoring/selection/oom", tests, setup, teardown);
}
