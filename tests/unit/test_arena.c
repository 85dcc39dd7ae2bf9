/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdint.h>

#include "base/arena.h"

static void allocations_are_aligned_for_any_type(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena);
    for (size_t n = 1; n < 40; n++) {
        void *at = arena_alloc(&arena, n, 1);

        assert_non_null(at);
        assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
    }
    arena_release(&arena);
}

static void earlier_allocations_stay_valid_while_the_arena_grows(void **state)
{
    struct arena arena;
    unsigned *given[200];

    (void)state;
    arena_init(&arena);
    for (unsigned i = 0; i < 200; i++) {
        given[i] = arena_alloc(&arena, 500, sizeof(unsigned));
        assert_non_null(given[i]);
        for (unsigned k = 0; k < 500; k++)
            given[i][k] = i * 1000 + k;
    }

    for (unsigned i = 0; i < 200; i++)
        for (unsigned k = 0; k < 500; k++)
            assert_int_equal(given[i][k], i * 1000 + k);
    arena_release(&arena);
}

static void one_allocation_may_be_larger_than_a_block(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena);
    char *big = arena_alloc(&arena, 1, 1000000);
    assert_non_null(big);
    memset(big, 1, 1000000);

    assert_true(arena.total_bytes >= 1000000);
    arena_release(&arena);
}

static void a_size_that_overflows_is_refused(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena);
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(arena_copy(&arena, slice_of("", SIZE_MAX)).ptr);
    arena_release(&arena);
}

static void a_copied_string_ends_with_a_nul(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena);
    const struct slice copy = arena_copy(&arena, slice_of("a\0b", 3));
    const struct slice empty = arena_copy(&arena, slice_of(NULL, 0));

    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_non_null(empty.ptr);
    assert_int_equal(empty.ptr[0], '\0');
    arena_release(&arena);
}

static void an_arena_can_be_used_again_after_clear(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena);
    arena_clear(&arena); /* clearing an empty arena is allowed */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            assert_non_null(arena_alloc(&arena, 1, 4000));
        assert_int_equal(arena.total_bytes, 400000);
        arena_clear(&arena);
        assert_int_equal(arena.total_bytes, 0);
        assert_non_null(arena.head);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_for_any_type),
        cmocka_unit_test(earlier_allocations_stay_valid_while_the_arena_grows),
        cmocka_unit_test(one_allocation_may_be_larger_than_a_block),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(a_copied_string_ends_with_a_nul),
        cmocka_unit_test(an_arena_can_be_used_again_after_clear),
    };

    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
