/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "tests/kernels/family.h"

enum { VALUES_MAX = 260, INPUTS_MAX = 300, MARGIN = 8 };

static uint32_t mixed(uint32_t a, uint32_t b, uint32_t x)
{
    uint32_t v = a * x + b;

    v ^= v >> 15;
    return v * 0x2c1b3c6d;
}

static void values_are_the_smallest_mixed_ones(void **state)
{
    const struct family *f = *state;
    const struct kernels *const both[] = { &f->ref, &f->fast };
    static uint32_t x[INPUTS_MAX], a[VALUES_MAX], b[VALUES_MAX], out[VALUES_MAX + MARGIN];
    struct rng rng = rng_from_env("CURATE_SEED");

    for (size_t k = 0; k <= VALUES_MAX; k += 1 + k / 8) {
        const size_t n = rng_below(&rng, INPUTS_MAX);

        for (size_t i = 0; i < n; i++)
            x[i] = (uint32_t)rng_next(&rng);
        for (size_t i = 0; i < k; i++) {
            a[i] = (uint32_t)rng_next(&rng);
            b[i] = (uint32_t)rng_next(&rng);
        }
        for (size_t version = 0; version < 2; version++) {
            for (size_t i = 0; i < k + MARGIN; i++)
                out[i] = i % 3 == 0 ? 1000 : UINT32_MAX;
            both[version]->minhash(x, n, a, b, k, out);
            for (size_t i = 0; i < k + MARGIN; i++) {
                uint32_t want = i % 3 == 0 ? 1000 : UINT32_MAX;

                for (size_t j = 0; i < k && j < n; j++)
                    want = mixed(a[i], b[i], x[j]) < want ? mixed(a[i], b[i], x[j]) : want;
                assert_int_equal(out[i], want);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct family family;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(values_are_the_smallest_mixed_ones, &family),
    };

    if (!family_open(&family, argc, argv))
        return SKIP_ALL("this CPU lacks the family");
    return cmocka_run_group_tests_name("kernels/minhash", tests, NULL, NULL);
}
