/* SPDX-License-Identifier: Apache-2.0 */
/* Each encoding, with bytes written by hand from the page on encodings of the format. */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/parquet/page.h"
#include "tests/support/parquet_text.h"
#include "tests/support/parquet_writer.h"

#define BYTES(text) slice_of(text, sizeof text - 1)

static const struct slice none = { NULL, 0 };

/* One column of required or optional values, one page. */
struct column_case {
    enum parquet_type type;
    int32_t type_length;
    int32_t encoding;
    int32_t n_values;
    struct slice definitions; /* none: the column is required */
    struct slice dictionary;  /* PLAIN; none: the column has no dictionary */
    int32_t n_dictionary;
    struct slice body;
};

static int read_case(const struct column_case *c, struct buf *out, struct error *err)
{
    const struct written_element elements[] = {
        { .name = "schema", .is_group = true, .n_children = 1 },
        { .name = "c",
          .type = c->type,
          .type_length = c->type_length,
          .repetition = c->definitions.ptr ? PARQUET_OPTIONAL : PARQUET_REQUIRED },
    };
    const struct written_page dictionary = { .type = PAGE_DICTIONARY,
                                             .n_values = c->n_dictionary,
                                             .body = c->dictionary };
    const struct written_page page = { .type = PAGE_DATA,
                                       .encoding = c->encoding,
                                       .n_values = c->n_values,
                                       .definitions = c->definitions,
                                       .body = c->body };
    const int64_t n_rows = c->n_values;
    struct parquet_writer writer;

    buf_clear(out);
    parquet_writer_init(&writer);
    if (c->dictionary.ptr)
        parquet_write_page(&writer, &dictionary);
    parquet_write_page(&writer, &page);
    parquet_end_column(&writer, c->type, WRITTEN_NONE);
    const int rc =
        parquet_text(parquet_end_file(&writer, elements, 2, 1, &n_rows), 0, 0, 0, out, err);
    parquet_writer_release(&writer);
    return rc;
}

static void expect_text(const struct column_case *c, const char *text)
{
    struct error err;
    struct buf out;

    buf_init(&out, 1 << 20);
    assert_ok(read_case(c, &out, &err));
    assert_string_equal(out.len > 0 ? out.data : "", text);
    buf_release(&out);
}

static void expect_failure(const struct column_case *c, enum error_code code,
                           const char *phrase)
{
    struct error err;
    struct buf out;

    buf_init(&out, 1 << 20);
    assert_fails(read_case(c, &out, &err), code, phrase);
    assert_non_null(strstr(err.msg, "column c, page at byte 4"));
    buf_release(&out);
}

static void plain_values_of_every_type(void **state)
{
    (void)state;
    expect_text(&(struct column_case){ PARQUET_BOOLEAN, 0, PAGE_PLAIN, 10, none, none, 0,
                                       BYTES("\x0d\x02") },
                "1 0 1 1 0 0 0 0 0 1 ");
    expect_text(&(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 2, none, none, 0,
                                       BYTES("\x01\0\0\0\xfe\xff\xff\xff") },
                "1 -2 ");
    expect_text(&(struct column_case){ PARQUET_INT64, 0, PAGE_PLAIN, 1, none, none, 0,
                                       BYTES("\0\0\0\0\0\0\0\x80") },
                "-9223372036854775808 ");
    expect_text(&(struct column_case){ PARQUET_INT96, 0, PAGE_PLAIN, 1, none, none, 0,
                                       BYTES("0123456789ab") },
                "303132333435363738396162 ");
    expect_text(&(struct column_case){ PARQUET_FLOAT, 0, PAGE_PLAIN, 1, none, none, 0,
                                       BYTES("\0\0\xc0\x3f") },
                "1.5 ");
    expect_text(&(struct column_case){ PARQUET_DOUBLE, 0, PAGE_PLAIN, 1, none, none, 0,
                                       BYTES("\0\0\0\0\0\0\xf8\x3f") },
                "1.5 ");
    expect_text(&(struct column_case){ PARQUET_BYTE_ARRAY, 0, PAGE_PLAIN, 3, none, none, 0,
                                       BYTES("\x02\0\0\0ab\0\0\0\0\x01\0\0\0c") },
                "ab  c ");
    expect_text(&(struct column_case){ PARQUET_FIXED, 3, PAGE_PLAIN, 2, none, none, 0,
                                       BYTES("abcdef") },
                "616263 646566 ");
}

static void values_that_end_too_early_are_an_error(void **state)
{
    static const enum parquet_type types[] = { PARQUET_INT32, PARQUET_DOUBLE,
                                               PARQUET_BYTE_ARRAY, PARQUET_FIXED,
                                               PARQUET_INT96 };

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect_failure(&(struct column_case){ types[i], 5, PAGE_PLAIN, 2, none, none, 0,
                                              BYTES("\x01\0\0\0a") },
                       ERR_INPUT, "the values end too early");
    expect_failure(&(struct column_case){ PARQUET_BOOLEAN, 0, PAGE_PLAIN, 9, none, none, 0,
                                          BYTES("\x0d") },
                   ERR_INPUT, "the values end too early");
    expect_failure(&(struct column_case){ PARQUET_BYTE_ARRAY, 0, PAGE_PLAIN, 1, none, none, 0,
                                          BYTES("\xff\xff\xff\xff"
                                                "abc") },
                   ERR_INPUT, "the values end too early");
}

static void levels_say_which_values_are_null(void **state)
{
    (void)state;
    /* a run of 2 ones, then a group of bits 0,1,0,0,1,0,0,0 of which 5 are used */
    expect_text(&(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 7,
                                       BYTES("\x04\x01\x03\x12"), none, 0,
                                       BYTES("\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0") },
                "1 2 - 3 - - 4 ");
}

static void a_page_of_nulls_needs_no_values(void **state)
{
    static const int32_t encodings[] = { PAGE_PLAIN, PAGE_RLE_DICTIONARY,
                                         PAGE_DELTA_BINARY_PACKED };

    (void)state;
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
        expect_text(&(struct column_case){ PARQUET_INT32, 0, encodings[i], 3, BYTES("\x06\x00"),
                                           none, 0, BYTES("") },
                    "- - - ");
}

static void malformed_levels_are_an_error(void **state)
{
    const struct slice value = BYTES("\x01\0\0\0");

    (void)state;
    expect_failure(&(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 2, BYTES("\x02\x01"),
                                          none, 0, value },
                   ERR_INPUT, "the definition levels end too early");
    expect_failure(&(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 2, BYTES("\x00\x01"),
                                          none, 0, value },
                   ERR_INPUT, "a run of an invalid length");
    expect_failure(
        &(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 2, BYTES("\x01"), none, 0, value },
        ERR_INPUT, "a run of an invalid length");
    expect_failure(&(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 2, BYTES("\x04\x02"),
                                          none, 0, value },
                   ERR_INPUT, "a number of too many bits");
    expect_failure(&(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 2,
                                          BYTES("\xfe\xff\xff\xff\xff\x7f\x01"), none, 0,
                                          value },
                   ERR_INPUT, "a run of an invalid length");
}

static void a_run_of_two_thousand_million_levels_is_cut_to_the_values(void **state)
{
    (void)state;
    expect_text(&(struct column_case){ PARQUET_INT32, 0, PAGE_PLAIN, 4,
                                       BYTES("\xfe\xff\xff\xff\x0f\x00"), none, 0, BYTES("") },
                "- - - - ");
}

static void indices_of_a_dictionary(void **state)
{
    const struct slice texts = BYTES("\x01\0\0\0a\x02\0\0\0bb\x00\0\0\0");

    (void)state;
    /* width 2: a run of 3 times index 1, then a group 0 2 1 0 0 0 0 0 */
    expect_text(&(struct column_case){ PARQUET_BYTE_ARRAY, 0, PAGE_RLE_DICTIONARY, 7, none,
                                       texts, 3, BYTES("\x02\x06\x01\x03\x18\x00") },
                "bb bb bb a  bb a ");
    expect_text(&(struct column_case){ PARQUET_BYTE_ARRAY, 0, PAGE_PLAIN_DICTIONARY, 2, none,
                                       texts, 3, BYTES("\x00") },
                "a a ");
    expect_text(&(struct column_case){ PARQUET_INT64, 0, PAGE_RLE_DICTIONARY, 2, none,
                                       BYTES("\x07\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0"), 2,
                                       BYTES("\x01\x03\x02") },
                "7 9 ");
    expect_text(&(struct column_case){ PARQUET_FIXED, 2, PAGE_RLE_DICTIONARY, 2, none,
                                       BYTES("abcd"), 2, BYTES("\x20\x04\x01\0\0\0") },
                "6364 6364 ");
}

static void malformed_indices_are_an_error(void **state)
{
    const struct slice texts = BYTES("\x01\0\0\0a\x02\0\0\0bb");
    struct column_case c = { PARQUET_BYTE_ARRAY,   0, PAGE_RLE_DICTIONARY, 2, none, texts, 2,
                             BYTES("\x02\x04\x02") };

    (void)state;
    /* The name of the page is that of the data page, so not byte 4. */
    struct error err;
    struct buf out;

    buf_init(&out, 1 << 20);
    assert_fails(read_case(&c, &out, &err), ERR_INPUT,
                 "it has the index 2, but the dictionary has 2 values");
    c.body = BYTES("\x21\x04\x02");
    assert_fails(read_case(&c, &out, &err), ERR_INPUT, "the indices have 33 bits");
    c.body = BYTES("");
    assert_fails(read_case(&c, &out, &err), ERR_INPUT, "the indices end too early");
    c.body = BYTES("\x02\x04\x01");
    c.n_dictionary = 3;
    assert_fails(read_case(&c, &out, &err), ERR_INPUT,
                 "the dictionary says that it has 3 values in 11 bytes");
    c.dictionary = BYTES("\x01\0\0\0a\x03\0\0\0bb");
    c.n_dictionary = 2;
    assert_fails(read_case(&c, &out, &err), ERR_INPUT, "the values end too early");
    c.n_dictionary = 1 << 30;
    assert_fails(read_case(&c, &out, &err), ERR_INPUT,
                 "the dictionary says that it has 1073741824 values in 11 bytes");
    c.dictionary = none;
    assert_fails(read_case(&c, &out, &err), ERR_INPUT,
                 "it needs a dictionary, but the column has none");
    buf_release(&out);
}

static void booleans_as_runs(void **state)
{
    (void)state;
    expect_text(&(struct column_case){ PARQUET_BOOLEAN, 0, PAGE_RLE, 5, none, none, 0,
                                       BYTES("\x04\0\0\0\x06\x01\x03\x02") },
                "1 1 1 0 1 ");
}

/* The first example of the format: 1 to 5, deltas of 1. */
static void deltas_of_numbers(void **state)
{
    const struct slice ascending = BYTES("\x80\x01\x04\x05\x02\x02\0\0\0\0");
    /* 7 5 3 1 2 3 4 5, the second example: deltas -2 -2 -2 1 1 1 1, least -2, width 2 */
    const struct slice mixed = BYTES("\x80\x01\x04\x08\x0e\x03\x02\0\0\0\xc0\x3f\0\0\0\0\0\0");

    (void)state;
    expect_text(&(struct column_case){ PARQUET_INT32, 0, PAGE_DELTA_BINARY_PACKED, 5, none,
                                       none, 0, ascending },
                "1 2 3 4 5 ");
    expect_text(&(struct column_case){ PARQUET_INT64, 0, PAGE_DELTA_BINARY_PACKED, 8, none,
                                       none, 0, mixed },
                "7 5 3 1 2 3 4 5 ");
    expect_text(&(struct column_case){ PARQUET_INT32, 0, PAGE_DELTA_BINARY_PACKED, 1, none,
                                       none, 0, BYTES("\x80\x01\x04\x01\x54") },
                "42 ");
    /* INT32_MAX + 1 wraps around */
    expect_text(
        &(struct column_case){ PARQUET_INT32, 0, PAGE_DELTA_BINARY_PACKED, 2, none, none, 0,
                               BYTES("\x80\x01\x04\x02\xfe\xff\xff\xff\x0f\x02\0\0\0\0") },
        "2147483647 -2147483648 ");
}

/* 0, INT32_MIN, INT32_MAX, as DuckDB writes them: not modulo 2^32. */
static void differences_of_33_bits_between_numbers_of_32(void **state)
{
    char body[146] = "\x80\x01\x04\x03\x00\xff\xff\xff\xff\x0f\x21\x00\x00\x00\x00\x00\x00\x00"
                     "\xfe\xff\xff\xff\x02";

    (void)state;
    expect_text(&(struct column_case){ PARQUET_INT32, 0, PAGE_DELTA_BINARY_PACKED, 3, none,
                                       none, 0, slice_of(body, sizeof body) },
                "0 -2147483648 2147483647 ");
}

static void malformed_deltas_are_an_error(void **state)
{
    struct column_case c = {
        PARQUET_INT32, 0, PAGE_DELTA_BINARY_PACKED, 5, none, none, 0, none
    };
    const struct {
        struct slice body;
        const char *phrase;
    } cases[] = {
        { BYTES("\x81\x01\x04\x05\x02\x02\0\0\0\0"), "an invalid header" },
        { BYTES("\x00\x04\x05\x02\x02\0\0\0\0"), "an invalid header" },
        { BYTES("\x80\x01\x00\x05\x02\x02\0\0\0\0"), "an invalid header" },
        { BYTES("\x80\x01\x05\x05\x02\x02\0\0\0\0"), "an invalid header" },
        { BYTES("\x80\x01\x08\x05\x02\x02\0\0\0\0"), "an invalid header" },
        { BYTES("\x80\x80\x80\x80\x80\x20\x04\x05\x02\x02"), "an invalid header" },
        { BYTES("\x80\x01\x04\x05\x02\x02\x41\0\0\0"), "differences of 65 bits" },
        { BYTES("\x80\x01\x04\x05\x02\x02\x05\0\0\0\x01"), "end too early" },
        { BYTES("\x80\x01\x04\x05\x02\x02\x05"), "end too early" },
        { BYTES("\x80\x01\x04\x04\x02\x02\0\0\0\0"), "the values are 1 fewer" },
        { BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x04"), "more than 64 bits" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        c.body = cases[i].body;
        expect_failure(&c, ERR_INPUT, cases[i].phrase);
    }
}

static void lengths_before_texts(void **state)
{
    /* lengths 5 0 6 1: deltas -5 6 -5, least -5, width 4: 0 11 0 */
    const struct slice body = BYTES(
        "\x80\x01\x04\x04\x0a\x09\x04\0\0\0\xb0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0HelloWorld!x");
    const struct slice too_long =
        BYTES("\x80\x01\x04\x04\x0a\x09\x04\0\0\0\xb0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0HelloWorld");
    struct column_case c = {
        PARQUET_BYTE_ARRAY, 0, PAGE_DELTA_LENGTH_BYTE_ARRAY, 4, none, none, 0, body
    };

    (void)state;
    expect_text(&c, "Hello  World! x ");
    c.body = too_long;
    expect_failure(&c, ERR_INPUT, "the values end too early");
    c.body = BYTES("\x80\x01\x04\x01\x09"); /* -5 */
    c.n_values = 1;
    expect_failure(&c, ERR_INPUT, "the lengths have the negative number -5");
    c.body = BYTES("\x80\x01\x04\x01\x02"
                   "a");
    c.n_values = 2;
    expect_failure(&c, ERR_INPUT, "the lengths are fewer than the values");
}

/* axis, axle, babble, babyhood: the example of the format. Prefixes 0 2 0 3, suffixes 4 2
 * 6 5.
 */
static void texts_that_share_their_beginnings(void **state)
{
    const struct slice prefixes = BYTES("\x80\x01\x04\x04\x00\x03\x03\x00\x00\x00\x44\x01\x00"
                                        "\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    const struct slice suffixes = BYTES("\x80\x01\x04\x04\x08\x03\x03\x00\x00\x00\x70\x00\x00"
                                        "\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    struct column_case c = {
        PARQUET_BYTE_ARRAY, 0, PAGE_DELTA_BYTE_ARRAY, 4, none, none, 0, none
    };
    struct error err;
    struct buf body;

    (void)state;
    buf_init(&body, 1024);
    assert_ok(buf_add_slice(&body, prefixes, &err));
    assert_ok(buf_add_slice(&body, suffixes, &err));
    assert_ok(buf_add_text(&body, "axislebabbleyhood", &err));
    c.body = buf_slice(&body);
    expect_text(&c, "axis axle babble babyhood ");
    body.data[4] = 2; /* the first prefix has 1 byte */
    expect_failure(&c, ERR_INPUT, "a prefix has 1 bytes, but the value before has only 0");
    body.data[4] = 0;
    c.type = PARQUET_FIXED;
    c.type_length = 4;
    expect_failure(&c, ERR_INPUT, "a value has 6 bytes, but the type has 4");
    buf_release(&body);
}

static void bytes_of_numbers_in_streams(void **state)
{
    struct column_case c = { PARQUET_FLOAT, 0, PAGE_BYTE_STREAM_SPLIT,           2, none,
                             none,          0, BYTES("\0\0\0\0\xc0\x20\x3f\xc0") };

    (void)state;
    expect_text(&c, "1.5 -2.5 ");
    c.type = PARQUET_INT32;
    c.body = BYTES("\x01\x02\0\0\0\0\0\x80");
    expect_text(&c, "1 -2147483646 ");
    c.type = PARQUET_FIXED;
    c.type_length = 3;
    c.body = BYTES("adbecf");
    expect_text(&c, "616263 646566 ");
    c.body = BYTES("adbec");
    expect_failure(&c, ERR_INPUT, "the values have 5 bytes, no multiple of 3");
    c.n_values = 3;
    c.body = BYTES("adbecf");
    expect_failure(&c, ERR_INPUT, "the values are fewer than the levels say");
}

static void encodings_that_are_not_supported_are_named(void **state)
{
    struct column_case c = { PARQUET_INT32, 0, PAGE_BIT_PACKED, 1, none, none, 0, BYTES("\0") };

    (void)state;
    expect_failure(&c, ERR_UNSUPPORTED, "the encoding BIT_PACKED (4) is not supported");
    c.encoding = PAGE_ALP;
    expect_failure(&c, ERR_UNSUPPORTED, "the encoding ALP (10) is not supported");
    c.encoding = 77;
    expect_failure(&c, ERR_UNSUPPORTED, "an unknown encoding (77)");
    c.encoding = PAGE_DELTA_BYTE_ARRAY;
    expect_failure(&c, ERR_INPUT, "the encoding DELTA_BYTE_ARRAY does not fit the type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values_of_every_type),
        cmocka_unit_test(values_that_end_too_early_are_an_error),
        cmocka_unit_test(levels_say_which_values_are_null),
        cmocka_unit_test(a_page_of_nulls_needs_no_values),
        cmocka_unit_test(malformed_levels_are_an_error),
        cmocka_unit_test(a_run_of_two_thousand_million_levels_is_cut_to_the_values),
        cmocka_unit_test(indices_of_a_dictionary),
        cmocka_unit_test(malformed_indices_are_an_error),
        cmocka_unit_test(booleans_as_runs),
        cmocka_unit_test(deltas_of_numbers),
        cmocka_unit_test(differences_of_33_bits_between_numbers_of_32),
        cmocka_unit_test(malformed_deltas_are_an_error),
        cmocka_unit_test(lengths_before_texts),
        cmocka_unit_test(texts_that_share_their_beginnings),
        cmocka_unit_test(bytes_of_numbers_in_streams),
        cmocka_unit_test(encodings_that_are_not_supported_are_named),
    };

    return cmocka_run_group_tests_name("base/parquet encodings", tests, NULL, NULL);
}
