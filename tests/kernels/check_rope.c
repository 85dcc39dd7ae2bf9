/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

enum pairing { NORM, NEOX };

/* Rows of n pairs, and the same rows before the rotation. */
struct rows {
    struct guard x_guard, cos_guard, sin_guard;
    float *x, *cos, *sin;
    float before[2 * LEN_MAX];
};

static void rows_open(struct rows *r)
{
    guard_open(&r->x_guard, 2 * LEN_MAX * sizeof(float));
    guard_open(&r->cos_guard, LEN_MAX * sizeof(float));
    guard_open(&r->sin_guard, LEN_MAX * sizeof(float));
}

static void rows_close(struct rows *r)
{
    guard_close(&r->x_guard);
    guard_close(&r->cos_guard);
    guard_close(&r->sin_guard);
}

static void rows_draw(struct rows *r, struct rng *rng, size_t n)
{
    r->x = guard_tail(&r->x_guard, 2 * n * sizeof(float));
    r->cos = guard_tail(&r->cos_guard, n * sizeof(float));
    r->sin = guard_tail(&r->sin_guard, n * sizeof(float));
    rng_fill_normal(rng, r->x, 2 * n);
    for (size_t i = 0; i < n; i++) {
        const double angle = 1e4 * rng_unit(rng);
        r->cos[i] = (float)cos(angle);
        r->sin[i] = (float)sin(angle);
    }
    memcpy(r->before, r->x, 2 * n * sizeof(float));
}

static void rotate(const struct kernels *kernels, enum pairing pairing, float *x,
                   const float *cos, const float *sin, size_t n)
{
    (pairing == NORM ? kernels->rope_norm : kernels->rope_neox)(x, cos, sin, n);
}

static void check_value(const struct kernels *kernels, size_t n, size_t i, float got,
                        double left, double right)
{
    const double off = fabs((double)got - (left + right));
    const double bound = (double)FLT_EPSILON * (fabs(left) + fabs(right));

    if (!(off <= bound))
        fail_msg("%s n=%zu: pair %zu is off by %g, bound %g", kernels->name, n, i, off, bound);
}

static void check_rotation(const struct kernels *kernels, enum pairing pairing, struct rows *r,
                           size_t n)
{
    const size_t step = pairing == NORM ? 2 : 1;
    const size_t apart = pairing == NORM ? 1 : n;

    memcpy(r->x, r->before, 2 * n * sizeof(float));
    rotate(kernels, pairing, r->x, r->cos, r->sin, n);
    for (size_t i = 0; i < n; i++) {
        const double x = (double)r->before[step * i];
        const double y = (double)r->before[step * i + apart];
        const double c = (double)r->cos[i];
        const double s = (double)r->sin[i];

        check_value(kernels, n, i, r->x[step * i], x * c, -y * s);
        check_value(kernels, n, i, r->x[step * i + apart], x * s, y * c);
    }
    assert_true(guard_intact(&r->x_guard));
}

static void rotation_of_every_length_is_within_the_bound(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct rows r;

    rows_open(&r);
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        rows_draw(&r, &rng, n);
        check_rotation(&f->ref, NORM, &r, n);
        check_rotation(&f->fast, NORM, &r, n);
        check_rotation(&f->ref, NEOX, &r, n);
        check_rotation(&f->fast, NEOX, &r, n);
    }
    rows_close(&r);
}

static void a_rotated_pair_has_the_same_bits_alone(void **state)
{
    const struct family *f = *state;
    const size_t n = 37;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct rows r;

    rows_open(&r);
    for (enum pairing pairing = NORM; pairing <= NEOX; pairing++) {
        const size_t step = pairing == NORM ? 2 : 1;
        const size_t apart = pairing == NORM ? 1 : n;

        rows_draw(&r, &rng, n);
        rotate(&f->fast, pairing, r.x, r.cos, r.sin, n);
        for (size_t i = 0; i < n; i++) {
            float pair[] = { r.before[step * i], r.before[step * i + apart] };
            rotate(&f->fast, pairing, pair, r.cos + i, r.sin + i, 1);
            assert_true(same_bits(pair[0], r.x[step * i]));
            assert_true(same_bits(pair[1], r.x[step * i + apart]));
        }
    }
    rows_close(&r);
}

static void rotation_at_position_zero_changes_nothing(void **state)
{
    const struct family *f = *state;
    const float ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    const float zeros[9] = { 0 };
    float x[18];

    for (enum pairing pairing = NORM; pairing <= NEOX; pairing++) {
        for (size_t i = 0; i < 18; i++)
            x[i] = (float)i + 1;
        rotate(&f->fast, pairing, x, ones, zeros, 9);
        for (size_t i = 0; i < 18; i++)
            assert_true(x[i] == (float)i + 1);
    }
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(rotation_of_every_length_is_within_the_bound, &f),
        cmocka_unit_test_prestate(a_rotated_pair_has_the_same_bits_alone, &f),
        cmocka_unit_test_prestate(rotation_at_position_zero_changes_nothing, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/rope", tests, NULL, NULL);
}
