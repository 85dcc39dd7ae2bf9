/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/parquet/codec.h"
#include "base/parquet/column_private.h"
#include "base/parquet/file.h"
#include "base/parquet/parquet_private.h"

enum { BLOCK_BYTES = 1 << 18, BLOCK_BYTES_LEAST = 1 << 14 };

/* Bytes of a value of a physical type in the page (0: it differs; FIXED has its length), and in
 * a batch. */
static const struct {
    size_t in_page;
    size_t in_batch;
} sizes[] = {
    [PARQUET_BOOLEAN] = { 0, 1 },
    [PARQUET_INT32] = { 4, 4 },
    [PARQUET_INT64] = { 8, 8 },
    [PARQUET_INT96] = { 12, sizeof(struct slice) },
    [PARQUET_FLOAT] = { 4, 4 },
    [PARQUET_DOUBLE] = { 8, 8 },
    [PARQUET_BYTE_ARRAY] = { 0, sizeof(struct slice) },
    [PARQUET_FIXED] = { 0, sizeof(struct slice) },
};

/* Find the pages of the chunk, and compare their place with the file. Without values nothing
 * is read: pyarrow writes the offset 0 then. */
static int find_pages(const struct column_place *place, const struct parquet_chunk *chunk,
                      uint64_t *begin, uint64_t *end, struct error *err)
{
    const bool has_dictionary =
        chunk->dictionary_offset > 0 && chunk->dictionary_offset < chunk->data_offset;
    const int64_t offset = has_dictionary ? chunk->dictionary_offset : chunk->data_offset;

    if (chunk->n_values == 0)
        return 0;
    if (offset < PARQUET_MAGIC_BYTES || (uint64_t)offset > place->limit || chunk->n_bytes < 0 ||
        (uint64_t)chunk->n_bytes > place->limit - (uint64_t)offset)
        return error_set(err, ERR_INPUT,
                         "its pages, %" PRId64 " bytes at byte %" PRId64
                         ", are not within the %" PRIu64 " bytes before the footer",
                         chunk->n_bytes, offset, place->limit);
    *begin = (uint64_t)offset;
    *end = (uint64_t)offset + (uint64_t)chunk->n_bytes;
    return 0;
}

static int check_chunk(const struct column_place *place, const struct parquet_chunk *chunk,
                       const struct parquet_element *element, struct error *err)
{
    if (chunk->refused)
        return error_set(err, ERR_UNSUPPORTED, "%s", chunk->refused);
    if (chunk->type != (int32_t)element->type)
        return error_set(err, ERR_INPUT, "its type differs from that of the schema");
    if (chunk->n_values < 0 || (uint64_t)chunk->n_values < place->n_rows ||
        (element->max_repetition == 0 && (uint64_t)chunk->n_values != place->n_rows))
        return error_set(err, ERR_INPUT,
                         "it has %" PRId64 " values, but the row group has %" PRIu64 " rows",
                         chunk->n_values, place->n_rows);
    return 0;
}

static int allocate_batch(struct parquet_column *column, struct error *err)
{
    static const char what[] = "a column";
    struct levels *const both[] = { &column->repetitions, &column->definitions };

    for (size_t i = 0; i < 2; i++)
        if (both[i]->max > 0 &&
            block_grow(&both[i]->decoded, COLUMN_BATCH, column->budget, what, err) < 0)
            return -1;
    return block_grow(&column->values, COLUMN_BATCH * column->value_bytes, column->budget, what,
                      err);
}

static int open_column(struct parquet_column *column, const struct column_place *place,
                       const struct parquet_chunk *chunk, const struct parquet_element *element,
                       struct error *err)
{
    uint64_t begin = 0, end = 0;

    if (check_chunk(place, chunk, element, err) < 0 ||
        find_pages(place, chunk, &begin, &end, err) < 0)
        return -1;
    column->type = element->type;
    column->type_bytes = element->type == PARQUET_FIXED ? (size_t)element->type_length
                                                        : sizes[element->type].in_page;
    column->value_bytes = sizes[element->type].in_batch;
    column->is_flat = element->max_repetition == 0;
    column->n_rows = place->n_rows;
    column->n_values_left = (uint64_t)chunk->n_values;
    column->repetitions.what = "the repetition levels";
    column->repetitions.max = element->max_repetition;
    column->definitions.what = "the definition levels";
    column->definitions.max = element->max_definition;
    input_init(&column->input, place->fd, begin, end, place->block_bytes, place->budget);
    if (codec_find(chunk->codec, &column->codec, err) < 0 ||
        (column->codec && column->codec->open &&
         column->codec->open(place->budget, &column->codec_state, err) < 0) ||
        allocate_batch(column, err) < 0)
        return -1;
    column->body.input = &column->input;
    column->body.budget = place->budget;
    column->body.state = column->codec_state;
    column->body.what = "a page";
    column->body.window_bytes = COLUMN_WINDOW_BYTES;
    return 0;
}

int column_new(const struct column_place *place, const struct parquet_chunk *chunk,
               const struct parquet_element *element, struct parquet_column **out,
               struct error *err)
{
    struct parquet_column *column = calloc(1, sizeof *column);

    if (!column)
        return error_nomem(err);
    column->budget = place->budget;
    snprintf(column->path, sizeof column->path, "%s", place->path);
    if (budget_take(place->budget, sizeof *column, "a column", err) < 0) {
        free(column);
        return error_prefix(err, "column %s", place->path);
    }
    if (open_column(column, place, chunk, element, err) < 0) {
        parquet_column_close(column);
        return error_prefix(err, "column %s", place->path);
    }
    *out = column;
    return 0;
}

/* Columns that are read together share the limit: with many of them the blocks are smaller. */
static size_t block_bytes(const struct parquet_file *file, const struct parquet_chunk *chunk)
{
    uint64_t n = BLOCK_BYTES;

    if (file->budget->max_bytes > 0 && n > file->budget->max_bytes / (8 * file->n_leaves))
        n = file->budget->max_bytes / (8 * file->n_leaves);
    if (chunk->n_bytes >= 0 && n > (uint64_t)chunk->n_bytes)
        n = (uint64_t)chunk->n_bytes;
    return n < BLOCK_BYTES_LEAST ? BLOCK_BYTES_LEAST : (size_t)n;
}

int parquet_column_open(const struct parquet_file *file, size_t group, size_t leaf,
                        struct parquet_column **out, struct error *err)
{
    const struct parquet_chunk *chunk = parquet_file_chunk(file, group, leaf);
    const size_t number = ((const size_t *)(const void *)file->leaves.data)[leaf];
    char path[sizeof(*out)->path];
    const struct column_place place = {
        .fd = file->fd,
        .limit = file->footer_offset,
        .block_bytes = block_bytes(file, chunk),
        .budget = file->budget,
        .path = path,
        .n_rows = parquet_group_rows(file, group),
    };

    schema_path(file, leaf, path, sizeof path);
    return column_new(&place, chunk, parquet_element(file, number), out, err);
}

void parquet_column_close(struct parquet_column *column)
{
    if (!column)
        return;
    struct block *const blocks[] = {
        &column->repetitions.copy,   &column->repetitions.decoded,
        &column->definitions.copy,   &column->definitions.decoded,
        &column->state.lengths.copy, &column->state.prefixes.copy,
        &column->state.text,         &column->values,
    };

    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        block_release(blocks[i], column->budget);
    dictionary_release(column);
    body_release(&column->body);
    input_release(&column->input);
    if (column->codec && column->codec->close)
        column->codec->close(column->codec_state);
    budget_give(column->budget, sizeof *column);
    free(column);
}

static int begin_data_page(struct parquet_column *column, struct error *err)
{
    const uint64_t n = (uint64_t)column->page.n_values;

    if (n > column->n_values_left)
        return error_set(err, ERR_INPUT,
                         "it says that it has %" PRIu64
                         " values, but the column has only %" PRIu64 " more",
                         n, column->n_values_left);
    if (levels_begin(column, err) < 0 ||
        encoding_find(column, column->page.encoding, &column->encoding, err) < 0)
        return -1;
    column->n_values_left -= n;
    column->n_page_left = n;
    column->has_begun = false;
    return 0;
}

/* Read pages until one has values. Returns 1, 0 if the chunk has no more values, or -1. */
static int next_page(struct parquet_column *column, struct error *err)
{
    while (column->n_page_left == 0) {
        body_end(&column->body);
        column->page.offset = column->input.offset;
        if (column->n_values_left == 0)
            return 0;
        if (input_left(&column->input) == 0)
            return error_set(err, ERR_INPUT, "the column ends %" PRIu64 " values too early",
                             column->n_values_left);
        if (page_read(&column->input, &column->page, err) < 0)
            return -1;
        if (column->page.type == PAGE_INDEX)
            input_skip(&column->input, (uint64_t)column->page.n_compressed);
        else if (column->page.type == PAGE_DICTIONARY ? dictionary_read(column, err) < 0
                                                      : begin_data_page(column, err) < 0)
            return -1;
    }
    return 1;
}

/* The number of levels, from level_pos on, that end with the n-th value. */
static size_t levels_of_values(const struct parquet_column *column, size_t n)
{
    const size_t left = column->n_levels - column->level_pos;

    if (n == column->n_present)
        return left;
    if (column->definitions.max == 0)
        return n;
    const uint8_t *definitions = column->definitions.decoded.data + column->level_pos;
    size_t i = 0;
    for (size_t seen = 0; seen < n; i++)
        seen += definitions[i] == column->definitions.max;
    return i;
}

static int read_batch(struct parquet_column *column, struct parquet_batch *out,
                      struct error *err)
{
    ssize_t n_values = 0;

    if (column->level_pos == column->n_levels && levels_read(column, err) < 0)
        return -1;
    if (column->n_present > 0 && !column->has_begun && column->encoding->begin(column, err) < 0)
        return -1;
    if (column->n_present > 0) {
        column->has_begun = true;
        n_values = column->encoding->read(column, column->n_present, err);
    }
    if (n_values < 0)
        return -1;
    const size_t n_levels = levels_of_values(column, (size_t)n_values);
    *out = (struct parquet_batch){
        .n_levels = n_levels,
        .definitions = column->definitions.max > 0
                           ? column->definitions.decoded.data + column->level_pos
                           : NULL,
        .repetitions = column->repetitions.max > 0
                           ? column->repetitions.decoded.data + column->level_pos
                           : NULL,
        .n_values = (size_t)n_values,
        .values.booleans = column->values.data,
    };
    column->level_pos += n_levels;
    column->n_present -= (size_t)n_values;
    return 1;
}

int parquet_column_next(struct parquet_column *column, struct parquet_batch *out,
                        struct error *err)
{
    int rc = 1;

    if (column->level_pos == column->n_levels)
        rc = next_page(column, err);
    if (rc > 0)
        rc = read_batch(column, out, err);
    if (rc == 0 && column->n_rows_seen != column->n_rows)
        rc = error_set(err, ERR_INPUT,
                       "the column has %" PRIu64 " rows, but its row group has %" PRIu64,
                       column->n_rows_seen, column->n_rows);
    if (rc < 0)
        error_prefix(err, "column %s, page at byte %" PRIu64, column->path,
                     column->page.offset);
    return rc;
}
