/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/io/csvin.h"

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* The rows so far: their number and their content. */
struct rows {
    struct csv *csv;
    struct hash_stream *all;
    size_t n, n_broken;
    uint64_t end;  /* end of the last row in the stream */
    uint64_t line; /* line of the last row's first byte */
    size_t limit;
};

static void take(struct rows *rows, const struct csv_row *row, struct slice stream)
{
    require(row->issue || row->n_fields <= CSV_FIELDS_MAX, "fields are counted");
    require(!row->issue || row->n_fields == 0, "a broken row has no fields");
    require(row->byte_offset >= rows->end, "rows do not overlap");
    require(row->byte_offset + row->byte_len <= stream.len, "a row lies within the stream");
    require(row->line >= rows->line, "line numbers ascend");
    require(row->raw.len <= rows->limit, "no more than the limit is kept");
    const size_t kept = row->raw.len < row->byte_len ? row->raw.len : row->byte_len;
    require(memcmp(row->raw.ptr, stream.ptr + row->byte_offset, kept) == 0,
            "a row's bytes are those of the stream");
    rows->end = row->byte_offset + row->byte_len;
    rows->line = row->line;
    rows->n++;
    rows->n_broken += row->issue != NULL;
    hash_stream_add(rows->all, &row->byte_offset, sizeof row->byte_offset);
    for (size_t i = 0; i < row->n_fields; i++) {
        hash_stream_add(rows->all, &row->fields[i].len, sizeof row->fields[i].len);
        hash_stream_add(rows->all, row->fields[i].ptr, row->fields[i].len);
    }
}

/* Feed the stream in pieces of this size, each in an allocation of its own. */
static void read_all(struct rows *rows, struct slice stream, size_t piece)
{
    struct csv_row row;
    struct error err;
    int rc;

    require(csv_reader_new(rows->limit, &rows->csv, &err) == 0 &&
                hash_stream_new(&rows->all, &err) == 0,
            "memory suffices");
    for (size_t at = 0; at <= stream.len; at += piece) {
        const size_t n = stream.len - at < piece ? stream.len - at : piece;
        char *bytes = malloc(n ? n : 1);

        if (!bytes)
            abort();
        memcpy(bytes, stream.ptr + at, n);
        csv_feed(rows->csv, bytes, n);
        if (n < piece)
            csv_finish(rows->csv);
        while ((rc = csv_next(rows->csv, &row, &err)) == 1)
            take(rows, &row, stream);
        require(rc == 0, "memory suffices");
        free(bytes);
        if (n < piece)
            break;
    }
    csv_reader_free(rows->csv);
}

/* The first two bytes choose the limit of a row and the size of the pieces. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    const struct slice stream = slice_of((const char *)data + 2, len - 2);
    const size_t limit = 1 + (size_t)data[0] * 8;
    struct rows whole = { .limit = limit }, pieces = { .limit = limit };

    read_all(&whole, stream, stream.len + 1);
    read_all(&pieces, stream, 1 + data[1] % 64);
    const struct hash a = hash_stream_end(whole.all), b = hash_stream_end(pieces.all);
    require(whole.n == pieces.n && whole.n_broken == pieces.n_broken &&
                memcmp(&a, &b, sizeof a) == 0,
            "the size of the pieces does not matter");
    hash_stream_free(whole.all);
    hash_stream_free(pieces.all);
    return 0;
}
