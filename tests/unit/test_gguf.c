/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "scoring/infer/gguf/gguf.h"
#include "tests/support/raw_gguf.h"

static void keys_and_tensors_of_a_file_are_found(void **state)
{
    const struct raw raw = raw_good_file();
    struct gguf *gguf = NULL;
    struct error err;

    (void)state;
    assert_ok(gguf_parse(raw.bytes, raw.n, &gguf, &err));
    assert_int_equal(gguf_key_count(gguf), 8);
    assert_true(slice_equal(gguf_key_at(gguf, 0), slice_text("a.bool"))); /* sorted */
    assert_int_equal(gguf_tensor_count(gguf), 2);
    assert_true(slice_equal(gguf_tensor_at(gguf, 0)->name, slice_text("z.weight")));
    assert_null(gguf_tensor(gguf, "b.weigh"));

    const struct gguf_tensor *z = gguf_tensor(gguf, "z.weight");
    assert_ptr_equal(z, gguf_tensor_at(gguf, 0));
    assert_int_equal(z->dims[0], 4);
    assert_int_equal(z->dims[1], 3);
    assert_int_equal(z->dims[2], 1);
    assert_int_equal(z->n_bytes, 48);
    assert_ptr_equal(z->data, raw.bytes + raw.n - 48);
    assert_int_equal(gguf_tensor(gguf, "b.weight")->n_bytes, 34);
    gguf_free(gguf);
}

static void keys_are_looked_up_by_type(void **state)
{
    const struct raw raw = raw_good_file();
    struct gguf *gguf = NULL;
    struct gguf_array array;
    struct slice text;
    struct error err;
    uint64_t number = 0;
    double real = 0;
    bool flag = false;

    (void)state;
    assert_ok(gguf_parse(raw.bytes, raw.n, &gguf, &err));
    assert_int_equal(gguf_uint(gguf, "a.u8", 0, 255, &number, &err), 1);
    assert_int_equal(number, 200);
    assert_int_equal(gguf_uint(gguf, "a.u64", 0, UINT64_MAX, &number, &err), 1);
    assert_true(number == UINT64_MAX);
    assert_int_equal(gguf_float(gguf, "a.f32", &real, &err), 1);
    assert_true(real == 1.5);
    assert_int_equal(gguf_bool(gguf, "a.bool", &flag, &err), 1);
    assert_true(flag);
    assert_int_equal(gguf_string(gguf, "a.string", &text, &err), 1);
    assert_true(slice_equal(text, slice_text("hello")));
    assert_int_equal(gguf_array(gguf, "a.i32s", GGUF_I32, &array, &err), 1);
    assert_int_equal(array.n, 2);
    assert_int_equal(gguf_array_i32(&array, 1), -1);

    assert_int_equal(gguf_uint(gguf, "a.none", 0, 1, &number, &err), 0);
    assert_int_equal(gguf_array(gguf, "a.none", GGUF_I32, &array, &err), 0);
    gguf_free(gguf);
}

static void an_array_of_strings_is_read_in_order(void **state)
{
    const struct raw raw = raw_good_file();
    const char *const want[] = { "one", "", "three" };
    struct gguf *gguf = NULL;
    struct gguf_array array;
    struct slice text;
    struct error err;
    size_t pos = 0;

    (void)state;
    assert_ok(gguf_parse(raw.bytes, raw.n, &gguf, &err));
    assert_int_equal(gguf_array(gguf, "a.strings", GGUF_STRING, &array, &err), 1);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(gguf_string_next(&array, &pos, &text), 1);
        assert_true(slice_equal(text, slice_text(want[i])));
    }
    assert_int_equal(gguf_string_next(&array, &pos, &text), 0);
    gguf_free(gguf);
}

static void a_key_of_another_type_or_range_is_refused(void **state)
{
    const struct raw raw = raw_good_file();
    struct gguf *gguf = NULL;
    struct gguf_array array;
    struct slice text;
    struct error err;
    uint64_t number;
    double real;
    bool flag;

    (void)state;
    assert_ok(gguf_parse(raw.bytes, raw.n, &gguf, &err));
    assert_fails(gguf_uint(gguf, "a.f32", 0, 9, &number, &err), ERR_INPUT,
                 "'a.f32' is of type f32");
    assert_fails(gguf_uint(gguf, "a.bool", 0, 9, &number, &err), ERR_INPUT, "'a.bool'");
    assert_fails(gguf_uint(gguf, "a.u8", 1, 199, &number, &err), ERR_INPUT,
                 "'a.u8' is 200, outside 1..199");
    assert_fails(gguf_uint(gguf, "a.i16", 0, UINT64_MAX, &number, &err), ERR_INPUT,
                 "'a.i16' is negative");
    assert_fails(gguf_float(gguf, "a.u8", &real, &err), ERR_INPUT, "'a.u8'");
    assert_fails(gguf_bool(gguf, "a.u8", &flag, &err), ERR_INPUT, "'a.u8'");
    assert_fails(gguf_string(gguf, "a.strings", &text, &err), ERR_INPUT, "'a.strings'");
    assert_fails(gguf_array(gguf, "a.string", GGUF_STRING, &array, &err), ERR_INPUT,
                 "'a.string'");
    assert_fails(gguf_array(gguf, "a.i32s", GGUF_F32, &array, &err), ERR_INPUT,
                 "'a.i32s' is an array of i32, not of f32");
    gguf_free(gguf);
}

static void numbers_that_are_not_finite_are_refused(void **state)
{
    struct raw raw = raw_begin(3, 0, 2);
    struct gguf *gguf = NULL;
    struct error err;
    double real;

    (void)state;
    raw_entry(&raw, "inf", GGUF_F32, 0x7f800000, 4);
    raw_entry(&raw, "nan", GGUF_F64, 0x7ff8000000000000, 8);
    assert_ok(gguf_parse(raw.bytes, raw.n, &gguf, &err));
    assert_fails(gguf_float(gguf, "inf", &real, &err), ERR_INPUT, "'inf' is not a finite");
    assert_fails(gguf_float(gguf, "nan", &real, &err), ERR_INPUT, "'nan' is not a finite");
    gguf_free(gguf);
}

static void files_of_versions_2_and_3_may_have_no_tensors(void **state)
{
    const struct raw two = raw_begin(2, 0, 0);
    const struct raw three = raw_begin(3, 0, 0);
    struct error err;

    (void)state;
    assert_ok(raw_parse(&two, &err));
    assert_ok(raw_parse(&three, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_tensors_of_a_file_are_found),
        cmocka_unit_test(keys_are_looked_up_by_type),
        cmocka_unit_test(an_array_of_strings_is_read_in_order),
        cmocka_unit_test(a_key_of_another_type_or_range_is_refused),
        cmocka_unit_test(numbers_that_are_not_finite_are_refused),
        cmocka_unit_test(files_of_versions_2_and_3_may_have_no_tensors),
    };

    return cmocka_run_group_tests_name("infer/gguf", tests, NULL, NULL);
}
