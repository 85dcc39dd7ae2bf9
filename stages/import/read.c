/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/import/import_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/csvin.h"
#include "base/io/frame.h"
#include "base/io/inflate.h"
#include "base/json/json.h"

enum {
    BLOCK_BYTES = 1 << 16,
    ROW_MAX_BYTES = 1 << 20,
    KEY_MAX_BYTES = 1 << 16,
    HEADER_SHOWN = 120
};

struct import_reader {
    struct import_options options;
    struct inflate *in;
    struct csv *csv;
    size_t key_column;
    size_t line_column;
    size_t value_column;
    struct frame *frame;
    struct json *json;
    struct buf key;    /* of a number's text */
    struct buf number; /* text of a value that is 0 */
    bool ended;        /* the stream has no more bytes */
    char block[BLOCK_BYTES];
};

/* Reject the row; returns 1, for the row is complete. */
static int reject_row(struct import_row *row, enum defect defect, const char *detail)
{
    row->rejected_for = defect;
    snprintf(row->detail, sizeof row->detail, "%s", detail);
    return 1;
}

/* Pass the next bytes of the file to the CSV reader or the framing. */
static int feed_bytes(struct import_reader *reader, struct error *err)
{
    const ssize_t n = inflate_read(reader->in, reader->block, sizeof reader->block, err);

    if (n < 0)
        return error_prefix(err, "%s", reader->options.path);
    reader->ended = n == 0;
    if (reader->csv) {
        csv_feed(reader->csv, reader->block, (size_t)n);
        if (n == 0)
            csv_finish(reader->csv);
    } else if (n == 0) {
        frame_finish(reader->frame);
    } else {
        return frame_feed(reader->frame, reader->block, (size_t)n, err);
    }
    return 0;
}

/* Returns 1 and a row, 0 at the end, -1. */
static int next_csv_row(struct import_reader *reader, struct csv_row *out, struct error *err)
{
    int rc;

    while ((rc = csv_next(reader->csv, out, err)) == 0 && !reader->ended)
        if (feed_bytes(reader, err) < 0)
            return -1;
    return rc;
}

/* Returns 1 and a record, 0 at the end, -1. */
static int next_json_record(struct import_reader *reader, struct frame_record *out,
                            struct error *err)
{
    while (frame_next(reader->frame, out) == 0) {
        if (reader->ended)
            return 0;
        if (feed_bytes(reader, err) < 0)
            return -1;
    }
    return 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice trim_blanks(struct slice text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* Find the column of this name, which may have blanks around it in the file. Returns how many
 * there are; *out is the first. */
static size_t find_column(const struct csv_row *header, const char *name, size_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < header->n_fields; i++) {
        if (!slice_equal(trim_blanks(header->fields[i]), slice_text(name)))
            continue;
        if (n++ == 0)
            *out = i;
    }
    return n;
}

/* Bytes of the header to print: one line, cut to fit a message. */
static int header_len(const struct csv_row *header)
{
    int n = 0;

    while ((size_t)n < header->raw.len && n < HEADER_SHOWN &&
           !strchr("\r\n", header->raw.ptr[n]))
        n++;
    return n;
}

/* Find the one column of this name; option: what names it. */
static int require_column(const struct import_reader *reader, const struct csv_row *header,
                          const char *name, const char *option, size_t *out, struct error *err)
{
    const size_t n = find_column(header, name, out);

    if (n == 1)
        return 0;
    if (n > 1)
        return error_set(err, ERR_INPUT,
                         "%s: line 1: %zu columns have the name '%s' in '%.*s': which one is "
                         "meant is unknown: rename the others",
                         reader->options.path, n, name, header_len(header), header->raw.ptr);
    return error_set(err, ERR_INPUT,
                     "%s: line 1: no column '%s' in '%.*s': name the column with --%s",
                     reader->options.path, name, header_len(header), header->raw.ptr, option);
}

static int read_csv_header(struct import_reader *reader, struct error *err)
{
    const struct import_options *options = &reader->options;
    struct csv_row header;
    const int found = next_csv_row(reader, &header, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INPUT,
                         "%s: the file is empty: its first line must name the columns",
                         options->path);
    if (header.issue)
        return error_set(err, ERR_INPUT, "%s: line %" PRIu64 ": invalid header: %s",
                         options->path, header.line, header.issue);
    if (require_column(reader, &header, options->key_field, "key-field", &reader->key_column,
                       err) < 0)
        return -1;
    if (options->line_field && require_column(reader, &header, options->line_field, "key-field",
                                              &reader->line_column, err) < 0)
        return -1;
    return require_column(reader, &header, options->value_field, "value-field",
                          &reader->value_column, err);
}

int import_reader_new(const struct import_options *options, struct import_reader **out,
                      struct error *err)
{
    struct import_reader *reader = calloc(1, sizeof *reader);
    const bool is_csv = options->format == IMPORT_CSV;

    if (!reader)
        return error_nomem(err);
    reader->options = *options;
    buf_init(&reader->key, KEY_MAX_BYTES);
    buf_init(&reader->number, ROW_MAX_BYTES);
    if (inflate_open(options->local_path, &reader->in, err) < 0)
        goto fail;
    if (is_csv) {
        if (csv_reader_new(ROW_MAX_BYTES, &reader->csv, err) < 0 ||
            read_csv_header(reader, err) < 0)
            goto fail;
    } else if (frame_new(ROW_MAX_BYTES, &reader->frame, err) < 0 ||
               json_new(&reader->json, err) < 0) {
        goto fail;
    }
    *out = reader;
    return 0;
fail:
    import_reader_free(reader);
    return -1;
}

void import_reader_free(struct import_reader *reader)
{
    if (!reader)
        return;
    inflate_close(reader->in);
    csv_reader_free(reader->csv);
    frame_free(reader->frame);
    json_free(reader->json);
    buf_release(&reader->key);
    buf_release(&reader->number);
    free(reader);
}

/* Accept the value, which text was parsed as, unless it is so small that it became 0. */
static int accept_value(struct slice text, struct import_row *row)
{
    for (size_t i = 0; row->value == 0 && i < text.len; i++) {
        if (text.ptr[i] == 'e' || text.ptr[i] == 'E')
            break;
        if (text.ptr[i] >= '1' && text.ptr[i] <= '9')
            return reject_row(row, DEFECT_BAD_VALUE,
                              "the value is not 0, but too small for a 64-bit number");
    }
    return 1;
}

/* Parse the value: a finite decimal number, perhaps with blanks around it. */
static int import_parse_number(struct slice text, struct import_row *row)
{
    char copy[64];
    char *end = NULL;

    text = trim_blanks(text);
    if (text.len == 0)
        return reject_row(row, DEFECT_MISSING_VALUE, "there is no value");
    if (text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) ||
        memchr(text.ptr, 'x', text.len) || memchr(text.ptr, 'X', text.len))
        return reject_row(row, DEFECT_BAD_VALUE, "the value is not a number");
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    row->value = strtod(copy, &end);
    if (*end)
        return reject_row(row, DEFECT_BAD_VALUE, "the value is not a number");
    if (!isfinite(row->value))
        return reject_row(row, DEFECT_BAD_VALUE, "the value is not a finite number");
    return accept_value(text, row);
}

/* Parse the number of a line. */
static int read_line_key(struct slice text, struct import_row *row)
{
    enum { DIGITS_MAX = 18 };

    text = trim_blanks(text);
    if (text.len == 0)
        return reject_row(row, DEFECT_MISSING_KEY, "there is no number of a line");
    for (size_t i = 0; i < text.len; i++) {
        if (text.len > DIGITS_MAX || text.ptr[i] < '0' || text.ptr[i] > '9')
            return reject_row(row, DEFECT_BAD_VALUE,
                              "the number of the line is no whole number");
        row->line_key = 10 * row->line_key + (text.ptr[i] - '0');
    }
    return 1;
}

static int read_csv_row(struct import_reader *reader, struct import_row *row, struct error *err)
{
    struct csv_row in;
    const int rc = next_csv_row(reader, &in, err);

    if (rc < 1)
        return rc;
    row->raw = in.raw;
    row->byte_offset = in.byte_offset;
    row->byte_len = in.byte_len;
    row->line = in.line;
    if (row->raw.len > row->byte_len)
        row->raw.len = row->byte_len; /* without the newline */
    if (in.issue)
        return reject_row(row, DEFECT_BAD_CSV, in.issue);
    if (reader->key_column >= in.n_fields || in.fields[reader->key_column].len == 0)
        return reject_row(row, DEFECT_MISSING_KEY, "there is no key");
    row->key = in.fields[reader->key_column];
    if (reader->options.line_field) {
        if (reader->line_column >= in.n_fields)
            return reject_row(row, DEFECT_MISSING_KEY, "there is no number of a line");
        read_line_key(in.fields[reader->line_column], row);
        if (row->rejected_for)
            return 1;
        row->key = trim_blanks(row->key);
    }
    if (reader->value_column >= in.n_fields)
        return reject_row(row, DEFECT_MISSING_VALUE, "there is no value");
    return import_parse_number(in.fields[reader->value_column], row);
}

/* Set the key of a record: a string, or a number as it is written. */
static int read_key(struct import_reader *reader, const struct json_value *value,
                    struct slice *out, struct import_row *row, struct error *err)
{
    switch (json_type(value)) {
    case JSON_STRING:
        *out = json_text(value);
        break;
    case JSON_NUMBER:
        buf_clear(&reader->key);
        if (json_write(value, &reader->key, err) < 0)
            return -1;
        *out = buf_slice(&reader->key);
        break;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    if (out->len == 0)
        return reject_row(row, DEFECT_MISSING_KEY, "there is no key");
    return 1;
}

/* Read the key of a record, which can have two parts. */
static int read_keys(struct import_reader *reader, const struct json_value *record,
                     struct import_row *row, struct error *err)
{
    const struct import_options *options = &reader->options;
    struct slice line = slice_of(NULL, 0);
    int rc;

    /* The line first: the buffer of numbers is then free for the other part. */
    if (options->line_field) {
        rc = read_key(reader, json_get(record, options->line_field), &line, row, err);
        if (rc < 0 || row->rejected_for)
            return rc;
        read_line_key(line, row);
        if (row->rejected_for)
            return 1;
    }
    rc = read_key(reader, json_get(record, options->key_field), &row->key, row, err);
    if (options->line_field)
        row->key = trim_blanks(row->key);
    return rc;
}

static int read_value(struct import_reader *reader, const struct json_value *value,
                      struct import_row *row, struct error *err)
{
    switch (json_type(value)) {
    case JSON_STRING:
        return import_parse_number(json_text(value), row);
    case JSON_NUMBER:
        if (!json_double(value, &row->value) || !isfinite(row->value))
            return reject_row(row, DEFECT_BAD_VALUE, "the value is not a finite number");
        if (row->value != 0)
            return 1;
        buf_clear(&reader->number);
        if (json_write(value, &reader->number, err) < 0)
            return -1;
        return accept_value(buf_slice(&reader->number), row);
    case JSON_NULL:
        return reject_row(row, DEFECT_MISSING_VALUE, "there is no value");
    case JSON_BOOL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return reject_row(row, DEFECT_BAD_VALUE, "the value is not a number");
}

/* Reject a record that the framing could not cut out. */
static int reject_framing(const struct frame_record *record, struct import_row *row)
{
    switch (record->issue) {
    case FRAME_TRUNCATED:
        return reject_row(row, DEFECT_TRUNCATED, "the line or the file ends inside the record");
    case FRAME_BROKEN:
        return reject_row(row, DEFECT_BAD_JSON, "brackets do not match, or stray bytes");
    case FRAME_TOO_LONG:
        return reject_row(row, DEFECT_TOO_LONG, "the record is longer than 1 MiB");
    case FRAME_TOO_DEEP:
        return reject_row(row, DEFECT_TOO_DEEP, "the record is nested too deep");
    case FRAME_BAD_ROW: /* not of frame_next() */
    case FRAME_RAGGED:
    case FRAME_OFF_PATH:
    case FRAME_BAD_PAGE:
    case FRAME_OK:
        break;
    }
    return 0;
}

static int read_json_row(struct import_reader *reader, struct import_row *row,
                         struct error *err)
{
    const struct json_value *record;
    struct frame_record framed;
    enum json_issue issue;
    size_t issue_at;
    const char *detail;
    int rc = next_json_record(reader, &framed, err);

    if (rc < 1)
        return rc;
    row->raw = framed.text;
    row->byte_offset = framed.byte_offset;
    row->byte_len = framed.byte_len;
    row->line = framed.line;
    if (reject_framing(&framed, row))
        return 1;
    if (json_parse(reader->json, framed.text, &record, &issue, &issue_at, &detail, err) < 0)
        return -1;
    if (issue != JSON_OK) {
        row->rejected_for = issue == JSON_BAD_UTF8 ? DEFECT_BAD_UTF8 : DEFECT_BAD_JSON;
        snprintf(row->detail, sizeof row->detail, "byte %zu: %s", issue_at, detail);
        return 1;
    }
    if (json_type(record) != JSON_OBJECT)
        return reject_row(row, DEFECT_NOT_AN_OBJECT, "the record is no JSON object");
    rc = read_keys(reader, record, row, err);
    if (rc < 0 || row->rejected_for)
        return rc;
    return read_value(reader, json_get(record, reader->options.value_field), row, err);
}

int import_reader_next(struct import_reader *reader, struct import_row *out, struct error *err)
{
    *out = (struct import_row){ .rejected_for = DEFECT_NONE };
    return reader->csv ? read_csv_row(reader, out, err) : read_json_row(reader, out, err);
}

static bool import_name_ends_with(const char *text, size_t len, const char *end)
{
    const size_t n = strlen(end);

    return len > n && memcmp(text + len - n, end, n) == 0;
}

/* The format by the end of the file's name, before an ending of a compressed file; IMPORT_AUTO:
 * the name has no known ending. */
static enum import_format format_by_name(const char *path)
{
    size_t len = strlen(path);

    if (import_name_ends_with(path, len, ".gz"))
        len -= strlen(".gz");
    else if (import_name_ends_with(path, len, ".zst"))
        len -= strlen(".zst");
    if (import_name_ends_with(path, len, ".csv"))
        return IMPORT_CSV;
    if (import_name_ends_with(path, len, ".jsonl") ||
        import_name_ends_with(path, len, ".json") ||
        import_name_ends_with(path, len, ".ndjson"))
        return IMPORT_JSONL;
    return IMPORT_AUTO;
}

int import_choose_format(const char *path, enum import_format *format, struct error *err)
{
    if (*format == IMPORT_AUTO)
        *format = format_by_name(path);
    if (*format != IMPORT_AUTO)
        return 0;
    return error_set(err, ERR_USAGE,
                     "%s: the name does not end in .csv, .jsonl or .json: give the format with "
                     "--format",
                     path);
}
