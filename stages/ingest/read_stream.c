/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of a file that is cut: JSON, CSV, text, perhaps compressed or in an archive.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/io/archivein.h"
#include "base/io/magic.h"
#include "base/io/stream.h"
#include "base/table/table.h"
#include "stages/ingest/read_private.h"

enum { BLOCK_BYTES = 256 * 1024, POLL_MS = 200 };

/* Wait until a pipe has bytes or the run is over. A writer may send nothing for hours, and a
 * thread that blocks in read(2) would not notice the end of the run. */
static int wait_for_input(struct reader *r, struct error *err)
{
    const struct ingest_file *file = reader_file(r);
    struct pollfd input = { .fd = inflate_fd(stream_inflate(r->stream.in)), .events = POLLIN };

    if (file->has_size)
        return 0;
    while (!atomic_load(&r->ingest->cancelled)) {
        const int n = poll(&input, 1, POLL_MS);

        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return error_errno(err, errno, file->path);
    }
    r->cancelled = true;
    return error_set(err, ERR_CANCELLED, "the run is over");
}

/* Is this the end of the data for good? After an I/O error another run may read on, and then
 * the current record may be complete. */
static bool is_end(ssize_t got, const struct error *reading)
{
    return got == 0 || (got < 0 && reading->code == ERR_INPUT);
}

/* Read the first bytes of the file into the block. Invalid data ends them early: the next read
 * raises its error again. Fails only when the run is over. */
static int read_head(struct reader *r, struct error *err)
{
    ssize_t got = 1;

    r->stream.n_head = 0;
    while (r->stream.n_head < MAGIC_HEAD_BYTES && got > 0) {
        got = wait_for_input(r, err);
        if (got == 0)
            got = stream_read(r->stream.in, r->stream.block + r->stream.n_head,
                              BLOCK_BYTES - r->stream.n_head, err);
        if (r->cancelled)
            return -1;
        r->stream.n_head += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* Parquet and Arrow are read at many places of a file, not from its beginning to its end. */
static int refuse_table(const struct ingest_file *file, const char *name, struct error *err)
{
    if (file->archive)
        return error_set(err, ERR_INPUT,
                         "%s: is a Parquet or Arrow file in an archive: extract the archive "
                         "and ingest its files",
                         name);
    if (file->has_size)
        return error_set(err, ERR_INPUT,
                         "%s: is a Parquet or Arrow file that was compressed once more: "
                         "decompress it and ingest the result",
                         name);
    return error_set(err, ERR_INPUT,
                     "%s: is a Parquet or Arrow file, which cannot be read from a pipe: write "
                     "it to a file and name that",
                     name);
}

/* A file of another kind would give nothing but rejects: fail and name the kind. */
static int refuse_foreign_file(const struct reader *r, struct error *err)
{
    const struct ingest_file *file = reader_file(r);
    const char *name = strcmp(file->path, "-") == 0 ? "standard input" : file->path;
    const struct slice head = slice_of(r->stream.block, r->stream.n_head);
    const struct magic *magic = magic_find(head);

    if (table_matches(head))
        return refuse_table(file, name, err);
    if (magic)
        return error_set(err, ERR_INPUT, "%s: %s: %s", name, magic->what, magic->advice);
    if (r->ingest->settings.columns)
        return error_set(err, ERR_INPUT,
                         "%s: --columns is for Parquet and Arrow files: read this file "
                         "without the option",
                         name);
    return 0;
}

/* Fill the block. The first time it holds the first bytes already. */
static ssize_t read_block(struct reader *r, struct error *err)
{
    const size_t n_head = r->stream.n_head;

    r->stream.n_head = 0;
    if (n_head > 0)
        return (ssize_t)n_head;
    if (wait_for_input(r, err) < 0)
        return -1;
    return stream_read(r->stream.in, r->stream.block, BLOCK_BYTES, err);
}

static int add_records(struct reader *r, struct error *err)
{
    struct frame_record record;
    int rc;

    while ((rc = cutter_next(r->stream.cutter, &record, err)) == 1) {
        cutter_place(r->stream.cutter, &r->place);
        if (reader_add(r, &record, err) < 0)
            return -1;
        if (reader_is_explained(r))
            return 0;
    }
    return rc < 0 ? error_prefix(err, "%s", reader_file(r)->path) : 0;
}

/* Cut the stream into records. When its data is invalid, cut what was read before. */
static int read_stream(struct reader *r, struct error *err)
{
    struct error reading;
    ssize_t got;

    do {
        got = read_block(r, &reading);
        if (got < 0 && r->cancelled)
            break;
        if (got > 0 && cutter_feed(r->stream.cutter, r->stream.block, (size_t)got, err) < 0)
            return -1;
        if (is_end(got, &reading))
            cutter_finish(r->stream.cutter, got == 0);
        else if (got > 0)
            r->stream_bytes += (uint64_t)got;
        if (add_records(r, err) < 0)
            return -1;
    } while (got > 0 && !reader_is_explained(r));
    if (got < 0) {
        *err = reading;
        return -1;
    }
    return 0;
}

static int open_members(struct reader *r, const struct ingest_file *file, struct error *err)
{
    archive_reader_close(r->stream.members);
    r->stream.members = NULL;
    r->stream.next_member = 0;
    r->stream.members_of = file->archive;
    const int rc = archive_reader_open(file->local_path, &r->stream.members, err);
    if (rc == 0)
        return error_set(err, ERR_INPUT, "%s: is no archive any more: give the command again",
                         file->archive);
    return rc < 0 ? -1 : 0;
}

/* Go to a member. Members are read in their order, so a tar archive is decompressed once. */
static int find_member(struct reader *r, const struct ingest_file *file, struct error *err)
{
    struct archive_member member;

    if ((!r->stream.members || r->stream.members_of != file->archive ||
         r->stream.next_member > file->member) &&
        open_members(r, file, err) < 0)
        return -1;
    while (r->stream.next_member <= file->member) {
        const int rc = archive_reader_next(r->stream.members, &member, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            return error_set(err, ERR_INPUT,
                             "%s: the archive has changed: give the command "
                             "again",
                             file->path);
        r->stream.next_member++;
    }
    return 0;
}

static ssize_t read_member(void *arg, void *out, size_t n, struct error *err)
{
    return archive_reader_read(arg, out, n, err);
}

static int open_stream(struct reader *r, const struct ingest_file *file, struct error *err)
{
    const bool transcode = r->ingest->settings.policy.actions[DEFECT_BOM] != ACTION_REJECT;

    if (file->archive) {
        if (find_member(r, file, err) < 0)
            return -1;
        const struct inflate_source source = { .read = read_member, .arg = r->stream.members };
        if (stream_open_source(&source, file->path, transcode, &r->stream.in, err) < 0)
            return -1;
    } else if (stream_open(file->local_path, transcode, &r->stream.in, err) < 0) {
        return -1;
    }
    stream_limit_memory(r->stream.in, r->ingest->settings.memory.max_bytes);
    return 0;
}

/* Read the names of the columns, which stand before the place where an earlier run was stopped.
 */
static int reread_header(struct reader *r, struct error *err)
{
    ssize_t got = 1;
    int rc;

    while ((rc = cutter_read_header(r->stream.cutter, err)) == 0 && got > 0) {
        got = read_block(r, err);
        if (got < 0 || cutter_feed(r->stream.cutter, r->stream.block, (size_t)got, err) < 0)
            return -1;
    }
    if (rc == 0)
        return error_set(err, ERR_INPUT, "%s: cannot resume: the row of names is missing",
                         reader_file(r)->path);
    return rc < 0 ? -1 : 0;
}

/* Begin where an earlier run was stopped. */
static int resume_stream(struct reader *r, const struct ingest_file *file, struct error *err)
{
    const struct position *from = file->from;

    if (reread_header(r, err) < 0)
        return -1;
    stream_close(r->stream.in);
    r->stream.in = NULL;
    r->stream.n_head = 0;
    reader_resume_format(r);
    if (open_stream(r, file, err) < 0 || cutter_resume(r->stream.cutter, &from->place, err) < 0)
        return -1;
    return stream_resume(r->stream.in, &from->mark, from->place.byte_offset, err);
}

/* Records that lie at a path lie in a document. */
static int check_has_documents(const struct reader *r, struct error *err)
{
    const bool is_csv = r->stream.cutting.container == CONTAINER_CSV;

    if (!r->stream.cutting.records ||
        (!is_csv && r->stream.cutting.container != CONTAINER_TEXT))
        return 0;
    return error_set(err, ERR_INPUT,
                     "%s: is a %s, and --records is for JSON documents: read it without the "
                     "option",
                     reader_file(r)->path, is_csv ? "table" : "text");
}

static int begin_stream(struct reader *r, const struct ingest_file *file, struct error *err)
{
    struct stream_reader *stream = &r->stream;

    stream->cutting = (struct cutter_options){
        .max_record_bytes = r->ingest->settings.max_record_bytes,
        .delimiter = r->ingest->settings.delimiter,
        .records = r->ingest->settings.has_records ? &r->ingest->settings.records : NULL,
    };
    if (read_head(r, err) < 0 || refuse_foreign_file(r, err) < 0 ||
        container_find(file->path, slice_of(stream->block, stream->n_head),
                       &stream->cutting.delimiter, &stream->cutting.container, err) < 0 ||
        check_has_documents(r, err) < 0 ||
        cutter_new(&stream->cutting, &stream->cutter, err) < 0)
        return -1;
    return file->from ? resume_stream(r, file, err) : 0;
}

static int stream_source_open(struct reader *r, struct error *err)
{
    const struct ingest_file *file = reader_file(r);

    if (!r->stream.block)
        r->stream.block = malloc(BLOCK_BYTES);
    if (!r->stream.block)
        return error_nomem(err);
    if (open_stream(r, file, err) < 0 || begin_stream(r, file, err) < 0)
        return -1;
    cutter_place(r->stream.cutter, &r->place);
    return 0;
}

static void stream_source_describe(struct reader *r, struct batch *batch)
{
    const struct stream_reader *stream = &r->stream;

    batch->encoding = stream_encoding(stream->in);
    batch->container = stream->cutting.container;
    batch->delimiter = stream->cutting.delimiter;
    batch->n_columns = cutter_n_columns(stream->cutter);
    batch->noted_behind = batch->ends_file ? cutter_noted_behind(stream->cutter) : 0;
    batch->mark = stream_mark(stream->in, batch->place.byte_offset);
}

static int stream_source_stamp(const struct reader *r, struct file_stamp *out,
                               struct error *err)
{
    const struct ingest_file *file = reader_file(r);

    return file->archive
               ? file_stamp(file->local_path, out, err)
               : file_stamp_fd(inflate_fd(stream_inflate(r->stream.in)), file->path, out, err);
}

static uint64_t stream_source_position(const struct reader *r)
{
    return inflate_position(stream_inflate(r->stream.in));
}

static void stream_source_close(struct reader *r)
{
    cutter_free(r->stream.cutter);
    stream_close(r->stream.in);
    r->stream.cutter = NULL;
    r->stream.in = NULL;
}

void stream_reader_release(struct stream_reader *stream)
{
    archive_reader_close(stream->members);
    free(stream->block);
}

const struct record_source stream_source = {
    .open = stream_source_open,
    .read = read_stream,
    .describe = stream_source_describe,
    .stamp = stream_source_stamp,
    .position = stream_source_position,
    .close = stream_source_close,
};
