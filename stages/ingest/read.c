/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/io/archivein.h"
#include "base/io/magic.h"
#include "base/io/stream.h"
#include "base/threads/queue.h"
#include "stages/ingest/cutter.h"
#include "stages/ingest/ingest_private.h"
#include "stages/stage.h"

enum {
    BLOCK_BYTES = 256 * 1024,
    VOTERS = 200, /* records that vote on the format of their file */
    POLL_MS = 200,
};

struct reader {
    struct ingest *ingest;
    struct parser *parser; /* for the votes */
    struct batch *batch;   /* being filled; NULL between two batches */
    char *block;
    struct archive_reader *members; /* the archive that is being read */
    const char *members_of;         /* its path */
    uint64_t next_member;           /* number of the member that it reads next */
    size_t n_head; /* bytes of the block that were read to recognise the file */
    struct stream *in;
    struct cutter *cutter;
    struct cutter_options cutting;
    struct frame_place place; /* after the last record */
    size_t file;              /* index in the list */
    bool file_begun;          /* a batch of this file was sent */
    const struct format *format;
    uint64_t n_batches;
    uint64_t position_before; /* stored bytes of the earlier files */
    uint64_t stream_bytes;
    bool cancelled;

    /* Batches return when they are committed. The reader waits for them when too many bytes are
     * in flight, and keeps them here until it fills them. */
    struct batch **spare;
    size_t n_spare;
    uint64_t in_flight_bytes; /* of records in batches that were sent and have not returned */
};

/* Wait for a batch to return. NULL when the run is over. */
static struct batch *wait_for_batch(struct reader *r, struct error *err)
{
    struct batch *batch = queue_take(r->ingest->free);

    if (!batch) {
        r->cancelled = true;
        error_set(err, ERR_CANCELLED, "the run is over");
        return NULL;
    }
    r->in_flight_bytes -= batch->raw.len;
    batch_clear(batch, 2 * r->ingest->settings.memory.batch_bytes);
    return batch;
}

/* Set r->batch to an empty batch. */
static int begin_batch(struct reader *r, struct error *err)
{
    r->batch = r->n_spare > 0 ? r->spare[--r->n_spare] : wait_for_batch(r, err);
    return r->batch ? 0 : -1;
}

/* Wait until n more bytes may be in flight, or no other batch is. */
static int limit_in_flight(struct reader *r, size_t n, struct error *err)
{
    const size_t most = r->ingest->settings.memory.in_flight_bytes;

    while (r->in_flight_bytes > 0 && r->in_flight_bytes + r->batch->raw.len + n > most) {
        struct batch *batch = wait_for_batch(r, err);

        if (!batch)
            return -1;
        r->spare[r->n_spare++] = batch;
    }
    return 0;
}

/* Choose the format of the file: each good record has a vote. Of two formats with as many votes
 * the more particular one wins, which comes first in the list. */
static int choose_by_vote(struct reader *r, struct batch *batch, struct error *err)
{
    const struct format *votes[VOTERS];
    size_t n_bytes = 0; /* limited, so that the size of batches does not change the vote */

    while (batch->n_looked_at < batch->n && batch->n_looked_at < VOTERS &&
           n_bytes < BATCH_RAW_LEAST)
        n_bytes += batch->records[batch->n_looked_at++].text.len;
    for (size_t i = 0; i < batch->n_looked_at; i++)
        if (parse_detect(r->parser, &batch->records[i], &votes[i], err) < 0)
            return -1;
    for (size_t f = 0; formats[f]; f++) {
        size_t n = 0;

        for (size_t i = 0; i < batch->n_looked_at; i++)
            n += votes[i] == formats[f];
        if (n > batch->n_votes) {
            batch->n_votes = n;
            r->format = formats[f];
        }
    }
    return 0;
}

/* Check that the file is the one whose stamp the run has, after its bytes were read. A dry run
 * has no stamps, a pipe neither. */
static int check_unchanged(const struct reader *r, struct error *err)
{
    const struct ingest_file *file = &r->ingest->files.items[r->file];
    struct file_stamp now;

    if (!file->has_size || r->ingest->context->dry_run)
        return 0;
    const int rc =
        file->archive ? file_stamp(file->local_path, &now, err)
                      : file_stamp_fd(inflate_fd(stream_inflate(r->in)), file->path, &now, err);
    if (rc < 0)
        return -1;
    if (file_stamp_equal(&now, &file->stamp))
        return 0;
    return error_set(err, ERR_INPUT,
                     "%s: the file changed while it was read: run the command again, it reads "
                     "the file from the beginning",
                     file->path);
}

static int send_batch(struct reader *r, bool ends_file, struct error *err)
{
    struct batch *batch = r->batch;

    if (check_unchanged(r, err) < 0) {
        r->ingest->n_framed -= batch->n_records;
        batch->n = 0; /* its end is sent once more */
        batch->n_records = 0;
        r->spare[r->n_spare++] = batch;
        r->batch = NULL;
        return -1;
    }
    batch_seal(batch);
    batch->number = r->n_batches++;
    batch->file = r->file;
    batch->begins_file = !r->file_begun;
    batch->ends_file = ends_file;
    batch->encoding = stream_encoding(r->in);
    batch->container = r->cutting.container;
    batch->delimiter = r->cutting.delimiter;
    batch->n_columns = cutter_n_columns(r->cutter);
    batch->noted_behind = ends_file ? cutter_noted_behind(r->cutter) : 0;
    batch->place = r->place;
    batch->mark = stream_mark(r->in, batch->place.byte_offset);
    batch->n_votes = batch->n_looked_at = 0;
    if (batch->begins_file && r->ingest->settings.forced)
        r->format = r->ingest->settings.forced;
    else if (batch->begins_file && choose_by_vote(r, batch, err) < 0)
        return -1;
    r->file_begun = true;
    batch->format = r->format;
    batch->position_bytes = r->position_before + inflate_position(stream_inflate(r->in));
    batch->stream_bytes = r->stream_bytes;
    r->batch = NULL;
    r->in_flight_bytes += batch->raw.len;
    if (queue_put(r->ingest->filled, batch))
        return 0;
    r->cancelled = true;
    return error_set(err, ERR_CANCELLED, "the run is over");
}

/* Has --explain seen enough of the file? The first batch decides on its shape. */
static bool is_explained(const struct reader *r)
{
    return r->ingest->explain && r->file_begun;
}

static int add_records(struct reader *r, struct error *err)
{
    struct frame_record record;
    int rc;

    while ((rc = cutter_next(r->cutter, &record, err)) == 1) {
        if (!r->batch && begin_batch(r, err) < 0)
            return -1;
        if (limit_in_flight(r, record.text.len, err) < 0 ||
            batch_add(r->batch, &record, err) < 0)
            return -1;
        cutter_place(r->cutter, &r->place);
        r->ingest->n_framed += 1 + record.n_more_rows;
        if (batch_is_full(r->batch, r->ingest->settings.memory.batch_bytes) &&
            send_batch(r, false, err) < 0)
            return -1;
        if (is_explained(r))
            return 0;
    }
    return rc < 0 ? error_prefix(err, "%s", r->ingest->files.items[r->file].path) : 0;
}

/* Wait until a pipe has bytes or the run is over. A writer may send nothing for hours, and a
 * thread that blocks in read(2) would not notice the end of the run. */
static int wait_for_input(struct reader *r, struct error *err)
{
    const struct ingest_file *file = &r->ingest->files.items[r->file];
    struct pollfd input = { .fd = inflate_fd(stream_inflate(r->in)), .events = POLLIN };

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

    r->n_head = 0;
    while (r->n_head < MAGIC_HEAD_BYTES && got > 0) {
        got = wait_for_input(r, err);
        if (got == 0)
            got = stream_read(r->in, r->block + r->n_head, BLOCK_BYTES - r->n_head, err);
        if (r->cancelled)
            return -1;
        r->n_head += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* A file of another kind would give nothing but rejects: fail and name the kind. */
static int refuse_foreign_file(const struct reader *r, struct error *err)
{
    const char *path = r->ingest->files.items[r->file].path;
    const struct magic *magic = magic_find(slice_of(r->block, r->n_head));

    if (!magic)
        return 0;
    return error_set(err, ERR_INPUT, "%s: %s: %s",
                     strcmp(path, "-") == 0 ? "standard input" : path, magic->what,
                     magic->advice);
}

/* Fill the block. The first time it holds the first bytes already. */
static ssize_t read_block(struct reader *r, struct error *err)
{
    const size_t n_head = r->n_head;

    r->n_head = 0;
    if (n_head > 0)
        return (ssize_t)n_head;
    if (wait_for_input(r, err) < 0)
        return -1;
    return stream_read(r->in, r->block, BLOCK_BYTES, err);
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
        if (got > 0 && cutter_feed(r->cutter, r->block, (size_t)got, err) < 0)
            return -1;
        if (is_end(got, &reading))
            cutter_finish(r->cutter, got == 0);
        else if (got > 0)
            r->stream_bytes += (uint64_t)got;
        if (add_records(r, err) < 0)
            return -1;
    } while (got > 0 && !is_explained(r));
    if (got < 0) {
        *err = reading;
        return -1;
    }
    return 0;
}

/* Send the last batch of the file, which says that the file is done, even if it is empty. */
static int end_file(struct reader *r, bool whole, struct error *err)
{
    if (!r->batch && begin_batch(r, err) < 0)
        return -1;
    return send_batch(r, whole, err);
}

static int open_members(struct reader *r, const struct ingest_file *file, struct error *err)
{
    archive_reader_close(r->members);
    r->members = NULL;
    r->next_member = 0;
    r->members_of = file->archive;
    const int rc = archive_reader_open(file->local_path, &r->members, err);
    if (rc == 0)
        return error_set(err, ERR_INPUT, "%s: is no archive any more: give the command again",
                         file->archive);
    return rc < 0 ? -1 : 0;
}

/* Go to a member. Members are read in their order, so a tar archive is decompressed once. */
static int find_member(struct reader *r, const struct ingest_file *file, struct error *err)
{
    struct archive_member member;

    if ((!r->members || r->members_of != file->archive || r->next_member > file->member) &&
        open_members(r, file, err) < 0)
        return -1;
    while (r->next_member <= file->member) {
        const int rc = archive_reader_next(r->members, &member, err);

        if (rc < 0)
            return -1;
        if (rc == 0)
            return error_set(err, ERR_INPUT,
                             "%s: the archive has changed: give the command "
                             "again",
                             file->path);
        r->next_member++;
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
        const struct inflate_source source = { .read = read_member, .arg = r->members };
        if (stream_open_source(&source, file->path, transcode, &r->in, err) < 0)
            return -1;
    } else if (stream_open(file->local_path, transcode, &r->in, err) < 0) {
        return -1;
    }
    stream_limit_memory(r->in, r->ingest->settings.memory.max_bytes);
    return 0;
}

/* Read the names of the columns, which stand before the place where an earlier run was stopped.
 */
static int reread_header(struct reader *r, struct error *err)
{
    ssize_t got = 1;
    int rc;

    while ((rc = cutter_read_header(r->cutter, err)) == 0 && got > 0) {
        got = read_block(r, err);
        if (got < 0 || cutter_feed(r->cutter, r->block, (size_t)got, err) < 0)
            return -1;
    }
    if (rc == 0)
        return error_set(err, ERR_INPUT, "%s: cannot resume: the row of names is missing",
                         r->ingest->files.items[r->file].path);
    return rc < 0 ? -1 : 0;
}

/* Begin where an earlier run was stopped. */
static int resume_file(struct reader *r, const struct ingest_file *file, struct error *err)
{
    const struct position *from = file->from;

    if (reread_header(r, err) < 0)
        return -1;
    stream_close(r->in);
    r->in = NULL;
    r->n_head = 0;
    r->file_begun = true;
    r->format =
        r->ingest->settings.forced ? r->ingest->settings.forced : format_find(from->format);
    if (open_stream(r, file, err) < 0 || cutter_resume(r->cutter, &from->place, err) < 0)
        return -1;
    return stream_resume(r->in, &from->mark, from->place.byte_offset, err);
}

/* Records that lie at a path lie in a document. */
static int check_has_documents(const struct reader *r, struct error *err)
{
    const bool is_csv = r->cutting.container == CONTAINER_CSV;

    if (!r->cutting.records || (!is_csv && r->cutting.container != CONTAINER_TEXT))
        return 0;
    return error_set(err, ERR_INPUT,
                     "%s: is a %s, and --records is for JSON documents: read it without the "
                     "option",
                     r->ingest->files.items[r->file].path, is_csv ? "table" : "text");
}

static int begin_file(struct reader *r, const struct ingest_file *file, struct error *err)
{
    r->cutting = (struct cutter_options){
        .max_record_bytes = r->ingest->settings.max_record_bytes,
        .delimiter = r->ingest->settings.delimiter,
        .records = r->ingest->settings.has_records ? &r->ingest->settings.records : NULL,
    };
    if (read_head(r, err) < 0 || refuse_foreign_file(r, err) < 0 ||
        container_find(file->path, slice_of(r->block, r->n_head), &r->cutting.delimiter,
                       &r->cutting.container, err) < 0 ||
        check_has_documents(r, err) < 0 || cutter_new(&r->cutting, &r->cutter, err) < 0)
        return -1;
    return file->from ? resume_file(r, file, err) : 0;
}

static int read_file(struct reader *r, struct error *err)
{
    const struct ingest_file *file = &r->ingest->files.items[r->file];
    struct error ending;
    int rc = -1;

    r->file_begun = false;
    r->format = NULL;
    if (open_stream(r, file, err) < 0 || begin_file(r, file, err) < 0)
        goto done;
    cutter_place(r->cutter, &r->place);
    rc = read_stream(r, err);
    if (!r->cancelled && end_file(r, rc == 0, rc < 0 ? &ending : err) < 0)
        rc = -1;
    r->position_before += inflate_position(stream_inflate(r->in));
done:
    cutter_free(r->cutter);
    stream_close(r->in);
    r->cutter = NULL;
    r->in = NULL;
    return rc;
}

static int read_files(struct reader *r, struct error *err)
{
    for (r->file = 0; r->file < r->ingest->files.n; r->file++) {
        const struct ingest_file *file = &r->ingest->files.items[r->file];

        if (file->from && file->from->done)
            r->position_before += file->size_bytes;
        else if (read_file(r, err) < 0)
            return -1;
    }
    return 0;
}

void *ingest_read(void *arg)
{
    struct ingest *ingest = arg;
    struct reader r = { .ingest = ingest, .block = malloc(BLOCK_BYTES) };
    struct error err;
    int rc = -1;

    r.spare = calloc(ingest->n_batches, sizeof *r.spare);
    if (!r.block || !r.spare)
        error_nomem(&err);
    else if (parser_new(&ingest->settings.format_options, &r.parser, &err) == 0)
        rc = read_files(&r, &err);
    if (rc < 0 && !r.cancelled) {
        ingest->reading_failed = true;
        ingest->reading_failure = err;
    }
    archive_reader_close(r.members);
    parser_free(r.parser);
    free(r.spare);
    free(r.block);
    queue_close(ingest->filled);
    return NULL;
}
