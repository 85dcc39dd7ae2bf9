/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/queue.h"
#include "stages/ingest/read_private.h"
#include "stages/stage.h"

enum { VOTERS = 200 }; /* records that vote on the format of their file */

const struct ingest_file *reader_file(const struct reader *r)
{
    return &r->ingest->files.items[r->file];
}

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
    const struct ingest_file *file = reader_file(r);
    struct file_stamp now;

    if (!file->has_size || r->ingest->context->dry_run)
        return 0;
    if (r->source->stamp(r, &now, err) < 0)
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
    batch->place = r->place;
    r->source->describe(r, batch);
    batch->n_votes = batch->n_looked_at = 0;
    if (batch->begins_file && r->ingest->settings.forced)
        r->format = r->ingest->settings.forced;
    else if (batch->begins_file && choose_by_vote(r, batch, err) < 0)
        return -1;
    r->file_begun = true;
    batch->format = r->format;
    batch->position_bytes = r->position_before + r->source->position(r);
    batch->stream_bytes = r->stream_bytes;
    r->batch = NULL;
    r->in_flight_bytes += batch->raw.len;
    if (queue_put(r->ingest->filled, batch))
        return 0;
    r->cancelled = true;
    return error_set(err, ERR_CANCELLED, "the run is over");
}

bool reader_is_explained(const struct reader *r)
{
    return r->ingest->explain && r->file_begun;
}

void reader_resume_format(struct reader *r)
{
    const struct format *forced = r->ingest->settings.forced;

    r->file_begun = true;
    r->format = forced ? forced : format_find(reader_file(r)->from->format);
}

int reader_add(struct reader *r, const struct frame_record *record, struct error *err)
{
    if (!r->batch && begin_batch(r, err) < 0)
        return -1;
    if (limit_in_flight(r, record->text.len, err) < 0 || batch_add(r->batch, record, err) < 0)
        return -1;
    r->ingest->n_framed += 1 + record->n_more_rows;
    if (!batch_is_full(r->batch, r->ingest->settings.memory.batch_bytes))
        return 0;
    return send_batch(r, false, err);
}

/* Send the last batch of the file, which says that the file is done, even if it is empty. */
static int end_file(struct reader *r, bool whole, struct error *err)
{
    if (!r->batch && begin_batch(r, err) < 0)
        return -1;
    return send_batch(r, whole, err);
}

/* Read the file that is open, and send what was read before an error, too. */
static int read_open_file(struct reader *r, struct error *err)
{
    struct error ending;
    int rc = r->source->read(r, err);

    if (!r->cancelled && end_file(r, rc == 0, rc < 0 ? &ending : err) < 0)
        rc = -1;
    r->position_before += r->source->position(r);
    return rc;
}

static int read_file(struct reader *r, struct error *err)
{
    const int is_table = table_reader_matches(reader_file(r), err);

    if (is_table < 0)
        return -1;
    r->file_begun = false;
    r->format = NULL;
    r->source = is_table ? &table_source : &stream_source;
    int rc = r->source->open(r, err);
    if (rc == 0)
        rc = read_open_file(r, err);
    r->source->close(r);
    return rc;
}

static int read_files(struct reader *r, struct error *err)
{
    for (r->file = 0; r->file < r->ingest->files.n; r->file++) {
        const struct ingest_file *file = reader_file(r);

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
    struct reader r = { .ingest = ingest, .table = { .fd = -1 } };
    struct error err;
    int rc = -1;

    r.spare = calloc(ingest->n_batches, sizeof *r.spare);
    if (!r.spare)
        error_nomem(&err);
    else if (parser_new(&ingest->settings.format_options, &r.parser, &err) == 0)
        rc = read_files(&r, &err);
    if (rc < 0 && !r.cancelled) {
        ingest->reading_failed = true;
        ingest->reading_failure = err;
    }
    stream_reader_release(&r.stream);
    parser_free(r.parser);
    free(r.spare);
    queue_close(ingest->filled);
    return NULL;
}
