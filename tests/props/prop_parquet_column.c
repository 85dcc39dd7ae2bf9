/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random columns are encoded, written and read again: every type with every encoding that it
 * has, every codec, both versions of pages, required, optional and repeated. CURATE_SEED
 * replays a run.
 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/parquet/hybrid.h"
#include "base/parquet/page.h"
#include "tests/support/parquet_encode.h"
#include "tests/support/parquet_text.h"
#include "tests/support/parquet_writer.h"
#include "tests/support/rng.h"

enum {
    N_TRIALS = TEST_IS_SANITIZED ? 40 : 120,
    PAGES_MAX = 4,
    LEVELS_MAX = 6000, /* of a page; more than a batch */
    OUT_MAX = 1 << 28,
};

/* The values of a page: of numbers in `numbers`, of the others in `texts`. */
struct page_values {
    size_t n_levels, n;
    uint32_t definitions[LEVELS_MAX];
    uint32_t repetitions[LEVELS_MAX];
    int64_t numbers[LEVELS_MAX];
    struct slice texts[LEVELS_MAX];
};

struct fixture {
    struct rng rng;
    struct parquet_writer writer;
    struct page_values values;
    struct buf text; /* bytes of texts */
    struct buf body, plain, repetitions, definitions, expected, out;
    struct parquet_element element;
    enum written_codec codec;
    size_t n_rows;
    uint64_t max_bytes;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct buf *const bufs[] = { &f->text,        &f->body,     &f->plain, &f->repetitions,
                                 &f->definitions, &f->expected, &f->out };

    f->rng = rng_from_env("CURATE_SEED");
    parquet_writer_init(&f->writer);
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        buf_init(bufs[i], OUT_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct buf *const bufs[] = { &f->text,        &f->body,     &f->plain, &f->repetitions,
                                 &f->definitions, &f->expected, &f->out };

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        buf_release(bufs[i]);
    parquet_writer_release(&f->writer);
    test_free(f);
    return 0;
}

static bool is_text(enum parquet_type type)
{
    return type == PARQUET_BYTE_ARRAY || type == PARQUET_FIXED || type == PARQUET_INT96;
}

static size_t number_bytes(enum parquet_type type)
{
    return type == PARQUET_INT32 || type == PARQUET_FLOAT ? 4 : 8;
}

/* Levels often repeat, so that there are runs. */
static void draw_levels(struct fixture *f, size_t n)
{
    struct page_values *values = &f->values;
    const size_t sameness = 1 + rng_below(&f->rng, 30);
    uint32_t definition = 0;

    values->n_levels = n;
    values->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || rng_below(&f->rng, sameness) == 0)
            definition = (uint32_t)rng_below(&f->rng, f->element.max_definition + 1u);
        values->definitions[i] = definition;
        values->repetitions[i] =
            i > 0 ? (uint32_t)rng_below(&f->rng, f->element.max_repetition + 1u) : 0;
        values->n += definition == f->element.max_definition;
        f->n_rows += values->repetitions[i] == 0;
    }
}

static size_t draw_length(struct fixture *f)
{
    if (f->element.type == PARQUET_INT96)
        return 12;
    if (f->element.type == PARQUET_FIXED)
        return (size_t)f->element.type_length;
    return rng_below(&f->rng, 500) == 0 ? rng_below(&f->rng, 700000) : rng_below(&f->rng, 40);
}

/* Texts share beginnings with those before. */
static void draw_texts(struct fixture *f)
{
    struct page_values *values = &f->values;
    struct error err;
    size_t at = 0;

    buf_clear(&f->text);
    for (size_t i = 0; i < values->n; i++) {
        const size_t len = draw_length(f), shared = rng_below(&f->rng, len + 1);

        for (size_t k = 0; k < len; k++) {
            const bool copies = k < shared && i > 0 && k < values->texts[i - 1].len;
            const char byte = copies ? f->text.data[f->text.len - values->texts[i - 1].len]
                                     : (char)('a' + rng_below(&f->rng, 26));

            assert_ok(buf_add(&f->text, &byte, 1, &err));
        }
        values->texts[i].len = len;
    }
    for (size_t i = 0; i < values->n; i++) {
        values->texts[i].ptr = f->text.len > 0 ? f->text.data + at : "";
        at += values->texts[i].len;
    }
}

static void draw_numbers(struct fixture *f)
{
    const unsigned bits = 1 + (unsigned)rng_below(&f->rng, 64);

    for (size_t i = 0; i < f->values.n; i++) {
        const uint64_t drawn = rng_next(&f->rng) >> (64 - bits);

        f->values.numbers[i] = f->element.type == PARQUET_BOOLEAN ? (int64_t)(drawn & 1)
                               : f->element.type == PARQUET_INT32 ? (int32_t)(uint32_t)drawn
                                                                  : (int64_t)drawn;
    }
}

/* Numbers as they are in a batch and, on this machine, in a page. */
static void pack_numbers(struct fixture *f, struct buf *out)
{
    const size_t n_bytes = number_bytes(f->element.type);
    struct error err;

    for (size_t i = 0; i < f->values.n; i++)
        for (size_t k = 0; k < n_bytes; k++) {
            const char byte = (char)((uint64_t)f->values.numbers[i] >> (8 * k));

            assert_ok(buf_add(out, &byte, 1, &err));
        }
}

static void pack_booleans(struct fixture *f, struct buf *out)
{
    struct error err;
    char byte = 0;

    for (size_t i = 0; i < f->values.n; i++) {
        byte = (char)(byte | f->values.numbers[i] << (i % 8));
        if (i % 8 == 7 || i + 1 == f->values.n) {
            assert_ok(buf_add(out, &byte, 1, &err));
            byte = 0;
        }
    }
}

static void encode_plain(struct fixture *f, struct buf *out)
{
    struct error err;

    if (f->element.type == PARQUET_BYTE_ARRAY)
        encode_plain_texts(out, f->values.texts, f->values.n);
    else if (is_text(f->element.type))
        assert_ok(buf_add_slice(out, buf_slice(&f->text), &err));
    else if (f->element.type == PARQUET_BOOLEAN)
        pack_booleans(f, out);
    else
        pack_numbers(f, out);
}

static void encode_rle_booleans(struct fixture *f)
{
    uint32_t bits[LEVELS_MAX];
    struct error err;

    for (size_t i = 0; i < f->values.n; i++)
        bits[i] = (uint32_t)f->values.numbers[i];
    assert_ok(buf_add(&f->body, "\0\0\0\0", 4, &err));
    encode_hybrid(&f->body, &f->rng, bits, f->values.n, 1);
    for (unsigned i = 0; i < 4; i++)
        f->body.data[i] = (char)((f->body.len - 4) >> (8 * i));
}

static void encode_values(struct fixture *f, int32_t encoding)
{
    const unsigned width = f->element.type == PARQUET_INT32 ? 32 : 64;

    buf_clear(&f->body);
    if (encoding == PAGE_DELTA_BINARY_PACKED) {
        encode_delta(&f->body, &f->rng, f->values.numbers, f->values.n, width);
    } else if (encoding == PAGE_DELTA_LENGTH_BYTE_ARRAY) {
        encode_delta_lengths(&f->body, &f->rng, f->values.texts, f->values.n);
    } else if (encoding == PAGE_DELTA_BYTE_ARRAY) {
        encode_delta_texts(&f->body, &f->rng, f->values.texts, f->values.n);
    } else if (encoding == PAGE_RLE) {
        encode_rle_booleans(f);
    } else if (encoding == PAGE_BYTE_STREAM_SPLIT) {
        buf_clear(&f->plain);
        encode_plain(f, &f->plain);
        encode_split(&f->body, f->plain.data, f->values.n,
                     f->element.type == PARQUET_FIXED ? (size_t)f->element.type_length
                                                      : number_bytes(f->element.type));
    } else {
        encode_plain(f, &f->body);
    }
}

/* One of the encodings that the type has; PAGE_RLE_DICTIONARY is drawn for the whole column. */
static int32_t draw_encoding(struct fixture *f)
{
    static const struct {
        int32_t encoding;
        unsigned types; /* bits */
    } all[] = {
        { PAGE_PLAIN, 0xff },
        { PAGE_RLE, 1 << PARQUET_BOOLEAN },
        { PAGE_DELTA_BINARY_PACKED, 1 << PARQUET_INT32 | 1 << PARQUET_INT64 },
        { PAGE_DELTA_LENGTH_BYTE_ARRAY, 1 << PARQUET_BYTE_ARRAY },
        { PAGE_DELTA_BYTE_ARRAY, 1 << PARQUET_BYTE_ARRAY | 1 << PARQUET_FIXED },
        { PAGE_BYTE_STREAM_SPLIT, 1 << PARQUET_INT32 | 1 << PARQUET_INT64 | 1 << PARQUET_FLOAT |
                                      1 << PARQUET_DOUBLE | 1 << PARQUET_FIXED },
    };
    size_t i;

    do
        i = rng_below(&f->rng, sizeof all / sizeof *all);
    while (!(all[i].types >> f->element.type & 1));
    return all[i].encoding;
}

static struct slice encode_levels(struct fixture *f, struct buf *out, const uint32_t *levels,
                                  uint8_t max)
{
    struct error err;

    buf_clear(out);
    if (max == 0)
        return (struct slice){ NULL, 0 };
    assert_ok(buf_add(out, "", 0, &err));
    encode_hybrid(out, &f->rng, levels, f->values.n_levels, hybrid_width(max));
    return slice_of(out->data ? out->data : "", out->len);
}

/* Append the page as it must be read. */
static void expect_page(struct fixture *f)
{
    uint8_t definitions[LEVELS_MAX], repetitions[LEVELS_MAX], booleans[LEVELS_MAX];
    struct parquet_batch batch = { .n_levels = f->values.n_levels, .n_values = f->values.n };

    for (size_t i = 0; i < f->values.n_levels; i++) {
        definitions[i] = (uint8_t)f->values.definitions[i];
        repetitions[i] = (uint8_t)f->values.repetitions[i];
        booleans[i] = (uint8_t)f->values.numbers[i];
    }
    batch.definitions = f->element.max_definition > 0 ? definitions : NULL;
    batch.repetitions = f->element.max_repetition > 0 ? repetitions : NULL;
    buf_clear(&f->plain);
    if (is_text(f->element.type)) {
        batch.values.bytes = f->values.texts;
    } else if (f->element.type == PARQUET_BOOLEAN) {
        batch.values.booleans = booleans;
    } else {
        pack_numbers(f, &f->plain);
        batch.values.booleans = (const uint8_t *)f->plain.data;
    }
    if (batch.n_levels > 0)
        parquet_batch_text(&batch, &f->element, &f->expected);
}

static void write_page(struct fixture *f, int32_t encoding)
{
    struct written_page page = {
        .type = rng_below(&f->rng, 2) ? PAGE_DATA : PAGE_DATA_V2,
        .encoding = encoding,
        .n_values = (int32_t)f->values.n_levels,
        .codec = f->codec,
        .has_crc = rng_below(&f->rng, 2),
    };

    page.is_stored = page.type == PAGE_DATA_V2 && rng_below(&f->rng, 3) == 0;
    page.repetitions =
        encode_levels(f, &f->repetitions, f->values.repetitions, f->element.max_repetition);
    page.definitions =
        encode_levels(f, &f->definitions, f->values.definitions, f->element.max_definition);
    page.body = slice_of(f->body.len > 0 ? f->body.data : "", f->body.len);
    parquet_write_page(&f->writer, &page);
}

/* The dictionary is the values of the first page; indices of all pages are drawn from it. */
static void write_dictionary_column(struct fixture *f, size_t n_pages)
{
    uint32_t indices[LEVELS_MAX];
    struct error err;

    draw_levels(f, 1 + rng_below(&f->rng, 300));
    f->n_rows = 0;
    f->values.n = f->values.n_levels;
    if (is_text(f->element.type))
        draw_texts(f);
    else
        draw_numbers(f);
    struct page_values *dictionary = test_malloc(sizeof *dictionary);
    *dictionary = f->values;
    buf_clear(&f->body);
    encode_plain(f, &f->body);
    parquet_write_page(&f->writer, &(struct written_page){ .type = PAGE_DICTIONARY,
                                                           .n_values = (int32_t)dictionary->n,
                                                           .body = buf_slice(&f->body),
                                                           .codec = f->codec });
    for (size_t i = 0; i < n_pages; i++) {
        const uint8_t width = (uint8_t)hybrid_width((uint32_t)dictionary->n - 1);

        draw_levels(f, rng_below(&f->rng, LEVELS_MAX));
        for (size_t k = 0; k < f->values.n; k++) {
            indices[k] = (uint32_t)rng_below(&f->rng, dictionary->n);
            f->values.numbers[k] = dictionary->numbers[indices[k]];
            f->values.texts[k] = dictionary->texts[indices[k]];
        }
        buf_clear(&f->body);
        assert_ok(buf_add(&f->body, &width, 1, &err));
        encode_hybrid(&f->body, &f->rng, indices, f->values.n, width);
        write_page(f, PAGE_RLE_DICTIONARY);
        expect_page(f);
    }
    test_free(dictionary);
}

static void write_column(struct fixture *f, size_t n_pages)
{
    for (size_t i = 0; i < n_pages; i++) {
        const int32_t encoding = draw_encoding(f);

        draw_levels(f, rng_below(&f->rng, LEVELS_MAX));
        if (is_text(f->element.type))
            draw_texts(f);
        else
            draw_numbers(f);
        encode_values(f, encoding);
        write_page(f, encoding);
        expect_page(f);
    }
}

/* Required, optional, or a list: rules do not matter here, only levels. */
static size_t draw_schema(struct fixture *f, struct written_element elements[4])
{
    const size_t kind = rng_below(&f->rng, 3);
    size_t n = 0;

    f->element = (struct parquet_element){ .type = (enum parquet_type)rng_below(&f->rng, 8) };
    f->element.type_length =
        f->element.type == PARQUET_FIXED ? (int32_t)(1 + rng_below(&f->rng, 40)) : 0;
    f->element.max_definition = kind == 2 ? 3 : (uint8_t)kind;
    f->element.max_repetition = kind == 2;
    elements[n++] =
        (struct written_element){ .name = "schema", .is_group = true, .n_children = 1 };
    if (kind == 2) {
        elements[n++] = (struct written_element){
            .name = "l", .is_group = true, .repetition = PARQUET_OPTIONAL, .n_children = 1
        };
        elements[n++] = (struct written_element){
            .name = "list", .is_group = true, .repetition = PARQUET_REPEATED, .n_children = 1
        };
    }
    elements[n++] =
        (struct written_element){ .name = "c",
                                  .repetition = kind > 0 ? PARQUET_OPTIONAL : PARQUET_REQUIRED,
                                  .type = f->element.type,
                                  .type_length = f->element.type_length };
    return n;
}

static void random_columns_are_read_as_they_were_written(void **state)
{
    static const enum written_codec codecs[] = { WRITTEN_NONE, WRITTEN_SNAPPY, WRITTEN_GZIP,
                                                 WRITTEN_ZSTD, WRITTEN_BROTLI, WRITTEN_LZ4 };
    struct fixture *f = *state;
    struct written_element elements[4];
    struct error err;

    for (size_t i = 0; i < N_TRIALS; i++) {
        const size_t n_elements = draw_schema(f, elements);
        const size_t n_pages = 1 + rng_below(&f->rng, PAGES_MAX);

        f->n_rows = 0;
        f->codec = codecs[rng_below(&f->rng, sizeof codecs / sizeof *codecs)];
        buf_clear(&f->expected);
        buf_clear(&f->out);
        parquet_writer_release(&f->writer);
        parquet_writer_init(&f->writer);
        if (f->element.type != PARQUET_BOOLEAN && rng_below(&f->rng, 4) == 0)
            write_dictionary_column(f, n_pages);
        else
            write_column(f, n_pages);
        parquet_end_column(&f->writer, f->element.type, f->codec);
        const int64_t n_rows = (int64_t)f->n_rows;
        assert_ok(parquet_text(parquet_end_file(&f->writer, elements, n_elements, 1, &n_rows),
                               0, 0, 0, &f->out, &err));
        if (!slice_equal(buf_slice(&f->out), buf_slice(&f->expected)))
            fail_msg("trial %zu of seed %" PRIu64 ": a column of type %d and codec %d differs",
                     i, f->rng.seed, (int)f->element.type, (int)f->codec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_columns_are_read_as_they_were_written, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("base/parquet", tests, NULL, NULL);
}
