/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"

static void appended_bytes_are_followed_by_a_nul(void **state)
{
    struct buf buf;
    struct error err;

    (void)state;
    buf_init(&buf, 1000);
    assert_string_equal(buf_slice(&buf).ptr, ""); /* before anything is added */
    assert_ok(buf_add(&buf, "a\0b", 3, &err));
    assert_ok(buf_add_text(&buf, "cd", &err));
    assert_ok(buf_add_slice(&buf, slice_of("ef", 1), &err));
    assert_ok(buf_printf(&buf, &err, "%d-%s", 42, "x"));

    assert_int_equal(buf.len, 10);
    assert_memory_equal(buf.data, "a\0bcde42-x", 11);
    buf_release(&buf);
}

static void a_buffer_does_not_grow_past_its_maximum(void **state)
{
    struct buf buf;
    struct error err;

    (void)state;
    buf_init(&buf, 100);
    for (int i = 0; i < 100; i++)
        assert_ok(buf_add(&buf, "x", 1, &err));

    assert_fails(buf_add(&buf, "x", 1, &err), ERR_INPUT, "100 bytes");
    assert_fails(buf_printf(&buf, &err, "%d", 1), ERR_INPUT, "100 bytes");
    assert_fails(buf_reserve(&buf, SIZE_MAX, &err), ERR_INPUT, "100 bytes");
    assert_int_equal(buf.len, 100);
    assert_int_equal(buf.data[100], '\0');
    buf_release(&buf);
}

static void clearing_keeps_the_capacity(void **state)
{
    struct buf buf;
    struct error err;

    (void)state;
    buf_init(&buf, 10000);
    buf_clear(&buf); /* clearing an empty buffer is allowed */
    assert_ok(buf_reserve(&buf, 5000, &err));
    assert_ok(buf_add_text(&buf, "text", &err));
    const size_t cap = buf.cap;
    buf_clear(&buf);

    assert_int_equal(buf.cap, cap);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
    buf_release(&buf);
}

static void a_buffer_of_zero_bytes_accepts_nothing(void **state)
{
    struct buf buf = { 0 };
    struct error err;

    (void)state;
    assert_fails(buf_add(&buf, "x", 1, &err), ERR_INPUT, "0 bytes");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_bytes_are_followed_by_a_nul),
        cmocka_unit_test(a_buffer_does_not_grow_past_its_maximum),
        cmocka_unit_test(clearing_keeps_the_capacity),
        cmocka_unit_test(a_buffer_of_zero_bytes_accepts_nothing),
    };

    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
