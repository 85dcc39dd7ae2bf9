/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: what they mean, and every way in which one is malformed. */
#include "tests/support/test.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/parquet/file.h"
#include "tests/support/parquet_writer.h"

/* A constant, unlike slice_of(). */
#define BYTES(text)                                                                            \
    {                                                                                          \
        text, sizeof text - 1                                                                  \
    }

struct fixture {
    struct parquet_writer writer;
    struct parquet_file *file;
    int fd;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    parquet_writer_init(&f->writer);
    f->fd = -1;
    *state = f;
    return 0;
}

static void close_file(struct fixture *f)
{
    parquet_file_close(f->file);
    f->file = NULL;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close_file(f);
    parquet_writer_release(&f->writer);
    test_free(f);
    return 0;
}

static int open_bytes(struct fixture *f, struct slice bytes, struct error *err)
{
    close_file(f);
    f->fd = parquet_descriptor(bytes);
    return parquet_file_open(f->fd, "x.parquet", 0, &f->file, err);
}

/* A file of a schema, without row groups. */
static int open_schema(struct fixture *f, const struct written_element *elements, size_t n,
                       struct error *err)
{
    parquet_writer_release(&f->writer);
    parquet_writer_init(&f->writer);
    return open_bytes(f, parquet_end_file(&f->writer, elements, n, 0, NULL), err);
}

static void a_schema_is_a_tree(void **state)
{
    static const struct written_element elements[] = {
        { .name = "root", .is_group = true, .n_children = 3 },
        { .name = "m", .is_group = true, .repetition = PARQUET_OPTIONAL, .n_children = 1 },
        { .name = "list", .is_group = true, .repetition = PARQUET_REPEATED, .n_children = 2 },
        { .name = "role", .type = PARQUET_BYTE_ARRAY },
        { .name = "content", .type = PARQUET_BYTE_ARRAY, .repetition = PARQUET_OPTIONAL },
        { .name = "id", .type = PARQUET_FIXED, .type_length = 16 },
        { .name = "n", .type = PARQUET_INT32, .repetition = PARQUET_REPEATED },
    };
    static const struct {
        size_t next, leaf;
        unsigned definition, repetition;
    } expected[] = { { 7, 0, 0, 0 }, { 5, 0, 1, 0 }, { 5, 0, 2, 1 }, { 4, 0, 2, 1 },
                     { 5, 1, 3, 1 }, { 6, 2, 0, 0 }, { 7, 3, 1, 1 } };
    struct fixture *f = *state;
    struct error err;

    assert_ok(open_schema(f, elements, 7, &err));
    assert_int_equal(parquet_n_elements(f->file), 7);
    assert_int_equal(parquet_n_leaves(f->file), 4);
    assert_int_equal(parquet_n_groups(f->file), 0);
    assert_int_equal(parquet_n_rows(f->file), 0);
    for (size_t i = 0; i < 7; i++) {
        const struct parquet_element *element = parquet_element(f->file, i);

        assert_true(slice_equal(element->name, slice_text(elements[i].name)));
        assert_int_equal(element->is_group, elements[i].is_group);
        assert_int_equal(element->n_children, elements[i].n_children);
        assert_int_equal(element->next, expected[i].next);
        assert_int_equal(element->leaf, expected[i].leaf);
        assert_int_equal(element->max_definition, expected[i].definition);
        assert_int_equal(element->max_repetition, expected[i].repetition);
    }
    assert_int_equal(parquet_element(f->file, 5)->type_length, 16);
}

/* One leaf of each kind, with what it means. */
static const struct {
    enum parquet_type type;
    int32_t type_length;
    int32_t converted; /* -1: none */
    struct slice logical;
    enum parquet_meaning meaning;
    const char *refused;
    int32_t scale;
    bool is_utc;
    unsigned unit, bits;
} meanings[] = {
    { PARQUET_BYTE_ARRAY, 0, -1, { 0 }, PARQUET_PLAIN, NULL, 0, false, 0, 32 },
    { PARQUET_BYTE_ARRAY, 0, 0, { 0 }, PARQUET_TEXT, NULL, 0, true, 0, 32 },
    { PARQUET_BYTE_ARRAY, 0, 4, { 0 }, PARQUET_TEXT, NULL, 0, true, 0, 32 },
    { PARQUET_BYTE_ARRAY, 0, 19, { 0 }, PARQUET_JSON, NULL, 0, true, 0, 32 },
    { PARQUET_INT32, 0, 11, { 0 }, PARQUET_UNSIGNED, NULL, 0, true, 0, 8 },
    { PARQUET_INT64, 0, 14, { 0 }, PARQUET_UNSIGNED, NULL, 0, true, 0, 64 },
    { PARQUET_INT32, 0, 16, { 0 }, PARQUET_PLAIN, NULL, 0, true, 0, 16 },
    { PARQUET_INT32, 0, 6, { 0 }, PARQUET_DATE, NULL, 0, true, 0, 32 },
    { PARQUET_INT64, 0, 10, { 0 }, PARQUET_TIMESTAMP, NULL, 0, true, 2, 64 },
    { PARQUET_INT32, 0, 7, { 0 }, PARQUET_TIME, NULL, 0, true, 1, 32 },
    { PARQUET_FIXED, 12, 21, { 0 }, PARQUET_REFUSED, "INTERVAL", 0, true, 0, 32 },
    { PARQUET_INT32,
      0,
      0,
      { 0 },
      PARQUET_REFUSED,
      "a logical type that does not fit the physical type",
      0,
      true,
      0,
      32 },
    { PARQUET_INT32,
      0,
      99,
      { 0 },
      PARQUET_REFUSED,
      "an unknown converted type",
      0,
      false,
      0,
      32 },
    /* STRING, JSON, UNKNOWN, DECIMAL(scale 2), TIMESTAMP(not UTC, nanos), INTEGER(8,
     * unsigned), UUID, FLOAT16, VARIANT, a member that does not exist */
    { PARQUET_BYTE_ARRAY, 0, -1, BYTES("\x1c\0\0"), PARQUET_TEXT, NULL, 0, false, 0, 32 },
    { PARQUET_BYTE_ARRAY, 0, 0, BYTES("\xcc\0\0"), PARQUET_JSON, NULL, 0, false, 0, 32 },
    { PARQUET_INT32, 0, -1, BYTES("\xbc\0\0"), PARQUET_NULL, NULL, 0, false, 0, 32 },
    { PARQUET_FIXED, 5, -1, BYTES("\x5c\x15\x04\x15\x14\0\0"), PARQUET_DECIMAL, NULL, 2, false,
      0, 32 },
    { PARQUET_FIXED, 5, -1, BYTES("\x5c\x15\x03\x15\x14\0\0"), PARQUET_REFUSED,
      "a logical type that does not fit the physical type", -2, false, 0, 32 },
    { PARQUET_INT64, 0, -1, BYTES("\x8c\x12\x1c\x3c\0\0\0\0"), PARQUET_TIMESTAMP, NULL, 0,
      false, 3, 64 },
    { PARQUET_INT32, 0, -1, BYTES("\xac\x13\x08\x12\0\0"), PARQUET_UNSIGNED, NULL, 0, false, 0,
      8 },
    { PARQUET_INT32, 0, -1, BYTES("\xac\x13\x08\x11\0\0"), PARQUET_PLAIN, NULL, 0, false, 0,
      8 },
    { PARQUET_FIXED, 16, -1, BYTES("\xec\0\0"), PARQUET_UUID, NULL, 0, false, 0, 32 },
    { PARQUET_FIXED, 2, -1, BYTES("\xfc\0\0"), PARQUET_HALF, NULL, 0, false, 0, 32 },
    { PARQUET_BYTE_ARRAY, 0, -1, BYTES("\x0c\x20\0\0"), PARQUET_REFUSED, "VARIANT", 0, false, 0,
      32 },
    { PARQUET_BYTE_ARRAY, 0, -1, BYTES("\x0c\x7e\0\0"), PARQUET_REFUSED,
      "an unknown logical type", 0, false, 0, 32 },
};

static void logical_and_converted_types_have_a_meaning(void **state)
{
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const struct written_element elements[] = {
            { .name = "root", .is_group = true, .n_children = 1 },
            { .name = "c",
              .type = meanings[i].type,
              .type_length = meanings[i].type_length,
              .has_converted = meanings[i].converted >= 0,
              .converted = meanings[i].converted,
              .logical = meanings[i].logical },
        };

        assert_ok(open_schema(f, elements, 2, &err));
        const struct parquet_element *leaf = parquet_element(f->file, 1);
        assert_int_equal(leaf->meaning, meanings[i].meaning);
        assert_string_equal(leaf->refused ? leaf->refused : "",
                            meanings[i].refused ? meanings[i].refused : "");
        assert_int_equal(leaf->scale, meanings[i].scale);
        assert_int_equal(leaf->is_utc, meanings[i].is_utc);
        assert_int_equal(leaf->unit, meanings[i].unit);
        assert_int_equal(leaf->bits, meanings[i].bits);
    }
}

static void malformed_schemas_are_refused(void **state)
{
    static const struct {
        struct written_element elements[3];
        size_t n;
        const char *phrase;
    } cases[] = {
        { { { .name = "r", .is_group = true, .n_children = 2 }, { .name = "a" } },
          2,
          "1 elements are missing" },
        { { { .name = "r", .is_group = true, .n_children = 1 },
            { .name = "a" },
            { .name = "b" } },
          3,
          "element 2 (b) belongs to no group" },
        { { { .name = "r", .is_group = true, .n_children = -1 } },
          1,
          "an invalid number of children" },
        { { { .name = "r", .is_group = true, .n_children = 1 << 30 } },
          1,
          "an invalid number of children" },
        { { { .name = "r" } }, 1, "is the root, but no group" },
        { { { .name = "r", .is_group = true, .n_children = 1 },
            { .name = "g", .is_group = true } },
          2,
          "element 1 (g) has neither a type nor children" },
        { { { .name = "r", .is_group = true, .n_children = 1 },
            { .name = "a", .type = PARQUET_FIXED } },
          2,
          "element 1 (a) has an invalid length" },
        { { { .name = "r", .is_group = true, .n_children = 1 },
            { .name = "a", .type = (enum parquet_type)8 } },
          2,
          "element 1 (a) has an unknown type" },
        { { { .name = "r", .is_group = true, .n_children = 1 },
            { .name = "a", .repetition = (enum parquet_repetition)3 } },
          2,
          "element 1 (a) has an unknown repetition" },
        { { { .name = "r" } }, 0, "the schema has 0 elements" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_fails(open_schema(f, cases[i].elements, cases[i].n, &err), ERR_INPUT,
                     cases[i].phrase);
        assert_int_equal(strncmp(err.msg, "x.parquet: the schema ", 22), 0);
    }
}

static void schemas_that_are_too_deep_or_too_long_are_refused(void **state)
{
    static struct written_element const leaf = { .name = "a" };
    struct written_element elements[66];
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < 65; i++)
        elements[i] =
            (struct written_element){ .name = "g", .is_group = true, .n_children = 1 };
    elements[64] = leaf;
    assert_ok(open_schema(f, elements, 65, &err));
    elements[64] = elements[0];
    elements[65] = leaf;
    assert_fails(open_schema(f, elements, 66, &err), ERR_INPUT, "is nested more than 64 deep");

    struct written_element *many = test_calloc(10001, sizeof *many);
    many[0] = (struct written_element){ .name = "r", .is_group = true, .n_children = 9999 };
    for (size_t i = 1; i < 10001; i++)
        many[i] = leaf;
    assert_ok(open_schema(f, many, 10000, &err));
    many[0].n_children = 10000;
    assert_fails(open_schema(f, many, 10001, &err), ERR_INPUT,
                 "10001 elements, which is not between 1 and 10000");
    test_free(many);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_schema_is_a_tree),
        TEST(logical_and_converted_types_have_a_meaning),
        TEST(malformed_schemas_are_refused),
        TEST(schemas_that_are_too_deep_or_too_long_are_refused),
    };

    return cmocka_run_group_tests_name("base/parquet/schema", tests, NULL, NULL);
}
