/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

/* Two rows that end at unmapped pages. Kernels change the first in place. */
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

static void activations_have_the_same_bits_at_any_place(void **state)
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
    memcpy(r.x, r.before, n * sizeof(float));
    f->fast.gelu_tanh(r.x, n);
    f->fast.soft_cap(r.x, 2, n);
    for (size_t i = 0; i < n; i++) {
        float alone = r.before[i];
        f->fast.gelu_tanh(&alone, 1);
        f->fast.soft_cap(&alone, 2, 1);
        assert_true(same_bits(alone, r.x[i]));
    }
    rows_close(&r);
}

/* Both are computed in double, the second with the C library. */
static double gelu_tanh_value(double x)
{
    return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static double gelu_erf_value(double x)
{
    return x / 2 * erfc(-x / sqrt(2));
}

static void check_gelu(const struct kernels *kernels, const char *name, float x, float got,
                       double want)
{
    const double bound = x > -3 ? 2e-6 * fabs(want) + 0x1p-149 : 1e-7;

    if (!(fabs((double)got - want) <= bound))
        fail_msg("%s: %s(%.9g) is %.9g, not %.9g", kernels->name, name, (double)x, (double)got,
                 want);
}

static void gelu_is_within_the_bound_over_its_range(void **state)
{
    const struct family *f = *state;
    const struct kernels *const both[] = { &f->ref, &f->fast };
    float x[37], by_tanh[37], by_erf[37];

    for (float base = -40; base < 40; base += 0x1p-6f)
        for (size_t b = 0; b < 2; b++) {
            for (size_t i = 0; i < 37; i++)
                x[i] = by_tanh[i] = by_erf[i] = base + (float)i * 0x1p-9f;
            both[b]->gelu_tanh(by_tanh, 37);
            both[b]->gelu_erf(by_erf, 37);
            for (size_t i = 0; i < 37; i++) {
                const double v = (double)x[i];

                check_gelu(both[b], "gelu_tanh", x[i], by_tanh[i], gelu_tanh_value(v));
                check_gelu(both[b], "gelu_erf", x[i], by_erf[i], gelu_erf_value(v));
            }
        }
}

static void gelu_treats_special_values_as_the_formula_does(void **state)
{
    const struct family *f = *state;
    void (*const gelus[])(float *x, size_t n) = { f->fast.gelu_tanh, f->fast.gelu_erf };

    for (size_t g = 0; g < 2; g++) {
        float x[] = { 0, INFINITY, NAN, -1e30f, 1e30f };

        gelus[g](x, 5);
        assert_true(x[0] == 0);
        assert_true(x[1] == INFINITY);
        assert_true(isnan(x[2]));
        assert_true(x[3] == 0);
        assert_true(x[4] == 1e30f);
    }
}

static void soft_cap_is_within_the_bound(void **state)
{
    const struct family *f = *state;
    const struct kernels *const both[] = { &f->ref, &f->fast };
    const float caps[] = { 1, 30, 50 };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct rows r;

    rows_open(&r);
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        const float cap = caps[n % 3];

        rows_draw(&r, &rng, n, n % 2 ? cap : 3 * cap);
        for (size_t b = 0; b < 2; b++) {
            memcpy(r.x, r.before, n * sizeof(float));
            both[b]->soft_cap(r.x, cap, n);
            for (size_t i = 0; i < n; i++) {
                const double want = (double)cap * tanh((double)r.before[i] / (double)cap);

                if (!(fabs((double)r.x[i] - want) <= 2 * (double)FLT_EPSILON * (double)cap))
                    fail_msg("%s: %.9g capped at %g is %.9g, not %.9g", both[b]->name,
                             (double)r.before[i], (double)cap, (double)r.x[i], want);
            }
            assert_true(guard_intact(&r.x_guard));
        }
    }
    rows_close(&r);
}

static void soft_cap_of_infinity_is_the_cap_and_nan_stays_nan(void **state)
{
    const struct family *f = *state;
    float x[] = { FLT_MAX, -FLT_MAX, INFINITY, NAN };

    f->fast.soft_cap(x, 50, 4);

    assert_true(x[0] == 50);
    assert_true(x[1] == -50);
    assert_true(x[2] == 50);
    assert_true(isnan(x[3]));
}

static void scale_add_and_mul_equal_plain_c(void **state)
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
        memcpy(r.x, r.before, n * sizeof(float));
        f->fast.mul_f32(r.x, r.y, n);
        for (size_t i = 0; i < n; i++)
            assert_true(same_bits(r.x[i], r.before[i] * r.y[i]));
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
        cmocka_unit_test_prestate(gelu_is_within_the_bound_over_its_range, &f),
        cmocka_unit_test_prestate(gelu_treats_special_values_as_the_formula_does, &f),
        cmocka_unit_test_prestate(soft_cap_is_within_the_bound, &f),
        cmocka_unit_test_prestate(soft_cap_of_infinity_is_the_cap_and_nan_stays_nan, &f),
        cmocka_unit_test_prestate(activations_have_the_same_bits_at_any_place, &f),
        cmocka_unit_test_prestate(scale_add_and_mul_equal_plain_c, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/act", tests, NULL, NULL);
}
