/* SPDX-License-Identifier: Apache-2.0 */
/* Components and leaders of pairs, and the clusters of a set in the database. */
#include "tests/support/test.h"

#include "base/option.h"
#include "scoring/duplicates/clusters.h"
#include "stages/dedup/clustering.h"
#include "store/db_private.h"
#include "store/dedup.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/store.h"
#include "tests/support/rng.h"
#include "tests/support/store_fixture.h"

enum { N_SAMPLES = 60, N_PAIRS_MAX = 90, N_ROUNDS = 300 };

struct graph {
    struct similar_pair pairs[N_PAIRS_MAX];
    size_t n_pairs;
    uint32_t order[N_SAMPLES];
    size_t n;
};

static bool are_similar(const struct graph *graph, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < graph->n_pairs; i++)
        if (graph->pairs[i].a == (a < b ? a : b) && graph->pairs[i].b == (a < b ? b : a))
            return true;
    return false;
}

static void make_graph(struct rng *rng, struct graph *graph)
{
    graph->n = 1 + rng_below(rng, N_SAMPLES);
    graph->n_pairs = graph->n > 1 ? rng_below(rng, N_PAIRS_MAX) : 0;
    for (size_t i = 0; i < graph->n_pairs; i++) {
        const uint32_t b = 1 + (uint32_t)rng_below(rng, graph->n - 1);

        graph->pairs[i] = (struct similar_pair){ (uint32_t)rng_below(rng, b), b };
    }
    for (size_t i = 0; i < graph->n; i++) {
        const size_t at = rng_below(rng, i + 1);

        graph->order[i] = graph->order[at];
        graph->order[at] = (uint32_t)i;
    }
}

/* Move the smallest number along the pairs until nothing changes. */
static void spread_components(const struct graph *graph, uint32_t *root)
{
    bool changed = true;

    for (uint32_t i = 0; i < graph->n; i++)
        root[i] = i;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < graph->n_pairs; i++) {
            uint32_t *a = &root[graph->pairs[i].a], *b = &root[graph->pairs[i].b];

            changed = changed || *a != *b;
            *a = *b = *a < *b ? *a : *b;
        }
    }
}

static void components_are_those_of_spreading_numbers(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (size_t round = 0; round < N_ROUNDS; round++) {
        uint32_t root[N_SAMPLES], want[N_SAMPLES];
        struct graph graph;
        struct error err;

        make_graph(&rng, &graph);
        assert_ok(clusters_components(graph.pairs, graph.n_pairs, root, graph.n, &err));
        spread_components(&graph, want);
        assert_memory_equal(root, want, graph.n * sizeof *want);
    }
}

static void leaders_are_those_of_the_rule(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (size_t round = 0; round < N_ROUNDS; round++) {
        uint32_t leader[N_SAMPLES];
        struct graph graph;
        struct error err;

        make_graph(&rng, &graph);
        assert_ok(
            clusters_leaders(graph.pairs, graph.n_pairs, graph.order, leader, graph.n, &err));
        for (size_t k = 0; k < graph.n; k++) {
            uint32_t want = graph.order[k];

            for (size_t j = 0; j < k && want == graph.order[k]; j++)
                if (leader[graph.order[j]] == graph.order[j] &&
                    are_similar(&graph, graph.order[j], graph.order[k]))
                    want = graph.order[j];
            assert_int_equal(leader[graph.order[k]], want);
        }
    }
}

static void no_samples_have_no_clusters(void **state)
{
    uint32_t none[1] = { 7 };
    struct error err;

    (void)state;
    assert_ok(clusters_components(NULL, 0, none, 0, &err));
    assert_ok(clusters_leaders(NULL, 0, none, none, 0, &err));
    assert_int_equal(none[0], 7);
}

/* A path a-b-c: the ends are not similar, so dropping keeps both if one of them comes first. */
static void a_chain_keeps_both_ends_but_is_one_component(void **state)
{
    const struct similar_pair pairs[] = { { 0, 1 }, { 1, 2 } };
    const uint32_t order[] = { 0, 1, 2 }, middle_first[] = { 1, 0, 2 };
    uint32_t leader[3], root[3];
    struct error err;

    (void)state;
    assert_ok(clusters_components(pairs, 2, root, 3, &err));
    assert_ok(clusters_leaders(pairs, 2, order, leader, 3, &err));
    assert_memory_equal(root, ((uint32_t[]){ 0, 0, 0 }), sizeof root);
    assert_memory_equal(leader, ((uint32_t[]){ 0, 0, 2 }), sizeof leader);
    assert_ok(clusters_leaders(pairs, 2, middle_first, leader, 3, &err));
    assert_memory_equal(leader, ((uint32_t[]){ 1, 1, 1 }), sizeof leader);
}

/* Groups are kept or dropped as if each copy had the pairs of all of them. */
static void copies_have_the_pairs_of_each_other(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (size_t round = 0; round < N_ROUNDS; round++) {
        uint32_t group[N_SAMPLES], leader[N_SAMPLES];
        struct graph graph;
        struct error err;

        make_graph(&rng, &graph);
        for (uint32_t i = 0; i < graph.n; i++)
            group[i] = i > 0 && rng_below(&rng, 3) == 0 ? group[rng_below(&rng, i)] : i;
        assert_ok(clusters_leaders_of_groups(graph.pairs, graph.n_pairs, group, graph.order,
                                             leader, graph.n, &err));
        for (size_t k = 0; k < graph.n; k++) {
            const uint32_t i = graph.order[k];
            uint32_t want = i;

            for (size_t j = 0; j < k && want == i; j++) {
                const uint32_t kept = graph.order[j];
                bool similar = group[kept] == group[i];

                for (size_t p = 0; p < graph.n_pairs; p++)
                    similar = similar ||
                              (group[graph.pairs[p].a] == group[kept] &&
                               group[graph.pairs[p].b] == group[i]) ||
                              (group[graph.pairs[p].b] == group[kept] &&
                               group[graph.pairs[p].a] == group[i]);
                if (leader[kept] == kept && similar)
                    want = kept;
            }
            assert_int_equal(leader[i], want);
        }
    }
}

enum { N_TEXTS = 5 };

struct planted {
    struct store_fixture *f;
    struct dedup_samples samples;
    struct dedup_set set;
    int64_t ids[N_TEXTS]; /* in the order of their content hashes */
};

static const struct dedup_spec spec = { .name = "near",
                                        .kind = "near",
                                        .field = "response",
                                        .params = { "{\"v\":1}", 7 },
                                        .keep = { "{}", 2 } };

static void plant(void **state, struct planted *out)
{
    static const char *const responses[N_TEXTS] = { "a", "bb", "ccc", "dddd", "eeeee" };
    struct error err;

    *out = (struct planted){ .f = *state };
    for (size_t i = 0; i < N_TEXTS; i++)
        store_fixture_add(out->f, NULL, "who?", responses[i]);
    assert_ok(dedup_samples_read(out->f->store, &out->samples, &err));
    assert_int_equal(out->samples.n, N_TEXTS);
    memcpy(out->ids, out->samples.ids, sizeof out->ids);
    assert_ok(dedup_set_put(out->f->store, &spec, out->f->run_id, false, &out->set, &err));
}

/* Store pairs of samples, given by their places in the order of hashes. */
static void plant_pairs(const struct planted *planted, double (*pairs)[4], size_t n)
{
    struct error err;

    assert_ok(store_begin(planted->f->store, &err));
    for (size_t i = 0; i < n; i++) {
        const struct dedup_pair pair = { .a = planted->ids[(size_t)pairs[i][0]],
                                         .b = planted->ids[(size_t)pairs[i][1]],
                                         .similarity = pairs[i][2],
                                         .containment = pairs[i][3] };

        assert_ok(
            dedup_put_pairs(planted->f->store, planted->set.dedup_set_id, &pair, 1, &err));
    }
    assert_ok(store_commit(planted->f->store, &err));
}

static void samples_are_numbered_by_their_hashes(void **state)
{
    struct planted planted;

    plant(state, &planted);
    for (size_t i = 1; i < N_TEXTS; i++) {
        char sql[160];

        snprintf(sql, sizeof sql,
                 "SELECT a.hash < b.hash FROM sample a, sample b WHERE a.sample_id = %d"
                 " AND b.sample_id = %d",
                 (int)planted.ids[i - 1], (int)planted.ids[i]);
        assert_rows(planted.f->store, sql, "1");
    }
    for (uint32_t i = 0; i < N_TEXTS; i++) {
        uint32_t number = 99;

        assert_true(dedup_samples_number(&planted.samples, planted.ids[i], &number));
        assert_int_equal(number, i);
    }
    uint32_t number;
    assert_false(dedup_samples_number(&planted.samples, 0, &number));
    assert_false(dedup_samples_number(&planted.samples, 999, &number));
    dedup_samples_release(&planted.samples);
}

static void clusters_follow_from_the_pairs_above_the_threshold(void **state)
{
    double pairs[][4] = {
        { 0, 1, .9, -1 }, { 1, 2, .8, -1 }, { 3, 4, .6, .95 }, { 0, 4, .5, .5 }
    };
    const struct dedup_order order = { .field = "response" };
    struct dedup_use use = { .least = .7, .least_containment = -1, .n_big_buckets = 3 };
    struct dedup_counts counts;
    struct planted planted;
    struct error err;

    plant(state, &planted);
    plant_pairs(&planted, pairs, 4);
    assert_ok(dedup_make_clusters(planted.f->store, planted.set.dedup_set_id, &planted.samples,
                                  &order, &use, planted.f->run_id, &counts, &err));
    assert_int_equal(counts.n_pairs, 2);
    assert_int_equal(counts.n_clusters, 1);
    assert_int_equal(counts.n_members, 3);
    assert_int_equal(counts.n_duplicates, 1);
    assert_rows(planted.f->store,
                "SELECT n_pairs, n_clusters, n_duplicates, n_component_duplicates,"
                " is_complete, threshold, containment_threshold, n_big_buckets, n_newer"
                " FROM v_dedup_sets",
                "2|1|1|2|1|0.7||3|5");

    use.least_containment = .9;
    assert_ok(dedup_make_clusters(planted.f->store, planted.set.dedup_set_id, &planted.samples,
                                  &order, &use, planted.f->run_id, &counts, &err));
    assert_int_equal(counts.n_pairs, 3);
    assert_int_equal(counts.n_clusters, 2);
    assert_rows(planted.f->store,
                "SELECT n_pairs, n_clusters, n_duplicates, containment_threshold"
                " FROM v_dedup_sets",
                "3|2|2|0.9");
    dedup_samples_release(&planted.samples);
}

/* Returns the response of the sample that is kept of the pairs. */
static void assert_kept(const struct planted *planted, const struct dedup_order *order,
                        const char *want)
{
    const struct dedup_use use = { .least = .7, .least_containment = -1 };
    struct dedup_counts counts;
    struct error err;

    assert_ok(dedup_make_clusters(planted->f->store, planted->set.dedup_set_id,
                                  &planted->samples, order, &use, planted->f->run_id, &counts,
                                  &err));
    assert_rows(planted->f->store,
                "SELECT r.content FROM dedup_member m JOIN turn r USING (sample_id)"
                " WHERE m.leader IS NULL AND m.component_keep AND r.role = 'assistant'",
                want);
}

static void the_longest_the_best_or_the_preferred_is_kept(void **state)
{
    double pairs[10][4];
    struct planted planted;
    struct error err;
    size_t n = 0;

    plant(state, &planted);
    for (size_t a = 0; a < N_TEXTS; a++)
        for (size_t b = a + 1; b < N_TEXTS; b++)
            memcpy(pairs[n++], ((double[]){ (double)a, (double)b, .9, -1 }), sizeof pairs[0]);
    plant_pairs(&planted, pairs, n);
    assert_kept(&planted, &(struct dedup_order){ .field = "response", .by = "length" },
                "eeeee");

    /* Perplexity: low is better; the sample without a value comes last. */
    const int64_t ppl =
        store_fixture_set(planted.f->store, "ppl",
                          store_fixture_model(planted.f->store, "tiny", 1), "{}", "lower");
    assert_ok(store_begin(planted.f->store, &err));
    for (int64_t id = 2; id <= N_TEXTS; id++) {
        const struct score_row row = {
            .score_set_id = ppl, .sample_id = id, .value = (double)id, .status = "ok"
        };

        assert_ok(score_put(planted.f->store, &row, planted.f->run_id, &err));
    }
    assert_ok(store_commit(planted.f->store, &err));
    assert_kept(&planted, &(struct dedup_order){ .field = "response", .by = "ppl" }, "bb");

    const struct text_list prefer = { .items = (const char *[]){ "letters" }, .n = 1 };
    assert_ok(db_exec(planted.f->store,
                      "INSERT INTO source VALUES (9, 'letters');"
                      "INSERT INTO file VALUES (9, 9, 'b', NULL, NULL);"
                      "UPDATE sample SET file_id = 9 WHERE sample_id = 3",
                      &err));
    assert_kept(&planted, &(struct dedup_order){ .field = "response", .prefer = &prefer },
                "ccc");
    assert_fails(dedup_order_check(planted.f->store,
                                   &(struct dedup_order){ .field = "whole", .by = "beauty" },
                                   &err),
                 ERR_NOT_FOUND, "beauty");
    dedup_samples_release(&planted.samples);
}

static void a_set_of_other_parameters_is_refused(void **state)
{
    struct dedup_spec other = spec;
    struct id_list pending;
    struct dedup_set set;
    struct planted planted;
    struct error err;

    plant(state, &planted);
    assert_false(planted.set.existed);
    assert_ok(dedup_set_put(planted.f->store, &spec, planted.f->run_id, true, &set, &err));
    assert_true(set.existed);
    assert_false(set.complete);
    other.params = slice_text("{\"v\":2}");
    assert_fails(dedup_set_put(planted.f->store, &other, 1, false, &set, &err), ERR_USAGE,
                 "other parameters ({\"v\":1}, not {\"v\":2})");
    other = spec;
    other.field = "whole";
    assert_fails(dedup_set_put(planted.f->store, &other, 1, true, &set, &err), ERR_USAGE,
                 "other field (response, not whole)");

    assert_ok(store_begin(planted.f->store, &err));
    assert_ok(dedup_put_signature(planted.f->store, planted.set.dedup_set_id, 2,
                                  slice_of(NULL, 0), &err));
    assert_ok(store_commit(planted.f->store, &err));
    assert_ok(dedup_find_pending(planted.f->store, planted.set.dedup_set_id, &pending, &err));
    assert_int_equal(pending.n, N_TEXTS - 1);
    assert_int_equal(pending.ids[1], 3);
    id_list_release(&pending);
    dedup_samples_release(&planted.samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_those_of_spreading_numbers),
        cmocka_unit_test(leaders_are_those_of_the_rule),
        cmocka_unit_test(no_samples_have_no_clusters),
        cmocka_unit_test(copies_have_the_pairs_of_each_other),
        cmocka_unit_test(a_chain_keeps_both_ends_but_is_one_component),
        cmocka_unit_test_setup_teardown(samples_are_numbered_by_their_hashes,
                                        store_fixture_setup, store_fixture_teardown),
        cmocka_unit_test_setup_teardown(clusters_follow_from_the_pairs_above_the_threshold,
                                        store_fixture_setup, store_fixture_teardown),
        cmocka_unit_test_setup_teardown(the_longest_the_best_or_the_preferred_is_kept,
                                        store_fixture_setup, store_fixture_teardown),
        cmocka_unit_test_setup_teardown(a_set_of_other_parameters_is_refused,
                                        store_fixture_setup, store_fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
