/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <errno.h>

static void an_error_holds_message_place_and_code(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(error_set(&err, ERR_INPUT, "byte %d of %s", 7, "a.json"), -1);

    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.sys, 0);
    assert_string_equal(err.msg, "byte 7 of a.json");
    assert_non_null(strstr(err.file, "test_error.c"));
    assert_int_equal(err.line, __LINE__ - 6);
}

static void context_is_put_before_the_message(void **state)
{
    struct error err;

    (void)state;
    error_set(&err, ERR_INPUT, "header is cut short");
    assert_int_equal(error_prefix(&err, "at byte %d", 4), -1);
    error_prefix(&err, "%s", "/m/a.gguf");

    assert_string_equal(err.msg, "/m/a.gguf: at byte 4: header is cut short");
    assert_int_equal(err.code, ERR_INPUT);
}

static void a_message_that_is_too_long_is_truncated(void **state)
{
    struct error err;
    char text[2000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&err, ERR_IO, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);

    error_prefix(&err, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    error_set(&err, ERR_IO, "short");
    error_prefix(&err, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void a_message_is_always_one_line(void **state)
{
    struct error err;

    (void)state;
    error_set(&err, ERR_NOT_FOUND, "no file %s", "a\nb\x1b[1m\x7f");
    assert_string_equal(err.msg, "no file a?b?[1m?");

    error_prefix(&err, "two\nlines");
    assert_string_equal(err.msg, "two?lines: no file a?b?[1m?");
}

static void the_error_code_follows_errno(void **state)
{
    static const struct {
        int sys;
        enum error_code code;
    } cases[] = {
        { EACCES, ERR_DENIED },    { EPERM, ERR_DENIED },      { EROFS, ERR_DENIED },
        { ENOENT, ERR_NOT_FOUND }, { ENOTDIR, ERR_NOT_FOUND }, { ENOMEM, ERR_NOMEM },
        { EIO, ERR_IO },           { ENOSPC, ERR_IO },
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(error_errno(&err, cases[i].sys, "a.json"), -1);
        assert_int_equal(err.code, cases[i].code);
        assert_int_equal(err.sys, cases[i].sys);
        assert_memory_equal(err.msg, "a.json: ", 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_holds_message_place_and_code),
        cmocka_unit_test(context_is_put_before_the_message),
        cmocka_unit_test(a_message_that_is_too_long_is_truncated),
        cmocka_unit_test(a_message_is_always_one_line),
        cmocka_unit_test(the_error_code_follows_errno),
    };

    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
