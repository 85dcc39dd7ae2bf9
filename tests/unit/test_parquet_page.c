/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a column: codecs, versions, checksums, dictionaries, and the memory they need. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/parquet/page.h"
#include "tests/support/parquet_text.h"
#include "tests/support/parquet_writer.h"

#define BYTES(text) slice_of(text, sizeof text - 1)

enum { MIB = 1 << 20, OUT_MAX = 64 << 20 };

static const enum written_codec codecs[] = { WRITTEN_NONE,   WRITTEN_SNAPPY, WRITTEN_GZIP,
                                             WRITTEN_BROTLI, WRITTEN_ZSTD,   WRITTEN_LZ4 };

static const struct written_element optional_text[] = {
    { .name = "schema", .is_group = true, .n_children = 1 },
    { .name = "c", .type = PARQUET_BYTE_ARRAY, .repetition = PARQUET_OPTIONAL },
};
static const struct written_element required_text[] = {
    { .name = "schema", .is_group = true, .n_children = 1 },
    { .name = "c", .type = PARQUET_BYTE_ARRAY },
};

struct fixture {
    struct parquet_writer writer;
    struct buf out;
    struct buf body;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    parquet_writer_init(&f->writer);
    buf_init(&f->out, OUT_MAX);
    buf_init(&f->body, OUT_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    parquet_writer_release(&f->writer);
    buf_release(&f->out);
    buf_release(&f->body);
    test_free(f);
    return 0;
}

static void begin_again(struct fixture *f)
{
    parquet_writer_release(&f->writer);
    parquet_writer_init(&f->writer);
    buf_clear(&f->out);
}

static int read_text(struct fixture *f, const struct written_element *elements, size_t n,
                     int64_t n_rows, uint64_t max_bytes, struct error *err)
{
    buf_clear(&f->out);
    return parquet_text(parquet_end_file(&f->writer, elements, n, 1, &n_rows), 0, 0, max_bytes,
                        &f->out, err);
}

static void add_text(struct buf *body, const char *text, size_t n)
{
    const char len[] = { (char)n, (char)(n >> 8), (char)(n >> 16), (char)(n >> 24) };
    struct error err;

    assert_ok(buf_add(body, len, sizeof len, &err));
    assert_ok(buf_add(body, text, n, &err));
}

/* A page of n texts of `len` bytes, which differ in their first bytes. */
static void make_texts(struct fixture *f, size_t n, size_t len)
{
    char *text = malloc(len);

    assert_non_null(text);
    memset(text, '.', len);
    for (size_t i = 0; i < len; i += 7)
        text[i] = (char)('a' + i * i / 5 % 26);
    buf_clear(&f->body);
    for (size_t i = 0; i < n; i++) {
        snprintf(text, len, "%zu", i);
        text[strlen(text)] = '.';
        add_text(&f->body, text, len);
    }
    free(text);
}

/* The texts of make_texts(), read back: n words of `len` bytes. */
static void expect_texts(const struct fixture *f, size_t n, size_t len)
{
    assert_int_equal(f->out.len, n * (len + 1));
    for (size_t i = 0; i < n; i++) {
        const char *word = f->out.data + i * (len + 1);

        assert_int_equal(strtoul(word, NULL, 10), i);
        assert_memory_equal(word + 8, f->body.data + i * (len + 4) + 12, len - 8);
        assert_int_equal(word[len], ' ');
    }
}

static void every_codec_in_both_versions(void **state)
{
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        for (int version = 1; version <= 2; version++) {
            const struct written_page page = {
                .type = version == 1 ? PAGE_DATA : PAGE_DATA_V2,
                .n_values = 3,
                .definitions = BYTES("\x03\x05"),
                .body = BYTES("\x03\0\0\0one\x05\0\0\0three"),
                .codec = codecs[i],
                .has_crc = version == 1,
            };

            begin_again(f);
            parquet_write_page(&f->writer, &page);
            parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, codecs[i]);
            assert_ok(read_text(f, optional_text, 2, 3, 0, &err));
            assert_string_equal(f->out.data, "one - three ");
        }
}

/* 12 MB of texts: the codecs that can stream do. */
static void long_pages_of_every_codec(void **state)
{
    struct fixture *f = *state;
    struct error err;

    make_texts(f, 40, 300000);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        for (int version = 1; version <= 2; version++) {
            const struct written_page page = {
                .type = version == 1 ? PAGE_DATA : PAGE_DATA_V2,
                .n_values = 40,
                .definitions = BYTES("\x50\x01"),
                .body = buf_slice(&f->body),
                .codec = codecs[i],
                .has_crc = true,
            };

            begin_again(f);
            parquet_write_page(&f->writer, &page);
            parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, codecs[i]);
            assert_ok(read_text(f, optional_text, 2, 40, 0, &err));
            expect_texts(f, 40, 300000);
        }
}

/* What streams fits into 2 MiB: a window of 256 KiB, a value of 300 kB, what the codec needs. A
 * page that is needed as a whole does not, and the message says so. */
static void long_pages_within_little_memory(void **state)
{
    struct fixture *f = *state;
    struct error err;

    make_texts(f, 40, 300000);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        const struct written_page page = {
            .type = PAGE_DATA, .n_values = 40, .body = buf_slice(&f->body), .codec = codecs[i]
        };
        const bool streams = codecs[i] != WRITTEN_SNAPPY && codecs[i] != WRITTEN_LZ4;
        const uint64_t max_bytes = codecs[i] == WRITTEN_ZSTD ? 11 * MIB : 2 * MIB;

        begin_again(f);
        parquet_write_page(&f->writer, &page);
        parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, codecs[i]);
        if (streams) {
            assert_ok(read_text(f, required_text, 2, 40, max_bytes, &err));
            expect_texts(f, 40, 300000);
        } else {
            assert_fails(
                read_text(f, required_text, 2, 40, max_bytes, &err), ERR_NOMEM,
                "column c, page at byte 4: a page that must be decompressed as a whole "
                "needs ");
            assert_non_null(strstr(err.msg,
                                   "MiB of memory, but only 1 of 2 MiB are left: raise "
                                   "--max-memory"));
        }
    }
}

static void a_dictionary_that_does_not_fit_is_one_sentence(void **state)
{
    struct fixture *f = *state;
    struct error err;

    make_texts(f, 40, 300000);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        const struct written_page dictionary = { .type = PAGE_DICTIONARY,
                                                 .n_values = 40,
                                                 .body = buf_slice(&f->body),
                                                 .codec = codecs[i] };
        const struct written_page page = { .type = PAGE_DATA,
                                           .encoding = PAGE_RLE_DICTIONARY,
                                           .n_values = 2,
                                           .body = BYTES("\x06\x04\x27"),
                                           .codec = codecs[i] };

        begin_again(f);
        parquet_write_page(&f->writer, &dictionary);
        parquet_write_page(&f->writer, &page);
        parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, codecs[i]);
        const struct buf whole = f->writer.file;
        const size_t len = whole.len;
        assert_fails(read_text(f, required_text, 2, 2, 10 * MIB, &err), ERR_NOMEM,
                     "the dictionary of texts, which is needed as a whole, needs");
        f->writer.file.len = len; /* the footer is written again */
        assert_ok(read_text(f, required_text, 2, 2, 0, &err));
        assert_int_equal(f->out.len, 2 * 300001);
        assert_int_equal(strtoul(f->out.data, NULL, 10), 39);
    }
}

static void a_page_of_version_2_that_did_not_shrink(void **state)
{
    struct fixture *f = *state;
    const struct written_page page = { .type = PAGE_DATA_V2,
                                       .n_values = 2,
                                       .definitions = BYTES("\x04\x01"),
                                       .body = BYTES("\x01\0\0\0a\x01\0\0\0b"),
                                       .codec = WRITTEN_ZSTD,
                                       .is_stored = true };
    struct error err;

    parquet_write_page(&f->writer, &page);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_ZSTD);
    assert_ok(read_text(f, optional_text, 2, 2, 0, &err));
    assert_string_equal(f->out.data, "a b ");
}

static void two_members_of_gzip_are_one_page(void **state)
{
    struct fixture *f = *state;
    struct buf packed;
    struct error err;

    buf_init(&packed, 4096);
    parquet_pack(WRITTEN_GZIP, BYTES("\x03\0\0\0o"), &packed);
    parquet_pack(WRITTEN_GZIP, BYTES("ne"), &packed);
    /* The writer does not compress it again: the codec is only that of the chunk. */
    const struct written_page page = {
        .type = PAGE_DATA, .n_values = 1, .body = buf_slice(&packed), .claimed_bytes = 7
    };
    parquet_write_page(&f->writer, &page);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_GZIP);
    assert_ok(read_text(f, required_text, 2, 1, 0, &err));
    assert_string_equal(f->out.data, "one ");
    buf_release(&packed);
}

static void a_column_changes_from_dictionary_to_plain(void **state)
{
    struct fixture *f = *state;
    const struct written_page pages[] = {
        { .type = PAGE_DICTIONARY, .n_values = 2, .body = BYTES("\x01\0\0\0a\x01\0\0\0b") },
        { .type = PAGE_DATA,
          .encoding = PAGE_RLE_DICTIONARY,
          .n_values = 3,
          .body = BYTES("\x01\x03\x02") },
        { .type = PAGE_INDEX },
        { .type = PAGE_DATA, .n_values = 2, .body = BYTES("\x01\0\0\0c\x01\0\0\0d") },
        { .type = PAGE_DATA_V2,
          .encoding = PAGE_RLE_DICTIONARY,
          .n_values = 1,
          .body = BYTES("\x01\x02\x01") },
    };
    struct error err;

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        parquet_write_page(&f->writer, &pages[i]);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    assert_ok(read_text(f, required_text, 2, 6, 0, &err));
    assert_string_equal(f->out.data, "a b a c d b ");
}

static void a_wrong_checksum_is_an_error_before_any_value(void **state)
{
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        for (size_t len = 16; len <= 1600000; len *= 100000) {
            make_texts(f, 2, len);
            const struct written_page page = { .type = PAGE_DATA,
                                               .n_values = 2,
                                               .body = buf_slice(&f->body),
                                               .codec = codecs[i],
                                               .has_crc = true,
                                               .breaks_crc = true };

            begin_again(f);
            parquet_write_page(&f->writer, &page);
            parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, codecs[i]);
            assert_fails(read_text(f, required_text, 2, 2, 0, &err), ERR_INPUT,
                         "column c, page at byte 4: its checksum is ");
            assert_int_equal(f->out.len, 0);
        }
}

/* Every byte of the compressed data is changed once. Nothing but an error or other texts may
 * come of it. */
static void corrupt_compressed_data_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct error err;
    size_t n_errors = 0;

    for (size_t i = 1; i < sizeof codecs / sizeof *codecs; i++) {
        make_texts(f, 3, 50);
        const struct written_page page = {
            .type = PAGE_DATA, .n_values = 3, .body = buf_slice(&f->body), .codec = codecs[i]
        };
        begin_again(f);
        parquet_write_page(&f->writer, &page);
        parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, codecs[i]);
        const size_t len = f->writer.file.len, packed = f->writer.packed.len;

        for (size_t at = len - packed; at < len; at++) {
            f->writer.file.len = len;
            f->writer.file.data[at] ^= 0x55;
            if (read_text(f, required_text, 2, 3, 0, &err) < 0) {
                assert_int_equal(err.code, ERR_INPUT);
                n_errors++;
            }
            f->writer.file.data[at] ^= 0x55;
        }
    }
    assert_true(n_errors > 100);
}

/* Compressed data that is cut, in short and in long pages. */
static void truncated_compressed_data_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct buf packed;
    struct error err;

    buf_init(&packed, OUT_MAX);
    for (size_t i = 1; i < sizeof codecs / sizeof *codecs; i++)
        for (size_t len = 16; len <= 1600000; len *= 100000) {
            make_texts(f, 2, len);
            buf_clear(&packed);
            parquet_pack(codecs[i], buf_slice(&f->body), &packed);
            const struct written_page page = { .type = PAGE_DATA,
                                               .n_values = 2,
                                               .body = slice_of(packed.data, packed.len - 9),
                                               .claimed_bytes = (int32_t)f->body.len };

            begin_again(f);
            parquet_write_page(&f->writer, &page);
            parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, codecs[i]);
            assert_int_equal(read_text(f, required_text, 2, 2, 0, &err), -1);
            assert_int_equal(err.code, ERR_INPUT);
        }
    buf_release(&packed);
}

/* 23 bytes that claim to be 2 GiB: nothing is allocated for the claim. */
static void claims_of_decompressed_bytes_are_refused(void **state)
{
    static const struct {
        enum written_codec codec;
        const char *phrase;
    } cases[] = {
        { WRITTEN_NONE, "it has 16 bytes and no compression, but says 2147483647" },
        { WRITTEN_SNAPPY, "bytes of snappy data, which cannot be 2147483647 bytes" },
        { WRITTEN_GZIP, "bytes of gzip data, which cannot be 2147483647 bytes" },
        { WRITTEN_LZ4, "bytes of LZ4 data, which cannot be 2147483647 bytes" },
        { WRITTEN_ZSTD, "bytes before the length that the page says" },
        { WRITTEN_BROTLI, "bytes before the length that the page says" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct written_page page = { .type = PAGE_DATA,
                                           .n_values = 1,
                                           .body = BYTES("\xff\xff\xff\x7f"
                                                         "some texts.."),
                                           .codec = cases[i].codec,
                                           .claimed_bytes = INT32_MAX };

        begin_again(f);
        parquet_write_page(&f->writer, &page);
        parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, cases[i].codec);
        assert_fails(read_text(f, required_text, 2, 1, 16 * MIB, &err), ERR_INPUT,
                     cases[i].phrase);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_codec_in_both_versions),
        TEST(long_pages_of_every_codec),
        TEST(long_pages_within_little_memory),
        TEST(a_dictionary_that_does_not_fit_is_one_sentence),
        TEST(a_page_of_version_2_that_did_not_shrink),
        TEST(two_members_of_gzip_are_one_page),
        TEST(a_column_changes_from_dictionary_to_plain),
        TEST(a_wrong_checksum_is_an_error_before_any_value),
        TEST(corrupt_compressed_data_is_an_error),
        TEST(truncated_compressed_data_is_an_error),
        TEST(claims_of_decompressed_bytes_are_refused),
    };

    return cmocka_run_group_tests_name("base/parquet pages", tests, NULL, NULL);
}
