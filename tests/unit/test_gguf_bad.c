/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "scoring/infer/gguf/gguf.h"
#include "tests/support/raw_gguf.h"

static void assert_refused(const struct raw *raw, enum error_code code, const char *phrase)
{
    struct error err;

    assert_fails(raw_parse(raw, &err), code, phrase);
}

static void files_that_are_not_little_endian_gguf_2_or_3_are_refused(void **state)
{
    struct raw raw = raw_begin(3, 0, 0);
    const struct raw zero = raw_begin(0, 0, 0);
    const struct raw one = raw_begin(1, 0, 0);
    const struct raw next = raw_begin(4, 0, 0);
    const struct raw big = raw_begin(0x03000000, 0, 0);

    (void)state;
    assert_refused(&zero, ERR_INPUT, "byte 4: invalid GGUF version 0");
    assert_refused(&one, ERR_UNSUPPORTED, "byte 4: GGUF version 1 is");
    assert_refused(&next, ERR_UNSUPPORTED, "byte 4: GGUF version 4");
    assert_refused(&big, ERR_UNSUPPORTED, "big-endian");
    raw.n = 23;
    assert_refused(&raw, ERR_INPUT, "byte 23: the file ends inside the header");
    raw.n = 3;
    assert_refused(&raw, ERR_INPUT, "not a GGUF file");
    raw.n = 0;
    assert_refused(&raw, ERR_INPUT, "not a GGUF file");
    raw = raw_begin(3, 0, 0);
    raw.bytes[3] = 'X';
    assert_refused(&raw, ERR_INPUT, "byte 0: not a GGUF file");
}

static void counts_larger_than_the_file_are_refused(void **state)
{
    const struct raw keys = raw_begin(3, 0, UINT64_MAX);
    const struct raw tensors = raw_begin(3, UINT64_MAX / 2, 0);
    struct raw one = raw_begin(3, 1, 0);

    (void)state;
    assert_refused(&keys, ERR_INPUT, "byte 16: 18446744073709551615 keys");
    assert_refused(&tensors, ERR_INPUT, "byte 8: 9223372036854775807 tensors");
    raw_uint(&one, 0, 8);
    assert_refused(&one, ERR_INPUT, "byte 8: 1 tensors");
}

/* A file with a single entry, whose key has this length and these bytes. */
static struct raw file_with_key(uint64_t len, const char *key)
{
    struct raw raw = raw_begin(3, 0, 1);

    raw_u64(&raw, len);
    raw_put(&raw, key, strlen(key));
    raw_u32(&raw, GGUF_U64);
    raw_u64(&raw, 1);
    return raw;
}

static void malformed_keys_are_refused(void **state)
{
    const struct raw empty = file_with_key(0, "");
    const struct raw beyond = file_with_key(60000, "key");
    const struct raw huge = file_with_key(UINT64_MAX, "key");
    const struct raw control = file_with_key(3, "k\ny");
    const struct raw high = file_with_key(4, "k\xc3\xa9y");
    struct raw twice = raw_begin(3, 0, 3);

    (void)state;
    assert_refused(&empty, ERR_INPUT, "byte 24: a key is empty");
    assert_refused(&beyond, ERR_INPUT, "byte 32: the file ends inside a key");
    assert_refused(&huge, ERR_INPUT, "byte 24: a key of 18446744073709551615 bytes");
    assert_refused(&control, ERR_INPUT, "byte 24: a key is not printable ASCII");
    assert_refused(&high, ERR_INPUT, "not printable ASCII");
    raw_entry(&twice, "same", GGUF_U8, 1, 1);
    raw_entry(&twice, "other", GGUF_U8, 1, 1);
    raw_entry(&twice, "same", GGUF_U8, 2, 1);
    assert_refused(&twice, ERR_INPUT, "key 'same' appears twice");
}

static void malformed_values_are_refused(void **state)
{
    struct raw raw = raw_begin(3, 0, 1);

    (void)state;
    raw_entry(&raw, "key", (enum gguf_type)13, 0, 8);
    assert_refused(&raw, ERR_INPUT, "key 'key': at byte 35: unknown value type 13");
    raw = raw_begin(3, 0, 1);
    raw_entry(&raw, "key", GGUF_BOOL, 2, 1);
    assert_refused(&raw, ERR_INPUT, "key 'key': at byte 39: a bool holds 2");
    raw = raw_begin(3, 0, 1);
    raw_entry(&raw, "key", GGUF_U64, 1, 5);
    assert_refused(&raw, ERR_INPUT, "key 'key': at byte 39");
    raw = raw_begin(3, 0, 1);
    raw_entry(&raw, "key", GGUF_STRING, UINT64_MAX - 7, 8);
    assert_refused(&raw, ERR_INPUT, "key 'key': at byte 39: a string of 18446744073709551608");
    raw = raw_begin(3, 0, 1);
    raw_entry(&raw, "key", GGUF_STRING, 9, 8);
    assert_refused(&raw, ERR_INPUT,
                   "key 'key': truncated at byte 47: the file ends inside a string");
}

static void malformed_arrays_are_refused(void **state)
{
    struct raw raw = raw_begin(3, 0, 1);

    (void)state;
    raw_array(&raw, "key", GGUF_ARRAY, 1);
    assert_refused(&raw, ERR_INPUT, "key 'key': at byte 35: an array of arrays");
    raw = raw_begin(3, 0, 1);
    raw_array(&raw, "key", 13, 1);
    assert_refused(&raw, ERR_INPUT, "unknown value type 13");
    raw = raw_begin(3, 0, 1);
    raw_array(&raw, "key", GGUF_U64, UINT64_C(1) << 61);
    assert_refused(&raw, ERR_INPUT, "2305843009213693952 elements of u64 cannot fit");
    raw = raw_begin(3, 0, 1);
    raw_array(&raw, "key", GGUF_STRING, UINT64_MAX);
    assert_refused(&raw, ERR_INPUT, "18446744073709551615 strings cannot fit");
    raw = raw_begin(3, 0, 1);
    raw_array(&raw, "key", GGUF_STRING, 2);
    raw_text(&raw, "12345678");
    assert_refused(&raw, ERR_INPUT, "the file ends inside a string");
    raw = raw_begin(3, 0, 1);
    raw_array(&raw, "key", GGUF_BOOL, 3);
    raw_uint(&raw, 0x070100, 3);
    assert_refused(&raw, ERR_INPUT, "at byte 53: a bool holds 7");
}

static void an_invalid_alignment_is_refused(void **state)
{
    const uint64_t values[] = { 0, 1, 4, 24, 33 };
    struct raw raw = raw_begin(3, 0, 1);

    (void)state;
    raw_entry(&raw, "general.alignment", GGUF_U64, 32, 8);
    assert_refused(&raw, ERR_INPUT, "'general.alignment' is of type u64, not u32");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        raw = raw_begin(3, 0, 1);
        raw_entry(&raw, "general.alignment", GGUF_U32, values[i], 4);
        assert_refused(&raw, ERR_INPUT, "not a power of two");
    }
}

/* A file with a single tensor named "t" and n_bytes of data. */
static struct raw file_with_tensor(uint32_t n_dims, const uint64_t *dims, uint32_t type,
                                   uint64_t offset, size_t n_bytes)
{
    struct raw raw = raw_begin(3, 1, 0);

    raw_tensor(&raw, "t", n_dims, dims, type, offset);
    raw_pad(&raw);
    for (size_t i = 0; i < n_bytes; i++)
        raw_uint(&raw, 0, 1);
    return raw;
}

static void invalid_tensor_shapes_are_refused(void **state)
{
    const uint64_t five[] = { 1, 1, 1, 1, 1 };
    const uint64_t zero[] = { 32, 0 };
    const uint64_t wraps[] = { UINT64_C(1) << 32, UINT64_C(1) << 32 };
    const uint64_t large[] = { UINT64_C(1) << 20, (UINT64_C(1) << 20) + 1 };
    const uint64_t uneven[] = { 33 };
    const struct raw none = file_with_tensor(0, five, DTYPE_F32, 0, 64);
    const struct raw many = file_with_tensor(5, five, DTYPE_F32, 0, 64);
    const struct raw empty = file_with_tensor(2, zero, DTYPE_F32, 0, 64);
    const struct raw wrapped = file_with_tensor(2, wraps, DTYPE_F32, 0, 64);
    const struct raw too_large = file_with_tensor(2, large, DTYPE_F32, 0, 64);
    const struct raw odd = file_with_tensor(1, uneven, DTYPE_Q8_0, 0, 64);

    (void)state;
    assert_refused(&none, ERR_INPUT, "tensor 't': at byte 33: 0 dimensions");
    assert_refused(&many, ERR_INPUT, "tensor 't': at byte 33: 5 dimensions");
    assert_refused(&empty, ERR_INPUT, "tensor 't': dimension 1 is 0");
    assert_refused(&wrapped, ERR_INPUT, "tensor 't': more than 2^40 elements");
    assert_refused(&too_large, ERR_INPUT, "tensor 't': more than 2^40 elements");
    assert_refused(&odd, ERR_INPUT, "tensor 't': rows of 33 elements");
}

static void unknown_tensor_types_are_refused_and_unsupported_ones_listed(void **state)
{
    const uint64_t dims[] = { 256 };
    const struct raw unknown = file_with_tensor(1, dims, 77, 0, 1024);
    const struct raw withdrawn = file_with_tensor(1, dims, 4, 0, 1024);
    const struct raw q4_k = file_with_tensor(1, dims, 12, 0, 144);
    struct error err;

    (void)state;
    assert_refused(&unknown, ERR_INPUT, "tensor 't': unknown tensor type 77");
    assert_refused(&withdrawn, ERR_INPUT, "tensor 't': unknown tensor type 4");
    assert_ok(raw_parse(&q4_k, &err));
}

static void tensors_outside_the_file_are_refused(void **state)
{
    const uint64_t dims[] = { 16 };
    const uint64_t cube[] = { 2, 2, 2, 2 };
    const struct raw fits = file_with_tensor(1, dims, DTYPE_F32, 32, 96);
    const struct raw one_short = file_with_tensor(1, dims, DTYPE_F32, 32, 95);
    const struct raw past = file_with_tensor(1, dims, DTYPE_F32, 128, 96);
    const struct raw wraps = file_with_tensor(1, dims, DTYPE_F32, UINT64_MAX - 31, 96);
    const struct raw crooked = file_with_tensor(1, dims, DTYPE_F32, 16, 96);
    struct raw no_data = file_with_tensor(1, dims, DTYPE_F32, 0, 0);
    struct error err;

    (void)state;
    assert_ok(raw_parse(&fits, &err));
    assert_refused(&one_short, ERR_INPUT,
                   "tensor 't': 64 bytes at offset 32 reach past the 95");
    assert_refused(&past, ERR_INPUT, "tensor 't': 64 bytes at offset 128");
    assert_refused(&wraps, ERR_INPUT, "tensor 't': 64 bytes at offset 18446744073709551584");
    assert_refused(&crooked, ERR_INPUT, "tensor 't': offset 16 is not a multiple of 32");
    assert_refused(&no_data, ERR_INPUT, "tensor 't': 64 bytes at offset 0");
    no_data.n = 57;
    assert_refused(&no_data, ERR_INPUT, "byte 57: the file ends before its tensor data");

    struct raw cut = file_with_tensor(4, cube, DTYPE_F32, 0, 64);
    cut.n = 24 + 8 + 1 + 4 + 3 * 8;
    assert_refused(&cut, ERR_INPUT, "tensor 't': truncated at byte 61: the file ends inside");
}

static void tensors_that_overlap_or_share_a_name_are_refused(void **state)
{
    const uint64_t dims[] = { 16 };
    struct raw raw = raw_begin(3, 2, 0);

    (void)state;
    raw_tensor(&raw, "one", 1, dims, DTYPE_F32, 32);
    raw_tensor(&raw, "two", 1, dims, DTYPE_F32, 0);
    raw_pad(&raw);
    for (size_t i = 0; i < 128; i++)
        raw_uint(&raw, 0, 1);
    assert_refused(&raw, ERR_INPUT, "tensors 'two' and 'one' overlap");

    raw = raw_begin(3, 2, 0);
    raw_tensor(&raw, "same", 1, dims, DTYPE_F32, 64);
    raw_tensor(&raw, "same", 1, dims, DTYPE_F32, 0);
    raw_pad(&raw);
    for (size_t i = 0; i < 128; i++)
        raw_uint(&raw, 0, 1);
    assert_refused(&raw, ERR_INPUT, "tensor 'same' appears twice");
}

static void invalid_tensor_names_are_refused(void **state)
{
    const uint64_t dims[] = { 16 };
    char name[65] = "";
    struct raw raw = raw_begin(3, 1, 0);
    struct error err;

    (void)state;
    raw_tensor(&raw, "", 1, dims, DTYPE_F32, 0);
    raw_uint(&raw, 0, 8);
    assert_refused(&raw, ERR_INPUT, "byte 24: a tensor name is empty");

    memset(name, 'x', 64);
    raw = raw_begin(3, 1, 0);
    raw_tensor(&raw, name, 1, dims, DTYPE_F32, 0);
    assert_refused(&raw, ERR_INPUT, "byte 24: a tensor name of 64 bytes");

    name[63] = '\0';
    raw = raw_begin(3, 1, 0);
    raw_tensor(&raw, name, 1, dims, DTYPE_F32, 0);
    raw_pad(&raw);
    for (size_t i = 0; i < 64; i++)
        raw_uint(&raw, 0, 1);
    assert_ok(raw_parse(&raw, &err));
}

static void a_file_truncated_at_any_byte_is_refused(void **state)
{
    struct raw raw = raw_good_file();
    struct error err;

    (void)state;
    assert_ok(raw_parse(&raw, &err));
    while (raw.n > 0) {
        raw.n--;
        assert_int_equal(raw_parse(&raw, &err), -1);
        assert_int_equal(err.code, ERR_INPUT);
    }
}

static void a_file_with_any_byte_changed_does_no_harm(void **state)
{
    const struct raw good = raw_good_file();
    const uint8_t flips[] = { 0x01, 0x80, 0xff };

    (void)state;
    for (size_t i = 0; i < good.n; i++) {
        for (size_t f = 0; f < sizeof flips; f++) {
            struct raw raw = good;
            struct error err;

            raw.bytes[i] ^= flips[f];
            if (raw_parse(&raw, &err) < 0)
                assert_true(err.code == ERR_INPUT || err.code == ERR_UNSUPPORTED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_not_little_endian_gguf_2_or_3_are_refused),
        cmocka_unit_test(counts_larger_than_the_file_are_refused),
        cmocka_unit_test(malformed_keys_are_refused),
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(malformed_arrays_are_refused),
        cmocka_unit_test(an_invalid_alignment_is_refused),
        cmocka_unit_test(invalid_tensor_shapes_are_refused),
        cmocka_unit_test(unknown_tensor_types_are_refused_and_unsupported_ones_listed),
        cmocka_unit_test(tensors_outside_the_file_are_refused),
        cmocka_unit_test(tensors_that_overlap_or_share_a_name_are_refused),
        cmocka_unit_test(invalid_tensor_names_are_refused),
        cmocka_unit_test(a_file_truncated_at_any_byte_is_refused),
        cmocka_unit_test(a_file_with_any_byte_changed_does_no_harm),
    };

    return cmocka_run_group_tests_name("infer/gguf_bad", tests, NULL, NULL);
}
