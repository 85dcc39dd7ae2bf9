/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/queue.h"
#include "stages/ingest/explain.h"
#include "stages/ingest/ingest_private.h"
#include "stages/ingest/kinds.h"
#include "stages/ingest/outline.h"
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
    bool has_rejects;     /* so did this run */
    uint64_t n_read;      /* samples and rejects of that file, including earlier runs */
    uint64_t n_rejected;  /* the same */
    struct defect_tally defects; /* of that file, of this run only */
    struct parser *parser;       /* for records that hold several samples; NULL until then */
    char passed_over[sizeof((struct batch *)0)->passed_over]; /* as reported last */
};

/* What a batch holds. */
struct batch_sums {
    struct run_counts counts;
    struct defect_tally defects;
    uint64_t n_parsed;
    uint64_t n_other_format;
    uint64_t n_several; /* records that hold several samples */
    uint64_t n_items;   /* samples and rejects of these records */
};

/* Where to write a batch. */
struct batch_writer {
    struct writer *writer;
    const struct batch *batch;
    struct batch_sums *sums;
};

static struct reject reject_of_record(const struct writer *w, const struct frame_record *record,
                                      const struct parsed *parsed)
{
    return (struct reject){
        .file_id = w->file_id,
        .line = record->line,
        .byte_offset = record->byte_offset,
        .byte_len = record->byte_len,
        .item = parsed->sample.item,
        .n_rows = 1 + record->n_more_rows,
        .class = defect_classes[parsed->rejected_for].name,
        .detail = parsed->detail,
        .raw = record->issue == FRAME_BAD_PAGE ? slice_of(NULL, 0) : record->text,
    };
}

static int write_reject(struct writer *w, const struct frame_record *record,
                        const struct parsed *parsed, struct error *err)
{
    const struct reject reject = reject_of_record(w, record, parsed);

    return reject_add(w->ingest->context->store, &reject, w->ingest->context->run_id, err);
}

/* The record is a sample now, or holds several: remove what earlier runs rejected of it. */
static int close_rejects(struct writer *w, const struct frame_record *record,
                         const struct parsed *parsed, struct error *err)
{
    const struct reject reject = reject_of_record(w, record, parsed);

    if (!w->had_rejects || w->ingest->context->dry_run)
        return 0;
    return reject_close(w->ingest->context->store, &reject, &w->tally->n_closed, err);
}

/* Add the rows of a sample or of a reject. */
static int add_rows(struct writer *w, const struct frame_record *record, struct parsed *parsed,
                    struct run_counts *counts, struct error *err)
{
    const struct stage_context *context = w->ingest->context;
    int64_t sample_id;

    parsed->sample.file_id = w->file_id;
    if (!parsed->rejected_for &&
        defect_check_id(context->store, &w->ingest->settings.policy, parsed, err) < 0)
        return -1;
    if (parsed->rejected_for)
        return write_reject(w, record, parsed, err);
    const int added =
        sample_add(context->store, &parsed->sample, context->run_id, &sample_id, err);
    if (added < 0 || (added == 1 &&
                      defect_store_sample(context->store, sample_id, parsed->defects, err) < 0))
        return -1;
    if (kinds_count_sample(context, &parsed->sample, sample_id, added == 1, counts, err) < 0)
        return -1;
    return close_rejects(w, record, parsed, err);
}

/* Count which paths of --map lead to something. */
static void count_mapped(struct ingest_tally *tally, const struct frame_record *record,
                         const struct parsed *parsed)
{
    if (parsed->format != &format_mapped)
        return;
    if (tally->n_mapped++ == 0)
        outline_names(record->text, tally->map_members, sizeof tally->map_members);
    tally->map_found |= ~parsed->map_missing;
}

/* Write one sample or reject; in a dry run only count it. */
static int write_item(void *arg, const struct frame_record *record, struct parsed *parsed,
                      struct error *err)
{
    const struct batch_writer *writer = arg;
    const struct ingest *ingest = writer->writer->ingest;
    struct batch_sums *sums = writer->sums;

    if (ingest->explain)
        return explain_record(ingest->explain, ingest->files.items[writer->batch->file].path,
                              writer->batch->format, record, parsed, err);
    if (!parsed->rejected_for &&
        kinds_check(ingest->settings.expected_kinds, parsed->sample.kind,
                    ingest->files.items[writer->batch->file].path, record->line, err) < 0)
        return -1;
    if (!ingest->context->dry_run &&
        add_rows(writer->writer, record, parsed, &sums->counts, err) < 0)
        return -1;
    count_mapped(writer->writer->tally, record, parsed);
    if (ingest->context->dry_run && !parsed->rejected_for)
        sums->counts.n_of_kind[parsed->sample.kind]++;
    sums->counts.n_read += 1 + parsed->n_more_rows;
    if (parsed->rejected_for)
        sums->counts.n_rejected += 1 + parsed->n_more_rows;
    sums->n_parsed += !parsed->rejected_for;
    sums->n_other_format += !parsed->rejected_for && parsed->format != writer->batch->format;
    defect_tally_count(&sums->defects, parsed);
    return 0;
}

/* Parse and write what a record holds. This thread parses it, so that one sample is in memory
 * at a time. */
static int write_several(struct batch_writer *writer, const struct frame_record *record,
                         const struct parsed *several, struct error *err)
{
    struct ingest *ingest = writer->writer->ingest;
    const struct parse_sink sink = { .each = write_item, .arg = writer };
    const uint64_t n_before = writer->sums->counts.n_read;
    struct parser **parser = &writer->writer->parser;

    if (!*parser && parser_new(&ingest->settings.format_options, parser, err) < 0)
        return -1;
    if (parse_several(*parser, record, several, writer->batch->format, ingest->settings.forced,
                      &sink, err) < 0 ||
        close_rejects(writer->writer, record, several, err) < 0)
        return -1;
    writer->sums->n_several++;
    writer->sums->n_items += writer->sums->counts.n_read - n_before;
    return 0;
}

static int write_records(struct writer *w, struct batch *batch, struct batch_sums *sums,
                         struct error *err)
{
    struct batch_writer writer = { .writer = w, .batch = batch, .sums = sums };

    for (size_t i = 0; i < batch->n; i++) {
        struct parsed *parsed = &batch->parsed[i];
        const struct frame_record *record = &batch->records[i];

        if (parsed->several ? write_several(&writer, record, parsed, err) < 0
                            : write_item(&writer, record, parsed, err) < 0)
            return -1;
    }
    defect_tally_accept(&sums->defects, parse_frame_defects(batch->noted_behind));
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
    w->has_rejects = false;
    w->n_read = file->from ? file->from->n_read : 0;
    w->n_rejected = file->from ? file->from->n_rejected : 0;
    w->defects = (struct defect_tally){ .rejected = { 0 } };
}

/* Can nothing be used of the file, as far as it is read with this batch? The end of a file is
 * judged with the run. A bad page may lose many rows at once, and the next group be good. */
static bool is_useless(const struct writer *w, const struct batch *batch,
                       const struct batch_sums *sums)
{
    const uint64_t n_read = w->n_read + sums->counts.n_read;
    const bool has_bad_page =
        w->defects.rejected[DEFECT_BAD_PAGE] + sums->defects.rejected[DEFECT_BAD_PAGE] > 0;

    return !batch->ends_file && n_read >= GIVE_UP_RECORDS && !has_bad_page &&
           w->n_rejected + sums->counts.n_rejected == n_read &&
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
    if ((file->config || file->split) &&
        source_file_set_split(w->ingest->context->store, file->source, file->path, file->config,
                              file->split, err) < 0)
        return -1;
    const int found = reject_exists(w->ingest->context->store, w->file_id, err);
    w->had_rejects = found > 0;
    return found < 0 ? -1 : 0;
}

/* Store how far the file is read, so that the next run continues there. A pipe has no position,
 * and a file that is given up is read from the beginning. */
static int store_position(struct writer *w, const struct batch *batch,
                          const struct batch_sums *sums, struct error *err)
{
    const struct ingest_file *file = &w->ingest->files.items[batch->file];
    struct position position = {
        .settings = w->ingest->settings.hash,
        .stamp = file->stamp,
        .done = batch->ends_file,
        .n_read = w->n_read + sums->counts.n_read,
        .n_rejected = w->n_rejected + sums->counts.n_rejected,
        .place = batch->place,
        .mark = batch->mark,
    };

    if (!file->has_size)
        return 0;
    if (is_useless(w, batch, sums))
        return position_remove(w->ingest->context->store, w->file_id, err);
    if (batch->format)
        snprintf(position.format, sizeof position.format, "%s", batch->format->name);
    return position_put(w->ingest->context->store, w->file_id, &position,
                        w->ingest->context->run_id, err);
}

/* Store rows, counts and position in one transaction, so that they agree after a kill. */
static int commit_batch(struct writer *w, struct batch *batch, struct batch_sums *sums,
                        struct error *err)
{
    struct store *store = w->ingest->context->store;
    const int64_t run_id = w->ingest->context->run_id;

    if (store_begin(store, err) < 0)
        return -1;
    if (use_file(w, err) == 0 && write_records(w, batch, sums, err) == 0 &&
        run_add_counts(store, run_id, &sums->counts, err) == 0 &&
        defect_tally_store(&sums->defects, &w->ingest->settings.policy, store, run_id, err) ==
            0 &&
        store_position(w, batch, sums, err) == 0 && store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

static void report_csv(struct report *report, const char *path, const struct batch *batch)
{
    if (batch->delimiter == '\t')
        report_note(report, "%s: is a table of %zu columns, separated by tabs", path,
                    batch->n_columns);
    else
        report_note(report, "%s: is a table of %zu columns, separated by '%c'", path,
                    batch->n_columns, batch->delimiter);
}

/* The parts of a dataset have the same columns: what is passed over is reported once. */
static void report_table(struct writer *w, const char *path, const struct batch *batch)
{
    struct report *report = w->ingest->context->report;

    if (batch->n_table_rows == UINT64_MAX)
        report_note(report, "%s: is %s", path, batch->table_format);
    else
        report_note(report, "%s: is %s, %" PRIu64 " rows", path, batch->table_format,
                    batch->n_table_rows);
    if (!batch->passed_over[0] || strcmp(batch->passed_over, w->passed_over) == 0)
        return;
    memcpy(w->passed_over, batch->passed_over, sizeof w->passed_over);
    report_note(report,
                "%s: columns of images or audio are passed over: %s; --columns names the "
                "columns to read",
                path, batch->passed_over);
}

/* Report how a file is read, with its first batch. */
static void report_format(struct writer *w, const struct batch *batch)
{
    struct report *report = w->ingest->context->report;
    const char *path = w->ingest->files.items[batch->file].path;

    if (!batch->begins_file)
        return;
    if (batch->encoding)
        report_note(report, "%s: is %s, converted to UTF-8", path, batch->encoding);
    if (batch->container == CONTAINER_CSV)
        report_csv(report, path, batch);
    if (batch->container == CONTAINER_TABLE)
        report_table(w, path, batch);
    if (batch->n == 0 && !batch->ends_file)
        return; /* an error follows */
    if (batch->n == 0)
        report_note(report, "%s: no records", path);
    else if (batch->container == CONTAINER_TEXT)
        w->tally->n_documents++;
    else if (w->ingest->settings.mapping.n > 0)
        report_note(report, "%s: read by the paths of --map", path);
    else if (w->ingest->settings.forced)
        report_note(report, "%s: read as %s, as --format says", path, batch->format->name);
    else if (batch->format)
        report_note(report, "%s: read as %s (%zu of the first %zu records have this shape)",
                    path, batch->format->name, batch->n_votes, batch->n_looked_at);
    else
        report_note(report, "%s: none of the first %zu records has a known shape", path,
                    batch->n_looked_at);
}

static void add_sums(struct ingest_tally *tally, const struct batch_sums *sums)
{
    run_counts_sum(&tally->counts, &sums->counts);
    tally->n_parsed += sums->n_parsed;
    tally->n_other_format += sums->n_other_format;
    tally->n_several += sums->n_several;
    tally->n_items += sums->n_items;
    defect_tally_add(&tally->defects, &sums->defects);
}

/* Remember which files have rejects. */
static void count_reject_file(struct writer *w, const struct batch_sums *sums)
{
    if (w->has_rejects || sums->counts.n_rejected == 0)
        return;
    w->has_rejects = true;
    if (w->tally->n_reject_files++ == 0)
        w->tally->reject_path = w->ingest->files.items[w->file].path;
}

static int write_next_batch(struct writer *w, struct batch *batch, struct error *err)
{
    const struct stage_context *context = w->ingest->context;
    struct batch_sums sums = { .n_parsed = 0 };
    struct ingest_tally *tally = w->tally;

    count_new_file(w, batch);
    report_format(w, batch);
    if (context->dry_run ? write_records(w, batch, &sums, err) < 0
                         : commit_batch(w, batch, &sums, err) < 0)
        return -1;
    add_sums(tally, &sums);
    count_reject_file(w, &sums);
    tally->n_records += batch->n_records;
    tally->stream_bytes = batch->stream_bytes;
    context->report->done = batch->position_bytes;
    context->report->n_rejected = tally->counts.n_rejected;
    report_tick(context->report);
    const bool useless = is_useless(w, batch, &sums);
    w->n_read += sums.counts.n_read;
    w->n_rejected += sums.counts.n_rejected;
    defect_tally_add(&w->defects, &sums.defects);
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
    const int rc = write_batches(&writer, err);
    parser_free(writer.parser);
    return rc;
}
