/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "tests/kernels/family.h"

/* Two rows ending at unmapped pages; the first is changed in place. */
struct rows {
    struct guard x_guard, y_guard;
    float *x, *y;
    float before[LEN_MAX];
};

static void rows_open(struct rows *r)
{
    guard_open(&r->x_guard, LEN_MAX * sizeof(float));
    guard_open(&r->y_guard, LEN_MAX * sizeof(float));
}

static void rows_close(struct rows *r)
{
    guard_close(&r->x_guard);
    guard_close(&r->y_guard);
}

static void rows_draw(struct rows *r, struct rng *rng, size_t n, float size)
{
    r->x = guard_tail(&r->x_guard, n * sizeof(float));
    r->y = guard_tail(&r->y_guard, n * sizeof(float));
    rng_fill_normal(rng, r->x, n);
    rng_fill_normal(rng, r->y, n);
    for (size_t i = 0; i < n; i++)
        r->x[i] *= size;
    memcpy(r->before, r->x, n * sizeof(float));
}

static void check_silu(const struct kernels *kernels, float x, float up, float got)
{
    const double silu = (double)x / (1 + exp(-(double)x));
    const double want = silu * (double)up;
    const double slack = fabs(silu) < 1e-36 ? 1e-36 * fabs((double)up) : 0x1p-149;

    if (!(fabs((double)got - want) <= 1e-6 * fabs(want) + slack))
        fail_msg("%s: silu(%.9g) * %.9g is %.9g, not %.9g", kernels->name, (double)x,
                 (double)up, (double)got, want);
}

static void silu_mul_is_within_the_bound_at_every_length(void **state)
{
    const struct family *f = *state;
    const struct kernels *const both[] = { &f->ref, &f->fast };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct rows r;

    rows_open(&r);
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        rows_draw(&r, &rng, n, n % 2 ? 4 : 50);
        for (size_t b = 0; b < 2; b++) {
            memcpy(r.x, r.before, n * sizeof(float));
            both[b]->silu_mul(r.x, r.y, n);
            for (size_t i = 0; i < n; i++)
                check_silu(both[b], r.before[i], r.y[i], r.x[i]);
            assert_true(guard_intact(&r.x_guard));
        }
    }
    rows_close(&r);
}

static void silu_mul_is_within_the_bound_over_its_range(void **state)
{
    const struct family *f = *state;
    float gate[16];
    float up[16];

    for (float x = -120; x < 120; x += 0x1p-7f) {
        for (size_t i = 0; i < 16; i++) {
            gate[i] = x + (float)i * 0x1p-11f;
            up[i] = 1;
        }
        f->fast.silu_mul(gate, up, 16);
        for (size_t i = 0; i < 16; i++)
            check_silu(&f->fast, x + (float)i * 0x1p-11f, 1, gate[i]);
    }
}

static void silu_mul_treats_special_values_as_the_formula_does(void **state)
{
    const struct family *f = *state;
    float gate[] = { 0, -0.0f, INFINITY, NAN, -1e30f, 1e30f, 0x1p-149f, 1 };
    const float up[] = { 1, 1, 1, 1, 1, 1, 1, NAN };

    f->fast.silu_mul(gate, up, 8);

    assert_true(gate[0] == 0 && !signbit(gate[0]));
    assert_true(gate[1] == 0 && signbit(gate[1]));
    assert_true(gate[2] == INFINITY);
    assert_true(isnan(gate[3]));
    assert_true(gate[4] == 0);
    assert_true(gate[5] == 1e30f);
    assert_true(gate[6] >= 0 && gate[6] <= 0x1p-149f);
    assert_true(isnan(gate[7]));
}

static void an_element_has_the_same_bits_at_any_place(void **state)
{
    const struct family *f = *state;
    const size_t n = 67;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct rows r;

    rows_open(&r);
    rows_draw(&r, &rng, n, 10);
    f->fast.silu_mul(r.x, r.y, n);
    for (size_t i = 0; i < n; i++) {
        float alone = r.before[i];
        f->fast.silu_mul(&alone, &r.y[i], 1);
        assert_true(same_bits(alone, r.x[i]));
    }
    rows_close(&r);
}

static void scale_and_add_are_plain_c(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct rows r;

    rows_open(&r);
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        const float factor = rng_normal_f32(&rng);

        rows_draw(&r, &rng, n, 1);
        f->fast.scale_f32(r.x, factor, n);
        for (size_t i = 0; i < n; i++)
            assert_true(same_bits(r.x[i], r.before[i] * factor));
        memcpy(r.x, r.before, n * sizeof(float));
        f->fast.add_f32(r.x, r.y, n);
        for (size_t i = 0; i < n; i++)
            assert_true(same_bits(r.x[i], r.before[i] + r.y[i]));
        assert_true(guard_intact(&r.x_guard));
    }
    rows_close(&r);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(silu_mul_is_within_the_bound_at_every_length, &f),
        cmocka_unit_test_prestate(silu_mul_is_within_the_bound_over_its_range, &f),
        cmocka_unit_test_prestate(silu_mul_treats_special_values_as_the_formula_does, &f),
        cmocka_unit_test_prestate(an_element_has_the_same_bits_at_any_place, &f),
        cmocka_unit_test_prestate(scale_and_add_are_plain_c, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/act", tests, NULL, NULL);
}
