/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arrow/batch.h"
#include "base/arrow/codec.h"
#include "base/arrow/dictionary.h"
#include "base/arrow/input.h"
#include "base/arrow/message.h"
#include "base/arrow/schema.h"
#include "base/arrow/value.h"
#include "base/error.h"
#include "base/option.h"
#include "base/table/table.h"

struct arrow_table {
    struct arrow_input input;
    struct arrow_layout layout;
    struct arrow_bytes footer;
    struct arrow_bytes metadata;
    struct arrow_loader loader;
    struct arrow_schema schema;
    struct arrow_dictionary *dictionaries; /* one for each field */
    struct arrow_writer writer;

    uint64_t pos;         /* of the next message in the file */
    uint64_t resumed_row; /* rows up to this one are passed over */
    /* The current record batch. */
    struct arrow_batch batch;
    uint64_t message_at;
    uint64_t body_at;
    uint64_t n_before; /* rows of the batches before it */
    uint64_t n_rows;
    uint64_t row; /* the next one, from 0 */
    bool is_damaged;
    struct error damage;
    char detail[sizeof(((struct error *)NULL)->msg) + 64];
};

static void close_arrow(void *state)
{
    struct arrow_table *table = state;

    if (!table)
        return;
    for (size_t i = 0; table->dictionaries && i < table->schema.n; i++)
        arrow_dictionary_release(&table->input, &table->dictionaries[i]);
    free(table->dictionaries);
    arrow_schema_release(&table->schema);
    arrow_batch_release(&table->input, &table->batch);
    arrow_bytes_free(&table->input, &table->footer);
    arrow_bytes_free(&table->input, &table->metadata);
    arrow_bytes_free(&table->input, &table->loader.scratch);
    arrow_codec_free(table->loader.codec);
    buf_release(&table->writer.out);
    buf_release(&table->writer.piece);
    free(table);
}

/* Find the schema: in the footer, or in the first message. */
static int find_schema(struct arrow_table *table, struct arrow_message *message,
                       struct flat_table *out, struct error *err)
{
    struct arrow_input *input = &table->input;

    table->pos = table->layout.first;
    if (table->layout.has_footer) {
        *out = table->layout.schema;
        return 0;
    }
    const int rc =
        arrow_message_read(input, &table->layout, &table->pos, &table->metadata, message, err);
    if (rc < 0 && err->code == ERR_INPUT && table->layout.is_file)
        return error_set(err, ERR_INPUT,
                         "%s: truncated at byte %" PRIu64 ": the footer is missing",
                         input->name, input->size_bytes);
    if (rc < 0)
        return -1;
    if (rc == 0 || message->type != ARROW_MESSAGE_SCHEMA)
        return error_set(err, ERR_INPUT,
                         "%s: the message at byte %" PRIu64 " should be a schema", input->name,
                         table->layout.first);
    *out = message->header;
    return 0;
}

/* Read the dictionaries that the footer lists. */
static int read_dictionaries(struct arrow_table *table, struct error *err)
{
    const struct flat_list *blocks = &table->layout.dictionaries;
    struct arrow_message message;
    uint64_t end = 0;

    for (size_t i = 0; i < blocks->n; i++) {
        uint64_t pos = (uint64_t)flat_list_int64(blocks, i, 0);

        if (pos < end)
            return error_set(err, ERR_INPUT,
                             "%s: the footer says that dictionary %zu begins at byte %" PRIu64
                             ", inside another one",
                             table->input.name, i, pos);
        const int rc = arrow_message_read(&table->input, &table->layout, &pos, &table->metadata,
                                          &message, err);

        if (rc < 0)
            return -1;
        if (rc == 0 || message.type != ARROW_MESSAGE_DICTIONARY)
            return error_set(err, ERR_INPUT,
                             "%s: the footer says that dictionary %zu begins at byte %" PRId64
                             ": it does not",
                             table->input.name, i, flat_list_int64(blocks, i, 0));
        if (arrow_dictionaries_update(&table->loader, &message, table->dictionaries, err) < 0)
            return -1;
        end = pos;
    }
    return 0;
}

static int open_arrow_table(struct arrow_table *table, const struct table_options *options,
                            struct error *err)
{
    const bool chooses = options->columns && options->columns->n > 0;
    struct arrow_message message;
    struct flat_table schema;

    if (arrow_layout_read(&table->input, &table->footer, &table->layout, err) < 0 ||
        find_schema(table, &message, &schema, err) < 0)
        return -1;
    if (arrow_schema_parse(&schema, &table->schema, err) < 0 ||
        (chooses && arrow_schema_choose(&table->schema, options->columns, err) < 0) ||
        arrow_schema_check(&table->schema, err) < 0 ||
        arrow_codec_new(options->max_bytes, &table->loader.codec, err) < 0)
        return error_prefix(err, "%s", table->input.name);
    table->dictionaries = calloc(table->schema.n, sizeof *table->dictionaries);
    table->writer.dictionaries = table->dictionaries;
    if (!table->dictionaries)
        return error_nomem(err);
    return table->layout.has_footer ? read_dictionaries(table, err) : 0;
}

static int open_arrow(int fd, const char *name, const struct table_options *options,
                      void **state, struct error *err)
{
    struct arrow_table *table;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_errno(err, errno, name);
    table = calloc(1, sizeof *table);
    if (!table)
        return error_nomem(err);
    table->input = (struct arrow_input){ .fd = fd,
                                         .name = name,
                                         .size_bytes = (uint64_t)st.st_size,
                                         .max_bytes = options->max_bytes };
    table->loader.input = &table->input;
    table->loader.schema = &table->schema;
    table->writer.input = &table->input;
    table->writer.schema = &table->schema;
    table->writer.max_row_bytes = options->max_row_bytes;
    arena_init(&table->schema.arena);
    buf_init(&table->writer.out, SIZE_MAX);
    buf_init(&table->writer.piece, SIZE_MAX);
    if (open_arrow_table(table, options, err) < 0) {
        close_arrow(table);
        return -1;
    }
    *state = table;
    return 0;
}

/* Make the batch of a message the current one. Rows that are passed over are not loaded. */
static int begin_record_batch(struct arrow_table *table, const struct arrow_message *message,
                              struct error *err)
{
    struct arrow_batch_header header;

    if (arrow_batch_header_parse(&message->header, &header, err) < 0 ||
        arrow_batch_check_rows(message, &header, err) < 0)
        return -1;
    if (header.n_rows > INT64_MAX - table->n_before)
        return error_set(err, ERR_INPUT, "it claims %" PRIu64 " rows", header.n_rows);
    table->message_at = message->at;
    table->body_at = message->body_at;
    table->n_rows = header.n_rows;
    table->row = 0;
    table->is_damaged = false;
    if (table->resumed_row > table->n_before)
        table->row = table->resumed_row - table->n_before;
    if (table->row >= table->n_rows) {
        table->row = table->n_rows;
        return 0;
    }
    if (arrow_batch_load(&table->loader, message, &header, 0, table->schema.n, false,
                         &table->batch, &table->damage) == 0)
        return 0;
    table->is_damaged = table->damage.code == ERR_INPUT;
    if (!table->is_damaged)
        *err = table->damage;
    return table->is_damaged ? 0 : -1;
}

/* Read messages up to the next record batch. Returns 1, 0 at the end, or -1. */
static int next_record_batch(struct arrow_table *table, struct error *err)
{
    struct arrow_message message;
    int rc;

    table->n_before += table->n_rows;
    table->n_rows = 0;
    table->row = 0;
    while ((rc = arrow_message_read(&table->input, &table->layout, &table->pos,
                                    &table->metadata, &message, err)) == 1) {
        switch (message.type) {
        case ARROW_MESSAGE_BATCH:
            return begin_record_batch(table, &message, err) == 0
                       ? 1
                       : error_prefix(err, "%s: the record batch at byte %" PRIu64,
                                      table->input.name, message.at);
        case ARROW_MESSAGE_DICTIONARY:
            if (!table->layout.has_footer &&
                arrow_dictionaries_update(&table->loader, &message, table->dictionaries, err) <
                    0)
                return -1;
            break;
        case ARROW_MESSAGE_SCHEMA:
            return error_set(err, ERR_INPUT, "%s: a second schema begins at byte %" PRIu64,
                             table->input.name, message.at);
        case ARROW_MESSAGE_OTHER:
            return error_set(err, ERR_UNSUPPORTED,
                             "%s: the message at byte %" PRIu64
                             " is not supported: it is neither a dictionary nor a record batch",
                             table->input.name, message.at);
        }
    }
    return rc;
}

/* Return the rest of the current batch as one row that is lost. */
static int lose_rest(struct arrow_table *table, struct table_row *out)
{
    snprintf(table->detail, sizeof table->detail, "record batch at byte %" PRIu64 ": %s",
             table->message_at, table->damage.msg);
    out->issue = TABLE_BAD_PAGE;
    out->detail = table->detail;
    out->n_rows = table->n_rows - table->row;
    table->row = table->n_rows;
    return 1;
}

static int next_arrow_row(void *state, struct table_row *out, struct error *err)
{
    struct arrow_table *table = state;

    while (table->row == table->n_rows) {
        const int rc = next_record_batch(table, err);

        if (rc <= 0)
            return rc;
    }
    *out = (struct table_row){
        .text = slice_of("", 0),
        .byte_offset = table->body_at,
        .row = table->n_before + table->row + 1,
        .n_rows = 1,
    };
    if (!table->is_damaged &&
        arrow_row_write(&table->writer, &table->batch, table->row, &table->damage) < 0) {
        table->is_damaged = table->damage.code == ERR_INPUT;
        if (!table->is_damaged) {
            *err = table->damage;
            return error_prefix(err, "%s: the record batch at byte %" PRIu64, table->input.name,
                                table->message_at);
        }
    }
    if (table->is_damaged)
        return lose_rest(table, out);
    table->row++;
    out->text = buf_slice(&table->writer.out);
    out->byte_len = out->text.len + table->writer.n_dropped;
    out->bad_json = table->writer.bad_json;
    if (table->writer.is_too_long)
        out->issue = TABLE_TOO_LONG;
    return 1;
}

static int resume_arrow(void *state, uint64_t row, struct error *err)
{
    struct arrow_table *table = state;

    (void)err;
    table->resumed_row = row;
    if (row > table->n_before + table->row)
        table->row =
            row - table->n_before < table->n_rows ? row - table->n_before : table->n_rows;
    return 0;
}

/* The batches do not say it before they were read. */
static uint64_t n_rows_arrow(const void *state)
{
    (void)state;
    return UINT64_MAX;
}

static uint64_t position_arrow(const void *state)
{
    const struct arrow_table *table = state;
    const double part = table->n_rows > 0 ? (double)table->row / (double)table->n_rows : 1;

    return table->message_at + (uint64_t)((double)(table->pos - table->message_at) * part);
}

static const char *passed_over_arrow(const void *state)
{
    return ((const struct arrow_table *)state)->schema.passed_over;
}

const struct table_format table_arrow = {
    .name = "Arrow",
    .matches = arrow_matches,
    .open = open_arrow,
    .close = close_arrow,
    .next = next_arrow_row,
    .resume = resume_arrow,
    .n_rows = n_rows_arrow,
    .position = position_arrow,
    .passed_over = passed_over_arrow,
};
