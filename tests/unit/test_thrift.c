/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/parquet/thrift.h"
#include "tests/support/parquet_writer.h"

#define BYTES(text) slice_of(text, sizeof text - 1)

static void integers_of_all_sizes_are_read(void **state)
{
    struct thrift_field field = { 0 };
    struct thrift thrift;

    (void)state;
    /* i8 -1, i16 -3, i32 1000000, i64 INT64_MIN, a long form of the field number 300 */
    thrift_init(&thrift, BYTES("\x13\xff\x14\x05\x15\x80\x89\x7a\x16\xff\xff\xff\xff\xff\xff"
                               "\xff\xff\xff\x01\x05\xd8\x04\x02\x00"));
    assert_true(thrift_next(&thrift, &field));
    assert_int_equal(field.id, 1);
    assert_int_equal(thrift_int(&thrift, field.type), -1);
    assert_true(thrift_next(&thrift, &field));
    assert_int_equal(thrift_i32(&thrift, field.type), -3);
    assert_true(thrift_next(&thrift, &field));
    assert_int_equal(thrift_i32(&thrift, field.type), 1000000);
    assert_true(thrift_next(&thrift, &field));
    assert_true(thrift_int(&thrift, field.type) == INT64_MIN);
    assert_true(thrift_next(&thrift, &field));
    assert_int_equal(field.id, 300);
    assert_int_equal(thrift_i32(&thrift, field.type), 1);
    assert_false(thrift_next(&thrift, &field));
    assert_null(thrift.issue);
    assert_ptr_equal(thrift.at, thrift.end);
}

static void booleans_and_texts_are_read(void **state)
{
    struct thrift_field field = { 0 };
    struct thrift thrift;

    (void)state;
    thrift_init(&thrift, BYTES("\x11\x12\x18\x02hi\x00"));
    assert_true(thrift_next(&thrift, &field));
    assert_true(thrift_bool(&thrift, field.type));
    assert_true(thrift_next(&thrift, &field));
    assert_false(thrift_bool(&thrift, field.type));
    assert_true(thrift_next(&thrift, &field));
    assert_true(slice_equal(thrift_binary(&thrift, field.type), BYTES("hi")));
    assert_false(thrift_next(&thrift, &field));
    assert_null(thrift.issue);
}

static void values_of_every_type_are_skipped(void **state)
{
    /* true, i8, i16, double, text, list of 2 booleans, map of 1, struct with a list of 16 i8 */
    static const char bytes[] = "\x11\x13\x05\x14\x02\x17"
                                "12345678\x18\x01x\x19\x21\x01\x02\x1b\x01\x58\x02\x01y\x1c"
                                "\x19\xf3\x10"
                                "0123456789abcdef\x00\x1b\x00\x00";
    struct thrift_field field = { 0 };
    struct thrift thrift;
    int n = 0;

    (void)state;
    thrift_init(&thrift, BYTES(bytes));
    while (thrift_next(&thrift, &field)) {
        thrift_skip(&thrift, field.type);
        n++;
    }
    assert_null(thrift.issue);
    assert_int_equal(n, 9);
    assert_ptr_equal(thrift.at, thrift.end);
}

static const char *issue_of(struct slice bytes)
{
    struct thrift_field field = { 0 };
    struct thrift thrift;

    thrift_init(&thrift, bytes);
    while (thrift_next(&thrift, &field))
        thrift_skip(&thrift, field.type);
    return thrift.issue ? thrift.issue : "none";
}

static void malformed_bytes_fail(void **state)
{
    (void)state;
    assert_string_equal(issue_of(BYTES("")), "it is truncated");
    assert_string_equal(issue_of(BYTES("\x15")), "it is truncated");
    assert_string_equal(issue_of(BYTES("\x18\x05hi")), "it is truncated");
    assert_string_equal(issue_of(BYTES("\x17"
                                       "1234567")),
                        "it is truncated");
    assert_string_equal(issue_of(BYTES("\x15\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
                        "an integer is longer than 64 bits");
    assert_string_equal(issue_of(BYTES("\x1d\x00")), "a value has an unknown type");
    assert_string_equal(issue_of(BYTES("\x05\xff\xff\xff\x7f\x00\x00")),
                        "the number of a field is too large");
}

static void a_list_longer_than_its_bytes_fails_at_once(void **state)
{
    struct thrift thrift;

    (void)state;
    thrift_init(&thrift, BYTES("\xfc\xff\xff\xff\xff\x07\x00\x00\x00"));
    assert_int_equal(thrift_list(&thrift, THRIFT_LIST, THRIFT_STRUCT), 0);
    assert_string_equal(thrift.issue, "it is truncated");
}

static void a_value_of_another_type_fails(void **state)
{
    struct thrift thrift;

    (void)state;
    thrift_init(&thrift, BYTES("\x02\x02\x02\x02"));
    thrift_int(&thrift, THRIFT_BINARY);
    assert_string_equal(thrift.issue, "a field that must be an integer has another type");
    thrift_init(&thrift, BYTES("\x25\x02\x02\x02"));
    thrift_list(&thrift, THRIFT_LIST, THRIFT_STRUCT);
    assert_string_equal(thrift.issue, "the elements of a list have another type");
    thrift_init(&thrift, BYTES("\xfe\xff\xff\xff\x7f"));
    assert_int_equal(thrift_i32(&thrift, THRIFT_I64), 0);
    assert_string_equal(thrift.issue, "an integer does not fit into 32 bits");
}

static void structs_nested_too_deep_fail(void **state)
{
    char bytes[200];

    (void)state;
    memset(bytes, 0x1c, 100);
    memset(bytes + 100, 0, 100);
    assert_string_equal(issue_of(slice_of(bytes, sizeof bytes)),
                        "values are nested more than 32 deep");
    assert_string_equal(issue_of(slice_of(bytes + 70, 100)), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_all_sizes_are_read),
        cmocka_unit_test(booleans_and_texts_are_read),
        cmocka_unit_test(values_of_every_type_are_skipped),
        cmocka_unit_test(malformed_bytes_fail),
        cmocka_unit_test(a_list_longer_than_its_bytes_fails_at_once),
        cmocka_unit_test(a_value_of_another_type_fails),
        cmocka_unit_test(structs_nested_too_deep_fail),
    };

    return cmocka_run_group_tests_name("base/parquet/thrift", tests, NULL, NULL);
}
