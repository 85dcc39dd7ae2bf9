/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "store/db_private.h"
#include "store/embedding.h"
#include "tests/support/store_fixture.h"

static void a_stored_vector_is_read_back_as_floats(void **state)
{
    struct store_fixture *f = *state;
    const double first[] = { 1, 2, 3 }, vector[] = { 0.5, -2, 1.0 / 3 };
    float out[3] = { 0 };
    size_t n = 0;
    struct error err;
    const int64_t set = store_fixture_set(
        f->store, "embedding", store_fixture_model(f->store, "tiny", 1), "{}", "higher");
    const int64_t sample = store_fixture_add(f, NULL, "who?", "the cat");

    assert_int_equal(embedding_width(f->store, set, sample, &n, &err), 0);
    assert_fails(embedding_get(f->store, set, sample, out, 3, &err), ERR_INPUT,
                 "it is missing");
    assert_ok(embedding_put(f->store, set, sample, first, 3, &err));
    assert_ok(embedding_put(f->store, set, sample, vector, 3, &err));

    assert_int_equal(embedding_width(f->store, set, sample, &n, &err), 1);
    assert_int_equal(n, 3);
    assert_ok(embedding_get(f->store, set, sample, out, 3, &err));
    for (size_t i = 0; i < 3; i++)
        assert_true(out[i] == (float)vector[i]);
    assert_rows(f->store, "SELECT hex(vector) FROM embedding", "0000003F000000C0ABAAAA3E");
    assert_fails(embedding_get(f->store, set, sample, out, 2, &err), ERR_INPUT,
                 "not as long as the others");
}

static void a_vector_that_sql_changed_is_an_error(void **state)
{
    struct store_fixture *f = *state;
    const double vector[] = { 1, 2 };
    float out[2];
    size_t n;
    struct error err;
    const int64_t set = store_fixture_set(
        f->store, "embedding", store_fixture_model(f->store, "tiny", 1), "{}", "higher");
    const int64_t sample = store_fixture_add(f, NULL, "who?", "the cat");

    assert_ok(embedding_put(f->store, set, sample, vector, 2, &err));
    assert_ok(db_exec(f->store, "UPDATE embedding SET vector = x''", &err));
    assert_fails(embedding_width(f->store, set, sample, &n, &err), ERR_INPUT, "it is empty");
    assert_ok(db_exec(f->store, "UPDATE embedding SET vector = x'0000803F0000807F'", &err));
    assert_fails(embedding_get(f->store, set, sample, out, 2, &err), ERR_INPUT, "not finite");
}

static void a_vector_with_a_value_that_is_not_finite_is_refused(void **state)
{
    struct store_fixture *f = *state;
    const double bad[] = { NAN, INFINITY, 1e300 };
    struct error err;
    const int64_t set = store_fixture_set(
        f->store, "embedding", store_fixture_model(f->store, "tiny", 1), "{}", "higher");
    const int64_t sample = store_fixture_add(f, NULL, "who?", "the cat");

    for (size_t i = 0; i < 3; i++) {
        const double vector[] = { 1, bad[i] };

        assert_fails(embedding_put(f->store, set, sample, vector, 2, &err), ERR_INVARIANT,
                     "number 1 of the vector");
    }
    assert_rows(f->store, "SELECT count(*) FROM embedding", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stored_vector_is_read_back_as_floats,
                                        store_fixture_setup, store_fixture_teardown),
        cmocka_unit_test_setup_teardown(a_vector_that_sql_changed_is_an_error,
                                        store_fixture_setup, store_fixture_teardown),
        cmocka_unit_test_setup_teardown(a_vector_with_a_value_that_is_not_finite_is_refused,
                                        store_fixture_setup, store_fixture_teardown),
    };

    return cmocka_run_group_tests_name("store/embedding", tests, NULL, NULL);
}
