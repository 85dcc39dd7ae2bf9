/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/record_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io/archivein.h"
#include "base/io/magic.h"
#include "base/io/stream.h"
#include "base/memory.h"
#include "base/report.h"
#include "base/table/table.h"
#include "stages/ingest/cutter.h"
#include "stages/ingest/ingest_private.h"
#include "stages/ingest/read_private.h"

enum { RECORD_BLOCK_BYTES = 256 * 1024 };

/* A file that is being read. */
struct record_walk {
    const struct record_files *files;
    const struct ingest_file *file;
    int (*each)(void *arg, const char *path, const struct frame_record *record,
                struct error *err);
    void *arg;
    char *block;
    struct archive_reader *members;
    struct stream *in;
    struct cutter *cutter;
};

static int check_stop(const struct record_walk *walk, struct error *err)
{
    const int signal = report_stop(walk->files->report);

    return signal == 0
               ? 0
               : error_set_sys(err, ERR_CANCELLED, signal, "stopped by signal %d", signal);
}

/* As for ingest: half of the memory that is available if there is no limit. */
static uint64_t memory_of_pages(const struct record_files *files)
{
    const uint64_t available = memory_available("");

    if (files->max_memory > 0)
        return files->max_memory;
    return available < UINT64_MAX ? available / 2 : 0;
}

static int walk_table_rows(struct record_walk *walk, struct table *table, struct error *err)
{
    struct table_row row;
    int rc;

    while ((rc = table_next(table, &row, err)) == 1) {
        const bool is_bad = row.issue == TABLE_BAD_PAGE;
        const struct frame_record record = {
            .text = is_bad ? slice_text(row.detail) : row.text,
            .byte_offset = row.byte_offset,
            .byte_len = row.byte_len,
            .line = row.row,
            .issue = is_bad                        ? FRAME_BAD_PAGE
                     : row.issue == TABLE_TOO_LONG ? FRAME_TOO_LONG
                     : row.issue == TABLE_TOO_DEEP ? FRAME_TOO_DEEP
                                                   : FRAME_OK,
            .n_more_rows = is_bad ? row.n_rows - 1 : 0,
            .is_padded = true,
        };

        if (check_stop(walk, err) < 0 ||
            walk->each(walk->arg, walk->file->path, &record, err) < 0)
            return -1;
    }
    return rc;
}

static int walk_table(struct record_walk *walk, struct error *err)
{
    const struct table_options options = {
        .max_bytes = memory_of_pages(walk->files),
        .max_row_bytes = walk->files->max_record_bytes,
    };
    const int fd = open(walk->file->local_path, O_RDONLY | O_CLOEXEC);
    struct table *table = NULL;

    if (fd < 0)
        return error_errno(err, errno, walk->file->path);
    int rc = table_open(fd, walk->file->path, &options, &table, err);
    if (rc == 0)
        rc = walk_table_rows(walk, table, err);
    table_close(table);
    close(fd);
    return rc;
}

static ssize_t read_record_member(void *arg, void *out, size_t n, struct error *err)
{
    return archive_reader_read(arg, out, n, err);
}

static int open_record_member(struct record_walk *walk, struct error *err)
{
    const struct ingest_file *file = walk->file;
    struct archive_member member;
    int rc = archive_reader_open(file->local_path, &walk->members, err);

    for (uint64_t i = 0; rc == 1 && i <= file->member; i++)
        rc = archive_reader_next(walk->members, &member, err);
    if (rc == 0)
        return error_set(err, ERR_INPUT, "%s: the archive has changed: give the command again",
                         file->path);
    const struct inflate_source source = { .read = read_record_member, .arg = walk->members };
    return rc < 0 ? -1 : stream_open_source(&source, file->path, true, &walk->in, err);
}

static int walk_cut(struct record_walk *walk, struct error *err)
{
    struct frame_record record;
    int rc;

    while ((rc = cutter_next(walk->cutter, &record, err)) == 1)
        if (walk->each(walk->arg, walk->file->path, &record, err) < 0)
            return -1;
    return rc < 0 ? error_prefix(err, "%s", walk->file->path) : 0;
}

/* Read the first bytes, which show what the file holds. Returns their number, or -1. */
static ssize_t read_record_head(struct record_walk *walk, struct error *err)
{
    size_t n = 0;
    ssize_t got = 1;

    while (n < MAGIC_HEAD_BYTES && got > 0) {
        got = stream_read(walk->in, walk->block + n, RECORD_BLOCK_BYTES - n, err);
        if (got < 0)
            return -1;
        n += (size_t)got;
    }
    const struct slice head = slice_of(walk->block, n);
    const struct magic *magic = magic_find(head);
    if (table_matches(head))
        return error_set(
            err, ERR_INPUT,
            "%s: is a Parquet or Arrow file that can only be read as a plain file: "
            "extract it and name the result",
            walk->file->path);
    if (magic)
        return error_set(err, ERR_INPUT, "%s: %s: %s", walk->file->path, magic->what,
                         magic->advice);
    return (ssize_t)n;
}

static int walk_stream(struct record_walk *walk, struct error *err)
{
    struct cutter_options cutting = { .max_record_bytes = walk->files->max_record_bytes };
    ssize_t got = read_record_head(walk, err);

    if (got < 0 ||
        container_find(walk->file->path, slice_of(walk->block, (size_t)got), &cutting.delimiter,
                       &cutting.container, err) < 0 ||
        cutter_new(&cutting, &walk->cutter, err) < 0)
        return -1;
    while (got > 0) {
        if (check_stop(walk, err) < 0 ||
            cutter_feed(walk->cutter, walk->block, (size_t)got, err) < 0 ||
            walk_cut(walk, err) < 0)
            return -1;
        got = stream_read(walk->in, walk->block, RECORD_BLOCK_BYTES, err);
    }
    if (got < 0)
        return -1;
    cutter_finish(walk->cutter, true);
    return walk_cut(walk, err);
}

static int walk_record_file(struct record_walk *walk, struct error *err)
{
    const int is_table = table_reader_matches(walk->file, err);

    if (is_table != 0)
        return is_table < 0 ? -1 : walk_table(walk, err);
    int rc = walk->file->archive ? open_record_member(walk, err)
                                 : stream_open(walk->file->local_path, true, &walk->in, err);
    if (rc == 0) {
        stream_limit_memory(walk->in, walk->files->max_memory);
        rc = walk_stream(walk, err);
    }
    cutter_free(walk->cutter);
    stream_close(walk->in);
    archive_reader_close(walk->members);
    walk->cutter = NULL;
    walk->in = NULL;
    walk->members = NULL;
    return rc;
}

int record_files_each(const struct record_files *files,
                      int (*each)(void *arg, const char *path,
                                  const struct frame_record *record, struct error *err),
                      void *arg, struct error *err)
{
    const char *name = files->name;
    const struct text_list names = { .items = &name, .n = 1 };
    const struct ingest_query query = { .names = &names,
                                        .config = files->config,
                                        .split = files->split,
                                        .fetcher = files->fetcher,
                                        .report = files->report };
    struct record_walk walk = { .files = files, .each = each, .arg = arg };
    struct ingest_files found = { .n = 0 };
    int rc = -1;

    if (ingest_files_find(&query, &found, err) < 0)
        return -1;
    walk.block = malloc(RECORD_BLOCK_BYTES);
    rc = walk.block ? 0 : error_nomem(err);
    for (size_t i = 0; rc == 0 && i < found.n; i++) {
        walk.file = &found.items[i];
        rc = walk_record_file(&walk, err);
    }
    free(walk.block);
    ingest_files_release(&found);
    return rc;
}

int record_parser_new(struct parser **out, struct error *err)
{
    static const struct format_options options = { .input_context_bytes =
                                                       FORMAT_INPUT_CONTEXT_BYTES };

    return parser_new(&options, out, err);
}
