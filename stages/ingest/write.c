/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/queue.h"
#include "stages/ingest/ingest_private.h"
#include "stages/stage.h"
#include "store/source.h"
#include "store/store.h"

/* How long to wait for a batch before asking whether to stop. */
enum { WAIT_MS = 200, NO_FILE = 0 };

/* A file is given up once this many of its records are read and all of them rejected. */
enum { GIVE_UP_RECORDS = 10000 };

struct writer {
    struct ingest *ingest;
    struct ingest_tally *tally;
    struct batch **early; /* batches that wait for earlier ones, by number modulo n_batches */
    uint64_t next;        /* number of the batch to write next */
    size_t file;          /* index of the current file; SIZE_MAX before the first */
    int64_t file_id;      /* of its row; NO_FILE if unknown yet */
    bool had_rejects;     /* earlier runs rejected records of it */
    uint64_t n_read;      /* records of that file, including earlier runs */
    uint64_t n_rejected;  /* the same */
    struct defect_tally defects; /* of that file, of this run only */
};

static void count_defects(const struct batch *batch, struct defect_tally *tally)
{
    *tally = (struct defect_tally){ .rejected = { 0 } };
    for (size_t i = 0; i < batch->n; i++)
        defect_tally_count(tally, &batch->parsed[i]);
    defect_tally_accept(tally, parse_frame_defects(batch->noted_behind));
}

/* Count the samples of a batch and those of another format than their file. */
static void count_parsed(const struct batch *batch, struct ingest_tally *tally)
{
    for (size_t i = 0; i < batch->n; i++) {
        const struct parsed *parsed = &batch->parsed[i];

        tally->n_parsed += !parsed->rejected_for;
        tally->n_other_format += !parsed->rejected_for && parsed->format != batch->format;
    }
}

static struct reject reject_of_record(const struct writer *w, const struct batch *batch,
                                      size_t i)
{
    const struct frame_record *record = &batch->records[i];

    return (struct reject){
        .file_id = w->file_id,
        .line = record->line,
        .byte_offset = record->byte_offset,
        .byte_len = record->byte_len,
        .class = defect_classes[batch->parsed[i].rejected_for].name,
        .detail = batch->parsed[i].detail,
        .raw = record->text,
    };
}

static int write_reject(struct writer *w, const struct batch *batch, size_t i,
                        struct error *err)
{
    const struct reject reject = reject_of_record(w, batch, i);

    return reject_add(w->ingest->context->store, &reject, w->ingest->context->run_id, err);
}

/* The record is a sample now: remove what earlier runs rejected of it. */
static int close_rejects(struct writer *w, const struct batch *batch, size_t i,
                         struct error *err)
{
    const struct reject record = reject_of_record(w, batch, i);

    if (!w->had_rejects)
        return 0;
    return reject_close(w->ingest->context->store, &record, &w->tally->n_closed, err);
}

static int add_batch_rows(struct writer *w, struct batch *batch, struct run_counts *counts,
                          struct error *err)
{
    const struct stage_context *context = w->ingest->context;
    int64_t sample_id;

    for (size_t i = 0; i < batch->n; i++) {
        struct sample *sample = &batch->parsed[i].sample;

        sample->file_id = w->file_id;
        if (!batch->parsed[i].rejected_for &&
            defect_check_id(context->store, &w->ingest->settings.policy, &batch->parsed[i],
                            err) < 0)
            return -1;
        if (batch->parsed[i].rejected_for) {
            if (write_reject(w, batch, i, err) < 0)
                return -1;
            counts->n_rejected++;
            continue;
        }
        const int added = sample_add(context->store, sample, context->run_id, &sample_id, err);
        if (added < 0 || (added == 1 && defect_store_sample(context->store, sample_id,
                                                            batch->parsed[i].defects, err) < 0))
            return -1;
        if (close_rejects(w, batch, i, err) < 0)
            return -1;
        counts->n_inserted += added == 1;
        counts->n_duplicate += added == 0;
    }
    return 0;
}

/* Begin to count the records of the batch's file, unless it is the current one. */
static void count_new_file(struct writer *w, const struct batch *batch)
{
    const struct ingest_file *file = &w->ingest->files.items[batch->file];

    if (w->file == batch->file)
        return;
    w->file = batch->file;
    w->file_id = NO_FILE;
    w->n_read = file->from ? file->from->n_read : 0;
    w->n_rejected = file->from ? file->from->n_rejected : 0;
    w->defects = (struct defect_tally){ .rejected = { 0 } };
}

/* Can nothing be used of the file, as far as it is read with this batch? The end of a file is
 * judged with the run. */
static bool is_useless(const struct writer *w, const struct batch *batch,
                       const struct run_counts *counts)
{
    const uint64_t n_read = w->n_read + counts->n_read;

    return !batch->ends_file && n_read >= GIVE_UP_RECORDS &&
           w->n_rejected + counts->n_rejected == n_read &&
           w->ingest->settings.max_reject_percent < 100;
}

static int give_up_file(const struct writer *w, struct error *err)
{
    char classes[200];

    defect_tally_list(w->defects.rejected, false, classes, sizeof classes);
    return error_set(err, ERR_INPUT,
                     "%s: every one of the first %" PRIu64 " records was rejected (%s), so the "
                     "rest was not read%s; --max-rejects 100 reads all",
                     w->ingest->files.items[w->file].path, w->n_read, classes,
                     w->ingest->context->dry_run ? "" : "; 'curate rejects' lists them");
}

/* Set w->file_id to the row of the current file, which its first batch makes. */
static int use_file(struct writer *w, struct error *err)
{
    const struct ingest_file *file = &w->ingest->files.items[w->file];

    if (w->file_id != NO_FILE)
        return 0;
    if (source_file_put(w->ingest->context->store, file->source, file->path, &w->file_id, err) <
        0)
        return -1;
    const int found = reject_exists(w->ingest->context->store, w->file_id, err);
    w->had_rejects = found > 0;
    return found < 0 ? -1 : 0;
}

/* Store how far the file is read, so that the next run continues there. A pipe has no position,
 * and a file that is given up is read from the beginning. */
static int store_position(struct writer *w, const struct batch *batch,
                          const struct run_counts *counts, struct error *err)
{
    const struct ingest_file *file = &w->ingest->files.items[batch->file];
    struct position position = {
        .settings = w->ingest->settings.hash,
        .stamp = file->stamp,
        .done = batch->ends_file,
        .n_read = w->n_read + counts->n_read,
        .n_rejected = w->n_rejected + counts->n_rejected,
        .place = batch->place,
        .mark = batch->mark,
    };

    if (!file->has_size)
        return 0;
    if (is_useless(w, batch, counts))
        return position_remove(w->ingest->context->store, w->file_id, err);
    if (batch->format)
        snprintf(position.format, sizeof position.format, "%s", batch->format->name);
    return position_put(w->ingest->context->store, w->file_id, &position,
                        w->ingest->context->run_id, err);
}

/* Store rows, counts and position in one transaction, so that they agree after a kill. */
static int commit_batch(struct writer *w, struct batch *batch, struct defect_tally *defects,
                        struct run_counts *counts, struct error *err)
{
    struct store *store = w->ingest->context->store;

    if (store_begin(store, err) < 0)
        return -1;
    int rc = use_file(w, err);
    if (rc == 0)
        rc = add_batch_rows(w, batch, counts, err);
    count_defects(batch, defects);
    if (rc == 0 && run_add_counts(store, w->ingest->context->run_id, counts, err) == 0 &&
        defect_tally_store(defects, &w->ingest->settings.policy, store,
                           w->ingest->context->run_id, err) == 0 &&
        store_position(w, batch, counts, err) == 0 && store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

static void report_csv(struct report *report, const char *path, const struct batch *batch)
{
    if (batch->delimiter == '\t')
        report_note(report, "%s: is a table of %zu columns between tabs", path,
                    batch->n_columns);
    else
        report_note(report, "%s: is a table of %zu columns between '%c'", path,
                    batch->n_columns, batch->delimiter);
}

/* Report how a file is read, with its first batch. */
static void report_format(const struct writer *w, const struct batch *batch)
{
    struct report *report = w->ingest->context->report;
    const char *path = w->ingest->files.items[batch->file].path;

    if (!batch->begins_file)
        return;
    if (batch->encoding)
        report_note(report, "%s: is %s, converted to UTF-8", path, batch->encoding);
    if (batch->container == CONTAINER_CSV)
        report_csv(report, path, batch);
    if (batch->n == 0)
        report_note(report, "%s: no records", path);
    else if (batch->container == CONTAINER_TEXT)
        w->tally->n_documents++;
    else if (w->ingest->settings.forced)
        report_note(report, "%s: read as %s, as --format says", path, batch->format->name);
    else if (batch->format)
        report_note(report, "%s: read as %s (%zu of the first %zu records have this shape)",
                    path, batch->format->name, batch->n_votes, batch->n_looked_at);
    else
        report_note(report, "%s: none of the first %zu records has a known shape", path,
                    batch->n_looked_at);
}

static int write_next_batch(struct writer *w, struct batch *batch, struct error *err)
{
    const struct stage_context *context = w->ingest->context;
    struct run_counts counts = { .n_read = batch->n };
    struct ingest_tally *tally = w->tally;
    struct defect_tally defects;

    count_new_file(w, batch);
    report_format(w, batch);
    if (context->dry_run)
        count_defects(batch, &defects);
    else if (commit_batch(w, batch, &defects, &counts, err) < 0)
        return -1;
    const uint64_t parsed_before = tally->n_parsed;
    count_parsed(batch, tally);
    if (context->dry_run)
        counts.n_rejected = batch->n - (tally->n_parsed - parsed_before);
    tally->counts.n_read += counts.n_read;
    tally->counts.n_inserted += counts.n_inserted;
    tally->counts.n_duplicate += counts.n_duplicate;
    tally->counts.n_rejected += counts.n_rejected;
    defect_tally_add(&tally->defects, &defects);
    tally->stream_bytes = batch->stream_bytes;
    context->report->done = batch->position_bytes;
    context->report->n_rejected = tally->counts.n_rejected;
    report_tick(context->report);
    const bool useless = is_useless(w, batch, &counts);
    w->n_read += counts.n_read;
    w->n_rejected += counts.n_rejected;
    defect_tally_add(&w->defects, &defects);
    return useless ? give_up_file(w, err) : 0;
}

/* Write all batches that follow the last written one without a gap. */
static int write_due(struct writer *w, struct error *err)
{
    const size_t n_slots = w->ingest->n_batches;
    struct batch *batch;

    while (w->tally->stop_signal == 0 && (batch = w->early[w->next % n_slots])) {
        w->early[w->next % n_slots] = NULL;
        w->next++;
        if (write_next_batch(w, batch, err) < 0)
            return -1;
        (void)queue_put(w->ingest->free, batch); /* fails only when the run is over */
        w->tally->stop_signal = report_stop(w->ingest->context->report);
    }
    return 0;
}

static int write_batches(struct writer *w, struct error *err)
{
    struct report *report = w->ingest->context->report;
    void *item;
    int rc;

    while (w->tally->stop_signal == 0 &&
           (rc = queue_take_within(w->ingest->done, WAIT_MS, &item)) >= 0) {
        if (rc == 0) {
            report_tick(report);
            w->tally->stop_signal = report_stop(report);
            continue;
        }
        struct batch *batch = item;
        w->early[batch->number % w->ingest->n_batches] = batch;
        if (write_due(w, err) < 0)
            return -1;
    }
    return 0;
}

int ingest_write(struct ingest *ingest, struct ingest_tally *tally, struct error *err)
{
    struct writer writer = { .ingest = ingest, .tally = tally, .file = SIZE_MAX };

    *tally = (struct ingest_tally){ .stop_signal = 0 };
    writer.early = arena_alloc(&ingest->files.arena, ingest->n_batches, sizeof *writer.early);
    if (!writer.early)
        return error_nomem(err);
    for (size_t i = 0; i < ingest->n_batches; i++)
        writer.early[i] = NULL;
    return write_batches(&writer, err);
}
