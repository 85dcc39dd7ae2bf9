/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/infer/model/rope.h"

enum { N_ROT = 128, TRAINED = 4096 };

static const struct rope plain = {
    .n_rot = N_ROT, .base = 10000, .factor = 1, .extrapolated = 1, .magnitude = 1
};

/* The base, from freq[1]: the base to the power -2 / N_ROT. */
static double base_at(double ntk_factor, size_t n_tokens)
{
    const struct rope_stretch stretch = { .ntk_factor = ntk_factor, .trained = TRAINED };
    double freq[N_ROT / 2];

    rope_frequencies(&plain, &stretch, n_tokens, freq);
    return pow(freq[1], -N_ROT / 2.0);
}

static void dynamic_ntk_raises_the_base_by_the_whole_length(void **state)
{
    static const struct {
        size_t n_tokens;
        double factor, base;
    } cases[] = {
        { 8192, 1, 20221.26 },  { 8192, 2, 30527.74 },   { 16384, 1, 40889.94 },
        { 16384, 2, 72195.86 }, { 65000, 1, 165809.65 }, { 65000, 2, 324558.91 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_float_equal(base_at(cases[i].factor, cases[i].n_tokens), cases[i].base, 0.005);
}

static void dynamic_ntk_keeps_the_base_up_to_the_trained_length(void **state)
{
    (void)state;
    assert_float_equal(base_at(1, TRAINED), 10000, 1e-6);
    assert_float_equal(base_at(2, 100), 10000, 1e-6);
    assert_float_equal(base_at(0, 65000), 10000, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dynamic_ntk_raises_the_base_by_the_whole_length),
        cmocka_unit_test(dynamic_ntk_keeps_the_base_up_to_the_trained_length),
    };

    return cmocka_run_group_tests_name("rope", tests, NULL, NULL);
}
