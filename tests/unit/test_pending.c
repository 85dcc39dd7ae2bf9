/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "stages/score/pending.h"
#include "store/selection.h"
#include "tests/support/store_fixture.h"

static void add(struct pending_list *list, const int64_t *ids, size_t n, uint32_t nodes)
{
    int64_t copies[8];
    struct error err;

    memcpy(copies, ids, n * sizeof *ids);
    const struct id_list given = { .ids = copies, .n = n };
    assert_ok(pending_add(list, &given, nodes, &err));
}

/* In turns: three samples of context a, two of context b, two without a context. */
static void fill(struct store_fixture *f, int64_t ids[7])
{
    static const char *const contexts[] = { "a", NULL, "b", "a", "b", NULL, "a" };

    for (size_t i = 0; i < 7; i++) {
        char question[] = { (char)('0' + i), '\0' };

        ids[i] = store_fixture_add(f, contexts[i], question, "yes");
    }
}

static void unscored_samples_of_one_context_are_adjacent(void **state)
{
    static const size_t order[] = { 1, 5, 0, 3, 6, 2, 4 };
    static const bool shares_context[] = { false, false, false, true, true, false, true };
    struct store_fixture *f = *state;
    struct pending_list list = { 0 };
    int64_t ids[7];
    struct error err;

    fill(f, ids);
    add(&list, ids, 7, 1);
    assert_ok(pending_sort(&list, f->store, &err));
    assert_int_equal(list.n, 7);
    for (size_t i = 0; i < list.n; i++) {
        assert_int_equal(list.samples[i].sample_id, ids[order[i]]);
        assert_int_equal(pending_shares_context(&list, i), shares_context[i]);
    }
    pending_release(&list);
}

static void unscored_samples_that_lack_the_same_metrics_are_adjacent(void **state)
{
    static const size_t order[] = { 5, 2, 1, 0, 3, 6, 4 };
    static const uint32_t nodes[] = { 1, 1, 2, 2, 3, 3, 3 };
    struct store_fixture *f = *state;
    struct pending_list list = { 0 };
    int64_t ids[7];
    struct error err;

    fill(f, ids);
    const int64_t one[] = { ids[2], ids[3], ids[4], ids[5], ids[6] };
    const int64_t two[] = { ids[0], ids[1], ids[3], ids[4], ids[6] };
    add(&list, one, 5, 1);
    add(&list, two, 5, 2);
    assert_ok(pending_sort(&list, f->store, &err));
    assert_int_equal(list.n, 7);
    for (size_t i = 0; i < list.n; i++) {
        assert_int_equal(list.samples[i].sample_id, ids[order[i]]);
        assert_int_equal(list.samples[i].nodes, nodes[i]);
    }
    assert_false(pending_shares_context(
        &list, 4)); /* of context a as well, but more of its scores are missing */
    assert_true(pending_shares_context(&list, 5));
    pending_release(&list);
}

static void the_first_sample_after_a_token_is_found(void **state)
{
    struct pending samples[] = {
        { .end_token = 10 }, { .end_token = 10 }, { .end_token = 15 }, { .end_token = 40 }
    };
    const struct pending_list list = { .samples = samples, .n = 4 };

    (void)state;
    assert_int_equal(pending_find_token(&list, 0), 0);
    assert_int_equal(pending_find_token(&list, 1), 1);
    assert_int_equal(pending_find_token(&list, 10), 1);
    assert_int_equal(pending_find_token(&list, 11), 3);
    assert_int_equal(pending_find_token(&list, 15), 3);
    assert_int_equal(pending_find_token(&list, 16), 4);
    samples[2].context_id = samples[3].context_id =
        5; /* samples of one context are not separated */
    assert_int_equal(pending_find_token(&list, 10), 1);
    assert_int_equal(pending_find_token(&list, 15), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unscored_samples_of_one_context_are_adjacent,
                                        store_fixture_setup, store_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            unscored_samples_that_lack_the_same_metrics_are_adjacent, store_fixture_setup,
            store_fixture_teardown),
        cmocka_unit_test(the_first_sample_after_a_token_is_found),
    };

    return cmocka_run_group_tests_name("stages/score_list_unscored", tests, NULL, NULL);
}
