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

    const char *input; /* of csv_feed() */
    size_t n_input;
    bool finished;
    bool ended; /* the last row was asked for */

    struct buf again; /* bytes that are looked at once more, before the input */
    size_t again_at;

    struct buf raw;  /* bytes of the row in hand */
    struct buf text; /* its fields, one behind the other */
    size_t ends[CSV_FIELDS_MAX];
    struct slice fields[CSV_FIELDS_MAX];
    size_t n_fields;
    const char *issue; /* of the row in hand: the rest of its line is skipped */
    bool row_done;
    bool no_memory;

    size_t bom_at;    /* bytes of a byte order mark that the stream began with so far */
    bool bom_done;    /* it had one, or has none */
    uint64_t n_bytes; /* seen so far */
    uint64_t line;
    struct csv_row row; /* where the row in hand began, how long it is */
    bool in_row;
    bool handed_out; /* the row is the caller's until the next call */
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

static int begin_parser(struct csv *csv, struct error *err)
{
    if (csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return error_nomem(err);
    return 0;
}

int csv_reader_new(size_t max_row_bytes, struct csv **out, struct error *err)
{
    struct csv *csv = calloc(1, sizeof *csv);

    if (!csv)
        return error_nomem(err);
    csv->max_row_bytes = max_row_bytes;
    csv->line = 1;
    buf_init(&csv->again, SIZE_MAX / 2);
    buf_init(&csv->raw, SIZE_MAX / 2);
    buf_init(&csv->text, SIZE_MAX / 2);
    if (begin_parser(csv, err) < 0) {
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

void csv_feed(struct csv *csv, const void *bytes, size_t n)
{
    csv->input = bytes;
    csv->n_input = n;
}

void csv_finish(struct csv *csv)
{
    csv->finished = true;
}

static void clear_row(struct csv *csv)
{
    buf_clear(&csv->raw);
    buf_clear(&csv->text);
    csv->n_fields = 0;
    csv->issue = NULL;
    csv->row_done = csv->in_row = csv->handed_out = false;
}

/*
 * A row cannot be parsed: forget what the parser was at, and let the row be its first line. Of
 * that, either more is to come, or what was taken from the lines behind is looked at again: 1
 * when the row is complete so, 0, -1.
 */
static int spoil_row(struct csv *csv, const char *issue, struct error *err)
{
    const char *end = csv->raw.len ? memchr(csv->raw.data, '\n', csv->raw.len) : NULL;

    csv->issue = issue;
    csv_free(&csv->parser);
    if (begin_parser(csv, err) < 0)
        return -1;
    if (!end)
        return 0;
    const size_t keep = (size_t)(end - csv->raw.data) + 1;
    const size_t n = csv->raw.len - keep;
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
    csv->raw.len = keep;
    csv->n_bytes -= n;
    csv->line = csv->row.line + 1;
    csv->row.byte_len = keep - 1 - (keep > 1 && csv->raw.data[keep - 2] == '\r');
    return 1;
}

/* The row in hand, which is complete. */
static int hand_out(struct csv *csv, struct csv_row *out)
{
    size_t start = 0;

    csv->handed_out = true;
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

/* Note a byte as part of a row, or as what stands between two: 1 when that completes a row. */
static int note_byte(struct csv *csv, char c, struct error *err)
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
    /* This byte may be one that is to be looked at again. */
    if (buf_add(&csv->raw, &c, 1, err) < 0)
        return -1;
    const int done = spoil_row(csv, "it is too long", err);
    if (csv->raw.len > csv->max_row_bytes)
        csv->raw.len = csv->max_row_bytes;
    return done;
}

/* 1 when the byte ends a row. */
static int take_byte(struct csv *csv, char c, struct error *err)
{
    const int noted = note_byte(csv, c, err);

    if (noted != 0)
        return noted;
    if (csv->issue)
        return c == '\n' && csv->in_row;
    if (csv_parse(&csv->parser, &c, 1, on_field, on_row, csv) != 1) {
        if (csv_error(&csv->parser) == CSV_ENOMEM)
            return error_nomem(err);
        return spoil_row(csv, "its quotes do not match", err);
    }
    if (csv->no_memory)
        return error_nomem(err);
    if (csv->issue && !csv->row_done) /* too many fields */
        return spoil_row(csv, csv->issue, err);
    return csv->row_done && csv->in_row;
}

/* What the end of the stream leaves behind: 1 for a row, 0, -1. */
static int take_end(struct csv *csv, struct error *err)
{
    if (!csv->in_row) {
        csv->ended = true;
        return 0;
    }
    if (!csv->issue && csv_fini(&csv->parser, on_field, on_row, csv) != 0) {
        if (csv_error(&csv->parser) == CSV_ENOMEM)
            return error_nomem(err);
        const int spoilt = spoil_row(csv, "its quotes do not match", err);
        if (spoilt != 0)
            return spoilt;
    }
    csv->ended = true;
    return csv->no_memory ? error_nomem(err) : 1;
}

/* The next byte to look at; false when there is none now. */
static bool next_byte(struct csv *csv, char *out)
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

/* It was no byte order mark that the stream began with: its bytes are looked at once more. */
static int give_back_bom(struct csv *csv, struct error *err)
{
    const size_t n = csv->bom_at;

    csv->bom_done = true;
    return buf_add(&csv->again, bom, n, err);
}

/* At the start of the stream: 1 when the byte is taken, 0 when it is a row's, -1. */
static int take_bom(struct csv *csv, char c, struct error *err)
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
    if (give_back_bom(csv, err) < 0 || buf_add(&csv->again, &c, 1, err) < 0)
        return -1;
    return 1;
}

int csv_next(struct csv *csv, struct csv_row *out, struct error *err)
{
    char c;

    if (csv->handed_out)
        clear_row(csv);
    while (next_byte(csv, &c)) {
        const int taken = csv->bom_done ? 0 : take_bom(csv, c, err);
        if (taken < 0)
            return -1;
        if (taken > 0)
            continue;
        const int done = take_byte(csv, c, err);
        if (done < 0)
            return -1;
        if (done)
            return hand_out(csv, out);
        if (!csv->in_row && csv->row_done)
            clear_row(csv);
    }
    if (!csv->finished || csv->ended)
        return 0;
    if (!csv->bom_done && csv->bom_at > 0)
        return give_back_bom(csv, err) < 0 ? -1 : csv_next(csv, out, err);
    const int done = take_end(csv, err);
    return done == 1 ? hand_out(csv, out) : done;
}
