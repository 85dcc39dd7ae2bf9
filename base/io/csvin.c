/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/csvin.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "base/buf.h"
#include "base/error.h"

struct csv {
    struct csv_parser parser;
    size_t max_row_bytes;
    char delimiter;
    bool keep_blanks;

    const char *input; /* of csv_feed() */
    size_t n_input;
    bool finished;
    bool ended; /* the last row was returned */

    struct buf again; /* bytes to parse again, before the input */
    size_t again_at;

    struct buf raw;  /* bytes of the current row */
    struct buf text; /* its fields, concatenated */
    size_t ends[CSV_FIELDS_MAX];
    struct slice fields[CSV_FIELDS_MAX];
    size_t n_fields;
    const char *issue; /* of the current row; if set, the rest of its line is skipped */
    bool row_done;
    bool no_memory;

    size_t bom_at;    /* bytes of a byte order mark read so far */
    bool bom_done;    /* the start of the stream was checked for a byte order mark */
    uint64_t n_bytes; /* read so far */
    uint64_t line;
    struct csv_row row; /* position and length of the current row */
    bool in_row;
    bool returned; /* the row was returned; the next call clears it */
};

static void on_field(void *bytes, size_t n, void *arg)
{
    struct csv *csv = arg;
    struct error err;

    if (csv->n_fields == CSV_FIELDS_MAX) {
        csv->issue = "it has too many fields";
        return;
    }
    if (n > 0 && buf_add(&csv->text, bytes, n, &err) < 0) {
        csv->no_memory = true;
        return;
    }
    csv->ends[csv->n_fields++] = csv->text.len;
}

static void on_row(int terminator, void *arg)
{
    struct csv *csv = arg;

    (void)terminator;
    csv->row_done = true;
}

/* For libcsv: no character is a blank that it may drop. */
static int no_csv_blank(unsigned char c)
{
    (void)c;
    return 0;
}

static void set_csv_parser(struct csv *csv)
{
    csv_set_delim(&csv->parser, (unsigned char)csv->delimiter);
    if (csv->keep_blanks)
        csv_set_space_func(&csv->parser, no_csv_blank);
}

static int start_csv_parser(struct csv *csv, struct error *err)
{
    if (csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return error_nomem(err);
    set_csv_parser(csv);
    return 0;
}

int csv_reader_new(size_t max_row_bytes, struct csv **out, struct error *err)
{
    struct csv *csv = calloc(1, sizeof *csv);

    if (!csv)
        return error_nomem(err);
    csv->max_row_bytes = max_row_bytes;
    csv->line = 1;
    csv->delimiter = CSV_COMMA;
    buf_init(&csv->again, SIZE_MAX / 2);
    buf_init(&csv->raw, SIZE_MAX / 2);
    buf_init(&csv->text, SIZE_MAX / 2);
    if (start_csv_parser(csv, err) < 0) {
        free(csv);
        return -1;
    }
    *out = csv;
    return 0;
}

void csv_reader_free(struct csv *csv)
{
    if (!csv)
        return;
    csv_free(&csv->parser);
    buf_release(&csv->again);
    buf_release(&csv->raw);
    buf_release(&csv->text);
    free(csv);
}

void csv_set_dialect(struct csv *csv, char delimiter)
{
    csv->delimiter = delimiter;
    csv->keep_blanks = true;
    set_csv_parser(csv);
}

void csv_place(const struct csv *csv, uint64_t *byte_offset, uint64_t *line)
{
    *byte_offset = csv->n_bytes;
    *line = csv->line;
}

void csv_resume(struct csv *csv, uint64_t byte_offset, uint64_t line)
{
    csv->n_bytes = byte_offset;
    csv->line = line;
    csv->bom_done = byte_offset > 0;
}

void csv_feed(struct csv *csv, const void *bytes, size_t n)
{
    csv->input = bytes;
    csv->n_input = n;
}

void csv_finish(struct csv *csv)
{
    csv->finished = true;
}

static void clear_csv_row(struct csv *csv)
{
    buf_clear(&csv->raw);
    buf_clear(&csv->text);
    csv->n_fields = 0;
    csv->issue = NULL;
    csv->row_done = csv->in_row = csv->returned = false;
}

/*
 * Make the current row malformed: restart the parser and reduce the row to its first line.
 * Bytes of later lines are parsed again. Returns 1 if the row is complete, 0 if the rest of its
 * line is to come, or -1.
 */
static int reject_csv_row(struct csv *csv, const char *issue, struct error *err)
{
    const char *end = csv->raw.len ? memchr(csv->raw.data, '\n', csv->raw.len) : NULL;

    csv->issue = issue;
    csv_free(&csv->parser);
    if (start_csv_parser(csv, err) < 0)
        return -1;
    if (!end)
        return 0;
    const size_t line_len = (size_t)(end - csv->raw.data) + 1;
    const size_t n = csv->raw.len - line_len;
    struct buf rest;

    buf_init(&rest, SIZE_MAX / 2);
    if (buf_add(&rest, end + 1, n, err) < 0 ||
        buf_add(&rest, csv->again.data ? csv->again.data + csv->again_at : "",
                csv->again.len - csv->again_at, err) < 0) {
        buf_release(&rest);
        return -1;
    }
    buf_release(&csv->again);
    csv->again = rest;
    csv->again_at = 0;
    csv->raw.len = line_len;
    csv->n_bytes -= n;
    csv->line = csv->row.line + 1;
    csv->row.byte_len = line_len - 1 - (line_len > 1 && csv->raw.data[line_len - 2] == '\r');
    return 1;
}

/* Return the current row, which is complete. */
static int return_csv_row(struct csv *csv, struct csv_row *out)
{
    size_t start = 0;

    csv->returned = true;
    *out = csv->row;
    out->raw = buf_slice(&csv->raw);
    out->issue = csv->issue;
    out->fields = csv->fields;
    out->n_fields = csv->issue ? 0 : csv->n_fields;
    for (size_t i = 0; i < csv->n_fields; i++) {
        csv->fields[i] =
            slice_of(csv->text.data ? csv->text.data + start : "", csv->ends[i] - start);
        start = csv->ends[i];
    }
    return 1;
}

/* Count a byte and add it to the current row. Returns 1 if that completes the row, 0 or -1. */
static int count_csv_byte(struct csv *csv, char c, struct error *err)
{
    if (!csv->in_row && c != '\r' && c != '\n') {
        csv->in_row = true;
        csv->row = (struct csv_row){ .byte_offset = csv->n_bytes, .line = csv->line };
    }
    csv->n_bytes++;
    csv->line += c == '\n';
    if (!csv->in_row)
        return 0;
    if (c != '\n' && c != '\r')
        csv->row.byte_len = csv->n_bytes - csv->row.byte_offset;
    if (csv->raw.len < csv->max_row_bytes)
        return buf_add(&csv->raw, &c, 1, err);
    if (csv->issue)
        return 0;
    /* The row is too long, but this byte may have to be parsed again. */
    if (buf_add(&csv->raw, &c, 1, err) < 0)
        return -1;
    const int done = reject_csv_row(csv, "it is too long", err);
    if (csv->raw.len > csv->max_row_bytes)
        csv->raw.len = csv->max_row_bytes;
    return done;
}

/* Parse a byte. Returns 1 if it ends a row, 0 or -1. */
static int parse_csv_byte(struct csv *csv, char c, struct error *err)
{
    const int complete = count_csv_byte(csv, c, err);

    if (complete != 0)
        return complete;
    if (csv->issue)
        return c == '\n' && csv->in_row;
    if (csv_parse(&csv->parser, &c, 1, on_field, on_row, csv) != 1) {
        if (csv_error(&csv->parser) == CSV_ENOMEM)
            return error_nomem(err);
        return reject_csv_row(csv, "its quotes do not match", err);
    }
    if (csv->no_memory)
        return error_nomem(err);
    if (csv->issue && !csv->row_done) /* too many fields */
        return reject_csv_row(csv, csv->issue, err);
    return csv->row_done && csv->in_row;
}

/* Parse the end of the stream. Returns 1 if a row ends there, 0 or -1. */
static int parse_csv_end(struct csv *csv, struct error *err)
{
    if (!csv->in_row) {
        csv->ended = true;
        return 0;
    }
    if (!csv->issue && csv_fini(&csv->parser, on_field, on_row, csv) != 0) {
        if (csv_error(&csv->parser) == CSV_ENOMEM)
            return error_nomem(err);
        const int complete = reject_csv_row(csv, "its quotes do not match", err);
        if (complete != 0)
            return complete;
    }
    csv->ended = true;
    return csv->no_memory ? error_nomem(err) : 1;
}

/* Get the next byte to parse. Returns false if there is none now. */
static bool next_csv_byte(struct csv *csv, char *out)
{
    if (csv->again_at < csv->again.len) {
        *out = csv->again.data[csv->again_at++];
        return true;
    }
    if (csv->n_input == 0)
        return false;
    csv->n_input--;
    *out = *csv->input++;
    return true;
}

static const char bom[] = "\xEF\xBB\xBF";

/* The stream starts with part of a byte order mark only: parse these bytes. */
static int reparse_bom(struct csv *csv, struct error *err)
{
    const size_t n = csv->bom_at;

    csv->bom_done = true;
    return buf_add(&csv->again, bom, n, err);
}

/* Look for a byte order mark at the start of the stream. Returns 1 if the byte is consumed, 0
 * if it belongs to a row, or -1. */
static int parse_bom(struct csv *csv, char c, struct error *err)
{
    if (c == bom[csv->bom_at]) {
        csv->bom_done = ++csv->bom_at == 3;
        csv->n_bytes = csv->bom_done ? 3 : 0;
        return 1;
    }
    if (csv->bom_at == 0) {
        csv->bom_done = true;
        return 0;
    }
    if (reparse_bom(csv, err) < 0 || buf_add(&csv->again, &c, 1, err) < 0)
        return -1;
    return 1;
}

int csv_next(struct csv *csv, struct csv_row *out, struct error *err)
{
    char c;

    if (csv->returned)
        clear_csv_row(csv);
    while (next_csv_byte(csv, &c)) {
        const int consumed = csv->bom_done ? 0 : parse_bom(csv, c, err);
        if (consumed < 0)
            return -1;
        if (consumed > 0)
            continue;
        const int done = parse_csv_byte(csv, c, err);
        if (done < 0)
            return -1;
        if (done)
            return return_csv_row(csv, out);
        if (!csv->in_row && csv->row_done)
            clear_csv_row(csv);
    }
    if (!csv->finished || csv->ended)
        return 0;
    if (!csv->bom_done && csv->bom_at > 0)
        return reparse_bom(csv, err) < 0 ? -1 : csv_next(csv, out, err);
    const int done = parse_csv_end(csv, err);
    return done == 1 ? return_csv_row(csv, out) : done;
}
