/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of a table: each row of a Parquet or Arrow file is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/table/table.h"
#include "stages/ingest/read_private.h"
#include "stages/ingest/table_ahead.h"
#include "stages/stage.h"

enum {
    AHEAD_BYTES = 256 << 20, /* of rows that wait; a row group is about 100 MB */
    AHEAD_FROM_THREADS = 3,
};

static int open_table_file(const struct ingest_file *file, struct error *err)
{
    const int fd = open(file->local_path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? error_errno(err, errno, file->path) : fd;
}

int table_reader_matches(const struct ingest_file *file, struct error *err)
{
    char head[TABLE_HEAD_BYTES];

    if (!file->has_size || file->archive)
        return 0;
    const int fd = open_table_file(file, err);
    if (fd < 0)
        return -1;
    const ssize_t n = pread(fd, head, sizeof head, 0);
    const int failed = n < 0 ? errno : 0;
    close(fd);
    if (n < 0)
        return error_errno(err, failed, file->path);
    return table_matches(slice_of(head, (size_t)n));
}

/* Options that say how text is cut have no meaning for a table. */
static int check_options(const struct reader *r, struct error *err)
{
    const struct ingest_settings *settings = &r->ingest->settings;
    const char *option = settings->has_records ? "--records is for JSON documents"
                         : settings->delimiter ? "--delimiter is for CSV"
                                               : NULL;

    if (!option)
        return 0;
    return error_set(err, ERR_INPUT,
                     "%s: is a Parquet or Arrow file, and %s: read it without the option",
                     reader_file(r)->path, option);
}

/* Without a limit on memory half of what is available, as for the window of a compressed
 * stream: a small file may hold pages that are a thousand times as large. */
static uint64_t memory_for_pages(const struct ingest_settings *settings)
{
    if (settings->memory.max_bytes > 0)
        return settings->memory.table_bytes;
    const uint64_t available = memory_available("");
    return available < UINT64_MAX ? available / 2 : 0;
}

/* Decoding ahead needs several groups to decode, threads, and memory for several groups. With
 * a limit on memory all of it is for the pages of one group. With two threads it gains nothing,
 * because parsing and writing need them (bench/README.md). */
static bool should_decode_ahead(const struct reader *r)
{
    const struct ingest *ingest = r->ingest;
    const struct table *table = r->table.table;

    return ingest->context->n_threads >= AHEAD_FROM_THREADS && !ingest->explain &&
           ingest->settings.memory.max_bytes == 0 && r->place.line < table_n_rows(table) &&
           table_group_end(table, r->place.line) < table_n_rows(table);
}

static int decode_ahead(struct reader *r, const struct table_options *table, struct error *err)
{
    const size_t wanted = r->ingest->context->n_threads - 1;
    const size_t n_threads = wanted < TABLE_AHEAD_THREADS ? wanted : TABLE_AHEAD_THREADS;
    const struct table_options of_each = { .max_bytes = table->max_bytes / n_threads,
                                           .max_row_bytes = table->max_row_bytes,
                                           .columns = table->columns };
    const struct table_ahead_options options = {
        .fd = r->table.fd,
        .name = reader_file(r)->path,
        .table = &of_each,
        .after_row = r->place.line - 1,
        .n_threads = n_threads,
        .max_bytes = AHEAD_BYTES,
    };

    if (table_ahead_new(&options, &r->table.ahead, err) == 0)
        return 0;
    return err->code == ERR_NOMEM ? 0 : -1; /* one group at a time needs less memory */
}

/* Get the next row. If the threads that decode ahead run out of memory, go on with one group at
 * a time. */
static int get_row(struct reader *r, struct table_row *out, struct error *err)
{
    if (!r->table.ahead)
        return table_next(r->table.table, out, err);
    const int rc = table_ahead_next(r->table.ahead, out, err);
    if (rc >= 0 || err->code != ERR_NOMEM)
        return rc;
    table_ahead_free(r->table.ahead);
    r->table.ahead = NULL;
    if (table_resume(r->table.table, r->place.line - 1, err) < 0)
        return -1;
    return table_next(r->table.table, out, err);
}

static int open_rows(struct reader *r, struct error *err)
{
    const struct ingest_settings *settings = &r->ingest->settings;
    const struct ingest_file *file = reader_file(r);
    const struct table_options options = { .max_bytes = memory_for_pages(settings),
                                           .max_row_bytes = settings->max_record_bytes,
                                           .columns = settings->columns };

    if (table_open(r->table.fd, file->path, &options, &r->table.table, err) < 0)
        return -1;
    r->place = (struct frame_place){ .line = 1 };
    if (file->from) {
        reader_resume_format(r);
        r->place = file->from->place;
        if (table_resume(r->table.table, r->place.line - 1, err) < 0)
            return -1;
    }
    return should_decode_ahead(r) ? decode_ahead(r, &options, err) : 0;
}

static int table_source_open(struct reader *r, struct error *err)
{
    if (check_options(r, err) < 0)
        return -1;
    r->table.fd = open_table_file(reader_file(r), err);
    return r->table.fd < 0 ? -1 : open_rows(r, err);
}

static enum frame_issue issue_of_row(const struct table_row *row)
{
    switch (row->issue) {
    case TABLE_BAD_PAGE:
        return FRAME_BAD_PAGE;
    case TABLE_TOO_LONG:
        return FRAME_TOO_LONG;
    case TABLE_TOO_DEEP:
        return FRAME_TOO_DEEP;
    case TABLE_OK:
        break;
    }
    return FRAME_OK;
}

static struct frame_record record_of_row(const struct table_row *row)
{
    const bool is_bad = row->issue == TABLE_BAD_PAGE;

    return (struct frame_record){
        .text = is_bad ? slice_text(row->detail) : row->text,
        .byte_offset = row->byte_offset,
        .byte_len = row->byte_len,
        .line = row->row,
        .issue = issue_of_row(row),
        .noted = row->bad_json ? FRAME_NOTED_BAD_VALUE : 0,
        .n_more_rows = is_bad ? row->n_rows - 1 : 0,
        .is_padded = true,
    };
}

static int read_rows(struct reader *r, struct error *err)
{
    struct table_row row;
    int rc = 1;

    while (!reader_is_explained(r) && (rc = get_row(r, &row, err)) == 1) {
        const struct frame_record record = record_of_row(&row);

        r->place = (struct frame_place){ .byte_offset = row.byte_offset,
                                         .line = row.row + record.n_more_rows + 1 };
        r->stream_bytes += row.byte_len;
        if (reader_add(r, &record, err) < 0)
            return -1;
    }
    r->table.at_end = rc == 0;
    return rc < 0 ? -1 : 0;
}

static void table_source_describe(struct reader *r, struct batch *batch)
{
    const struct table *table = r->table.table;

    batch->encoding = NULL;
    batch->container = CONTAINER_TABLE;
    batch->n_columns = 0;
    batch->noted_behind = 0;
    batch->mark = (struct inflate_mark){ .file_offset = 0 };
    if (batch->begins_file) {
        batch->table_format = table_format_name(table);
        batch->n_table_rows = table_n_rows(table);
        snprintf(batch->passed_over, sizeof batch->passed_over, "%s", table_passed_over(table));
    }
}

static int table_source_stamp(const struct reader *r, struct file_stamp *out, struct error *err)
{
    return file_stamp_fd(r->table.fd, reader_file(r)->path, out, err);
}

static uint64_t table_source_position(const struct reader *r)
{
    if (r->table.at_end)
        return reader_file(r)->size_bytes;
    return r->table.ahead ? r->place.byte_offset : table_position(r->table.table);
}

static void table_source_close(struct reader *r)
{
    table_ahead_free(r->table.ahead);
    table_close(r->table.table);
    if (r->table.fd >= 0)
        close(r->table.fd);
    r->table = (struct table_reader){ .fd = -1 };
}

const struct record_source table_source = {
    .open = table_source_open,
    .read = read_rows,
    .describe = table_source_describe,
    .stamp = table_source_stamp,
    .position = table_source_position,
    .close = table_source_close,
};
