/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/cutter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/csvin.h"
#include "base/json/jsonout.h"

enum {
    TEXT_HEAD_BYTES = 4096, /* kept of a text that is too long */
    JSON_ROOM = 1 << 16,    /* for names of columns, quotes and commas */
};

struct cutter {
    struct cutter_options options;
    struct frame *frame; /* of JSON */
    struct buf json;     /* the record that was made of a row or text */
    bool cut;            /* the stream ends before the file does */

    /* Of CSV. */
    struct csv *csv;
    struct arena arena; /* names of the columns */
    const char **columns;
    size_t n_columns;
    uint64_t n_fed; /* offset after the last byte that was fed */
    char last;      /* that byte */

    /* Of a text. */
    struct buf text; /* at most one byte more than a record may have */
    uint64_t n_text; /* bytes of the text */
    bool finished;
    bool returned;
};

static int open_csv(struct cutter *cutter, struct error *err)
{
    csv_reader_free(cutter->csv);
    cutter->csv = NULL;
    if (csv_reader_new(cutter->options.max_record_bytes, &cutter->csv, err) < 0)
        return -1;
    csv_set_dialect(cutter->csv, cutter->options.delimiter);
    return 0;
}

static int open_frame(struct cutter *cutter, struct error *err)
{
    if (frame_new(cutter->options.max_record_bytes, &cutter->frame, err) < 0)
        return -1;
    if (cutter->options.records)
        frame_set_path(cutter->frame, cutter->options.records);
    return 0;
}

int cutter_new(const struct cutter_options *options, struct cutter **out, struct error *err)
{
    struct cutter *cutter = calloc(1, sizeof *cutter);
    int rc = 0;

    if (!cutter)
        return error_nomem(err);
    cutter->options = *options;
    arena_init(&cutter->arena);
    buf_init(&cutter->json, SIZE_MAX / 2);
    buf_init(&cutter->text, SIZE_MAX / 2);
    if (options->container == CONTAINER_CSV)
        rc = open_csv(cutter, err);
    else if (options->container != CONTAINER_TEXT)
        rc = open_frame(cutter, err);
    if (rc < 0) {
        cutter_free(cutter);
        return -1;
    }
    *out = cutter;
    return 0;
}

void cutter_free(struct cutter *cutter)
{
    if (!cutter)
        return;
    frame_free(cutter->frame);
    csv_reader_free(cutter->csv);
    arena_release(&cutter->arena);
    buf_release(&cutter->json);
    buf_release(&cutter->text);
    free(cutter);
}

/* Keep the text up to the limit, and one byte more that shows that it is too long. */
static int feed_text(struct cutter *cutter, const char *bytes, size_t n, struct error *err)
{
    const size_t most = cutter->options.max_record_bytes + 1;
    const size_t room = most > cutter->text.len ? most - cutter->text.len : 0;

    cutter->n_text += n;
    return buf_add(&cutter->text, bytes, n < room ? n : room, err);
}

int cutter_feed(struct cutter *cutter, const void *bytes, size_t n, struct error *err)
{
    if (cutter->frame)
        return frame_feed(cutter->frame, bytes, n, err);
    if (!cutter->csv)
        return feed_text(cutter, bytes, n, err);
    csv_feed(cutter->csv, bytes, n);
    cutter->n_fed += n;
    if (n > 0)
        cutter->last = ((const char *)bytes)[n - 1];
    return 0;
}

void cutter_finish(struct cutter *cutter, bool whole)
{
    cutter->finished = true;
    cutter->cut = !whole;
    if (cutter->frame)
        frame_finish(cutter->frame);
    if (cutter->csv)
        csv_finish(cutter->csv);
}

static bool is_name_used(const char *const *names, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(names[i]) == name.len && memcmp(names[i], name.ptr, name.len) == 0)
            return true;
    return false;
}

/* A column without a name of its own is named by its number: the index that pandas writes, and
 * a name that is there twice. Otherwise members of the record would replace each other. */
static const char *column_name(struct cutter *cutter, const char *const *before, size_t i,
                               struct slice field, struct error *err)
{
    char number[32];

    snprintf(number, sizeof number, "column_%zu", i + 1);
    if (field.len == 0 || memchr(field.ptr, '\0', field.len) || is_name_used(before, i, field))
        field = slice_text(number);
    const char *name = arena_copy(&cutter->arena, field).ptr;
    if (!name)
        error_nomem(err);
    return name;
}

int cutter_read_header(struct cutter *cutter, struct error *err)
{
    struct csv_row row;

    if (!cutter->csv || cutter->columns)
        return 1;
    const int rc = csv_next(cutter->csv, &row, err);
    if (rc < 1)
        return rc;
    if (row.issue)
        return error_set(err, ERR_INPUT, "the row of column names is not valid CSV: %s",
                         row.issue);
    const char **columns = arena_alloc(&cutter->arena, row.n_fields, sizeof *columns);
    if (!columns)
        return error_nomem(err);
    for (size_t i = 0; i < row.n_fields; i++) {
        columns[i] = column_name(cutter, columns, i, row.fields[i], err);
        if (!columns[i])
            return -1;
    }
    cutter->columns = columns;
    cutter->n_columns = row.n_fields;
    return 1;
}

size_t cutter_n_columns(const struct cutter *cutter)
{
    return cutter->n_columns;
}

static size_t head_bytes(struct slice text)
{
    return text.len < TEXT_HEAD_BYTES ? text.len : TEXT_HEAD_BYTES;
}

/* Make the JSON the text of the record, unless its escapes make it too long. Returns 1. */
static int use_json(const struct cutter *cutter, struct frame_record *out)
{
    if (cutter->json.len > cutter->options.max_record_bytes + JSON_ROOM) {
        out->issue = FRAME_TOO_LONG;
        out->text.len = head_bytes(out->text);
        return 1;
    }
    out->text = buf_slice(&cutter->json);
    return 1;
}

static int cutter_write_row(struct cutter *cutter, const struct csv_row *row, struct error *err)
{
    struct jsonout json;

    buf_clear(&cutter->json);
    jsonout_init(&json, &cutter->json);
    json.keep_bytes = true; /* the parser rejects or repairs them, as --on bad_utf8 says */
    jsonout_object_begin(&json);
    for (size_t i = 0; i < row->n_fields; i++) {
        jsonout_key(&json, cutter->columns[i]);
        jsonout_bytes(&json, row->fields[i]); /* the parser looks for bad UTF-8 */
    }
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

/* Is it a line of blanks in a table of several columns? */
static bool is_blank_row(const struct cutter *cutter, const struct csv_row *row)
{
    if (row->issue || row->n_fields != 1 || cutter->n_columns < 2)
        return false;
    for (size_t i = 0; i < row->fields[0].len; i++)
        if (!memchr(" \t", row->fields[0].ptr[i], 2))
            return false;
    return true;
}

/* Is it the last row of a stream that ends too early, and without the end of its line? */
static bool is_cut_row(const struct cutter *cutter)
{
    uint64_t offset, line;

    if (!cutter->cut || cutter->last == '\n' || cutter->last == '\r')
        return false;
    csv_place(cutter->csv, &offset, &line);
    return offset == cutter->n_fed;
}

static enum frame_issue row_issue(const struct cutter *cutter, const struct csv_row *row)
{
    if (is_cut_row(cutter))
        return FRAME_TRUNCATED;
    if (row->issue)
        return row->byte_len > cutter->options.max_record_bytes ? FRAME_TOO_LONG
                                                                : FRAME_BAD_ROW;
    return row->n_fields == cutter->n_columns ? FRAME_OK : FRAME_RAGGED;
}

static int next_row(struct cutter *cutter, struct frame_record *out, struct error *err)
{
    struct csv_row row;
    int rc = cutter_read_header(cutter, err);

    if (rc < 1)
        return rc;
    do
        rc = csv_next(cutter->csv, &row, err);
    while (rc == 1 && is_blank_row(cutter, &row));
    if (rc < 1)
        return rc;
    *out = (struct frame_record){ .text = row.raw,
                                  .byte_offset = row.byte_offset,
                                  .byte_len = row.byte_len,
                                  .line = row.line,
                                  .issue = row_issue(cutter, &row),
                                  .n_fields = row.n_fields,
                                  .n_columns = cutter->n_columns };
    if (out->text.len > row.byte_len)
        out->text.len = (size_t)row.byte_len; /* without the end of the line */
    if (out->issue == FRAME_TOO_LONG)
        out->text.len = head_bytes(out->text);
    if (out->issue != FRAME_OK)
        return 1;
    if (cutter_write_row(cutter, &row, err) < 0)
        return -1;
    return use_json(cutter, out);
}

static int cutter_write_text(struct cutter *cutter, struct slice text, struct error *err)
{
    struct jsonout json;

    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
        text = slice_of(text.ptr + 3, text.len - 3);
    buf_clear(&cutter->json);
    jsonout_init(&json, &cutter->json);
    json.keep_bytes = true; /* the parser rejects or repairs them, as --on bad_utf8 says */
    jsonout_object_begin(&json);
    jsonout_key(&json, "text");
    jsonout_bytes(&json, text); /* the parser looks for bad UTF-8 */
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

/* Return the text when it is whole. A file without a byte has none. */
static int next_text(struct cutter *cutter, struct frame_record *out, struct error *err)
{
    struct slice text = buf_slice(&cutter->text);

    if (!cutter->finished || cutter->returned || cutter->n_text == 0)
        return 0;
    cutter->returned = true;
    *out = (struct frame_record){ .byte_len = cutter->n_text, .line = 1 };
    if (cutter->cut)
        out->issue = FRAME_TRUNCATED;
    else if (cutter->n_text > cutter->options.max_record_bytes)
        out->issue = FRAME_TOO_LONG;
    if (out->issue != FRAME_OK) {
        out->text = slice_of(text.ptr, head_bytes(text));
        return 1;
    }
    if (cutter_write_text(cutter, text, err) < 0)
        return -1;
    out->text = text;
    return use_json(cutter, out);
}

int cutter_next(struct cutter *cutter, struct frame_record *out, struct error *err)
{
    if (cutter->frame)
        return frame_next(cutter->frame, out);
    return cutter->csv ? next_row(cutter, out, err) : next_text(cutter, out, err);
}

unsigned cutter_noted_behind(const struct cutter *cutter)
{
    return cutter->frame ? frame_noted_behind(cutter->frame) : 0;
}

void cutter_place(const struct cutter *cutter, struct frame_place *out)
{
    if (cutter->frame) {
        frame_place(cutter->frame, out);
        return;
    }
    *out = (struct frame_place){ .line = 1 };
    if (cutter->csv)
        csv_place(cutter->csv, &out->byte_offset, &out->line);
    else if (cutter->returned)
        out->byte_offset = cutter->n_text;
}

int cutter_resume(struct cutter *cutter, const struct frame_place *place, struct error *err)
{
    if (cutter->frame)
        frame_resume(cutter->frame, place);
    if (!cutter->csv)
        return 0;
    if (open_csv(cutter, err) < 0)
        return -1;
    csv_resume(cutter->csv, place->byte_offset, place->line);
    cutter->n_fed = place->byte_offset;
    return 0;
}
