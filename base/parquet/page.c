/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/page.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/error.h"
#include "base/parquet/input.h"
#include "base/parquet/thrift.h"

enum {
    HEADER_BYTES = 4096,         /* of most headers */
    HEADER_BYTES_MAX = 16 << 20, /* statistics may hold whole values */
};

const char *page_encoding_name(int32_t encoding)
{
    static const char *const names[] = {
        "PLAIN",
        "GROUP_VAR_INT",
        "PLAIN_DICTIONARY",
        "RLE",
        "BIT_PACKED",
        "DELTA_BINARY_PACKED",
        "DELTA_LENGTH_BYTE_ARRAY",
        "DELTA_BYTE_ARRAY",
        "RLE_DICTIONARY",
        "BYTE_STREAM_SPLIT",
        "ALP",
    };

    return encoding >= 0 && (size_t)encoding < sizeof names / sizeof *names
               ? names[encoding]
               : "an unknown encoding";
}

/* DataPageHeader, and DictionaryPageHeader, which has its first two fields. */
static void read_page_numbers(struct thrift *thrift, uint8_t type, struct page *page)
{
    struct thrift_field field = { 0 };

    thrift_expect_struct(thrift, type);
    page->has_numbers = true;
    while (thrift_next(thrift, &field)) {
        if (field.id == 1)
            page->n_values = thrift_i32(thrift, field.type);
        else if (field.id == 2)
            page->encoding = thrift_i32(thrift, field.type);
        else if (field.id == 3 && page->type == PAGE_DATA)
            page->definition_encoding = thrift_i32(thrift, field.type);
        else if (field.id == 4 && page->type == PAGE_DATA)
            page->repetition_encoding = thrift_i32(thrift, field.type);
        else
            thrift_skip(thrift, field.type);
    }
}

static void read_numbers_v2(struct thrift *thrift, uint8_t type, struct page *page)
{
    struct thrift_field field = { 0 };

    thrift_expect_struct(thrift, type);
    page->has_numbers = true;
    while (thrift_next(thrift, &field)) {
        if (field.id == 1)
            page->n_values = thrift_i32(thrift, field.type);
        else if (field.id == 4)
            page->encoding = thrift_i32(thrift, field.type);
        else if (field.id == 5)
            page->n_definition_bytes = thrift_i32(thrift, field.type);
        else if (field.id == 6)
            page->n_repetition_bytes = thrift_i32(thrift, field.type);
        else if (field.id == 7)
            page->is_compressed = thrift_bool(thrift, field.type);
        else
            thrift_skip(thrift, field.type);
    }
}

/* PageHeader. Its type is its first field. */
static void read_header(struct thrift *thrift, struct page *page)
{
    const uint64_t offset = page->offset;
    struct thrift_field field = { 0 };

    *page = (struct page){
        .offset = offset, .type = -1, .n_values = -1, .encoding = -1, .is_compressed = true
    };
    while (thrift_next(thrift, &field)) {
        if (field.id == 1) {
            page->type = thrift_i32(thrift, field.type);
        } else if (field.id == 2) {
            page->n_bytes = thrift_i32(thrift, field.type);
        } else if (field.id == 3) {
            page->n_compressed = thrift_i32(thrift, field.type);
        } else if (field.id == 4) {
            page->crc = (uint32_t)thrift_i32(thrift, field.type);
            page->has_crc = true;
        } else if ((field.id == 5 && page->type == PAGE_DATA) ||
                   (field.id == 7 && page->type == PAGE_DICTIONARY)) {
            read_page_numbers(thrift, field.type, page);
        } else if (field.id == 8 && page->type == PAGE_DATA_V2) {
            read_numbers_v2(thrift, field.type, page);
        } else {
            thrift_skip(thrift, field.type);
        }
    }
}

static int check_header(const struct page *page, uint64_t left, struct error *err)
{
    if (page->n_bytes < 0 || page->n_compressed < 0)
        return error_set(err, ERR_INPUT, "it has a negative length");
    if ((uint64_t)page->n_compressed > left)
        return error_set(err, ERR_INPUT,
                         "it says that it has %" PRId32 " bytes, but the column has %" PRIu64
                         " bytes left",
                         page->n_compressed, left);
    if (page->type < PAGE_DATA || page->type > PAGE_DATA_V2)
        return error_set(err, ERR_UNSUPPORTED, "its type, %" PRId32 ", is unknown", page->type);
    if (page->type == PAGE_INDEX)
        return 0;
    if (!page->has_numbers || page->n_values < 0)
        return error_set(err, ERR_INPUT, "its header lacks the number of values");
    if (page->n_definition_bytes < 0 || page->n_repetition_bytes < 0 ||
        page->n_definition_bytes > page->n_compressed ||
        page->n_repetition_bytes > page->n_compressed - page->n_definition_bytes ||
        page->n_definition_bytes > page->n_bytes ||
        page->n_repetition_bytes > page->n_bytes - page->n_definition_bytes)
        return error_set(err, ERR_INPUT, "its levels are longer than the page");
    return 0;
}

static int check_crc(struct input *input, const struct page *page, struct error *err)
{
    uint32_t crc = 0;

    if (!page->has_crc)
        return 0;
    if (input_crc(input, (uint64_t)page->n_compressed, &crc, err) < 0)
        return -1;
    if (crc != page->crc)
        return error_set(err, ERR_INPUT,
                         "its checksum is %08" PRIx32 ", but the header says %08" PRIx32
                         ": copy or download the file again",
                         crc, page->crc);
    return 0;
}

int page_read(struct input *input, struct page *page, struct error *err)
{
    size_t want = HEADER_BYTES;
    struct thrift thrift;

    page->offset = input->offset;
    for (;; want *= 2) {
        const uint64_t left = input_left(input);
        const size_t n = want < left ? want : (size_t)left;

        if (input_need(input, n, err) < 0)
            return -1;
        thrift_init(&thrift, slice_of((const char *)input_at(input), n));
        read_header(&thrift, page);
        if (!thrift.is_truncated || n == left || want >= HEADER_BYTES_MAX)
            break;
    }
    if (thrift.issue)
        return error_set(err, ERR_INPUT, "its header is malformed: %s", thrift.issue);
    input_skip(input, (uint64_t)(thrift.at - input_at(input)));
    if (check_header(page, input_left(input), err) < 0)
        return -1;
    return check_crc(input, page, err);
}
