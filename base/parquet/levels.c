/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/parquet/column_private.h"
#include "base/parquet/load.h"

enum { LENGTH_BYTES = 4 };

static void begin_decoding(struct levels *levels, const uint8_t *bytes, size_t n)
{
    levels->feed = feed_of(bytes, n);
    hybrid_init(&levels->hybrid, hybrid_width(levels->max), levels->what);
}

/* Levels of version 1 are in the page, behind their length. */
static int begin_v1(struct parquet_column *column, struct levels *levels, int32_t encoding,
                    struct error *err)
{
    struct feed *feed = &column->body.feed;

    if (levels->max == 0)
        return 0;
    if (encoding != PAGE_RLE)
        return error_set(err, ERR_UNSUPPORTED, "the encoding %s of levels is not supported",
                         page_encoding_name(encoding));
    if (feed_need(feed, LENGTH_BYTES, levels->what, err) < 0)
        return -1;
    const size_t n = load_u32(feed->at);
    if (n > feed_left(feed) - LENGTH_BYTES + column->body.decompressed_left)
        return error_set(err, ERR_INPUT, "%s are longer than the page", levels->what);
    feed->at += LENGTH_BYTES;
    if (feed_need(feed, n, levels->what, err) < 0)
        return -1;
    const uint8_t *bytes = feed->at;
    if (!column->body.is_whole) {
        if (block_grow(&levels->copy, n, column->budget, levels->what, err) < 0)
            return -1;
        if (n > 0)
            memcpy(levels->copy.data, bytes, n);
        bytes = levels->copy.data;
    }
    begin_decoding(levels, bytes, n);
    feed->at += n;
    return 0;
}

/* Levels of version 2 are before the page, not compressed. */
static int begin_v2(struct parquet_column *column, struct levels *levels, int32_t n_bytes,
                    struct error *err)
{
    const size_t n = (size_t)n_bytes;

    if (block_grow(&levels->copy, n, column->budget, levels->what, err) < 0 ||
        input_read(&column->input, levels->copy.data, n, err) < 0)
        return -1;
    if (levels->max > 0)
        begin_decoding(levels, levels->copy.data, n);
    return 0;
}

int levels_begin(struct parquet_column *column, struct error *err)
{
    const struct page *page = &column->page;
    const bool is_v2 = page->type == PAGE_DATA_V2;
    uint64_t n_levels = 0;

    if (is_v2) {
        if (begin_v2(column, &column->repetitions, page->n_repetition_bytes, err) < 0 ||
            begin_v2(column, &column->definitions, page->n_definition_bytes, err) < 0)
            return -1;
        n_levels = (uint64_t)page->n_repetition_bytes + (uint64_t)page->n_definition_bytes;
    }
    if (body_begin(&column->body, page->is_compressed ? column->codec : NULL,
                   (uint64_t)page->n_compressed - n_levels, (uint64_t)page->n_bytes - n_levels,
                   false, err) < 0)
        return -1;
    if (is_v2)
        return 0;
    if (begin_v1(column, &column->repetitions, page->repetition_encoding, err) < 0)
        return -1;
    return begin_v1(column, &column->definitions, page->definition_encoding, err);
}

static int decode_levels(struct levels *levels, size_t n, struct error *err)
{
    uint8_t largest = 0;

    if (levels->max == 0)
        return 0;
    if (hybrid_read_bytes(&levels->hybrid, &levels->feed, levels->decoded.data, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        largest = levels->decoded.data[i] > largest ? levels->decoded.data[i] : largest;
    if (largest > levels->max)
        return error_set(err, ERR_INPUT, "%s have a %u, but %u is the largest", levels->what,
                         (unsigned)largest, (unsigned)levels->max);
    return 0;
}

static size_t count_equal(const uint8_t *bytes, size_t n, uint8_t byte)
{
    size_t n_equal = 0;

    for (size_t i = 0; i < n; i++)
        n_equal += bytes[i] == byte;
    return n_equal;
}

/* Each row begins with the repetition level 0. */
static int count_rows(struct parquet_column *column, size_t n, struct error *err)
{
    const uint8_t *repetitions = column->repetitions.decoded.data;

    if (column->n_rows_seen == 0 && n > 0 && repetitions && repetitions[0] != 0)
        return error_set(err, ERR_INPUT, "the first repetition level of the column is not 0");
    column->n_rows_seen += repetitions ? count_equal(repetitions, n, 0) : n;
    if (column->n_rows_seen > column->n_rows)
        return error_set(err, ERR_INPUT,
                         "the column has more rows than the %" PRIu64 " of its row group",
                         column->n_rows);
    return 0;
}

int levels_read(struct parquet_column *column, struct error *err)
{
    const size_t n =
        column->n_page_left < COLUMN_BATCH ? (size_t)column->n_page_left : COLUMN_BATCH;

    if (decode_levels(&column->repetitions, n, err) < 0 ||
        decode_levels(&column->definitions, n, err) < 0 || count_rows(column, n, err) < 0)
        return -1;
    column->n_page_left -= n;
    column->level_pos = 0;
    column->n_levels = n;
    column->n_present =
        column->definitions.max > 0
            ? count_equal(column->definitions.decoded.data, n, column->definitions.max)
            : n;
    return 0;
}
