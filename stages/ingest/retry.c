/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/retry.h"

#include <limits.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/io/frame.h"
#include "base/report.h"
#include "stages/ingest/container.h"
#include "stages/ingest/defect_tally.h"
#include "stages/ingest/formats/mapping.h"
#include "stages/ingest/kinds.h"
#include "stages/ingest/parse.h"
#include "stages/record/role_words.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/source.h"
#include "store/store.h"

enum { BATCH_ROWS = 64 };

/* Rows are read in batches before they change: reading on while rows are removed would skip or
 * repeat some. */
struct batch_rows {
    size_t n;
    struct row {
        int64_t reject_id;
        int64_t file_id;
        uint64_t item;
        struct frame_record record;
    } rows[BATCH_ROWS];
};

struct retry_config {
    struct format_options options;
    struct defect_policy policy;
    const struct format *forced; /* by --format; NULL: found by the keys of the records */
    struct mapping mapping;
    struct role_words roles;
};

struct retry {
    const struct stage_context *context;
    const struct retry_args *args;
    const struct retry_config *config;
    struct parser *parser;
    struct arena arena;
    int64_t last_id;
    struct run_counts counts;
    struct defect_tally defects;
    uint64_t n_cut; /* rows that hold only the beginning of their record, or nothing of it */
    struct batch_rows batch;
};

static int retry_check(const void *arguments, void *config, struct error *err)
{
    const struct retry_args *args = arguments;
    struct retry_config *made = config;

    if (args->class && defect_find(args->class) == DEFECT_NONE)
        return error_set(err, ERR_USAGE,
                         "--class %s: unknown class; 'curate explain reject' lists the classes",
                         args->class);
    if (args->class && defect_find(args->class) == DEFECT_BAD_PAGE)
        return error_set(err, ERR_USAGE,
                         "--class %s: none of the rows is kept: fetch the file again, and "
                         "ingest it",
                         args->class);
    if (args->class && defect_classes[defect_find(args->class)].of_row)
        return error_set(err, ERR_USAGE,
                         "--class %s: only rows of CSV or of 'curate score import' have this "
                         "defect: correct the file and read it again",
                         args->class);
    made->forced = format_chosen(args->format);
    made->options =
        (struct format_options){ .split =
                                     args->split != SPLIT_AUTO ? args->split : args->old_split,
                                 .all_paths = args->oasst == PATHS_ALL,
                                 .input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES,
                                 .policy = &made->policy,
                                 .roles = &made->roles };
    if (mapping_make(&args->map, &made->mapping, err) < 0 ||
        role_words_make(&args->role, &made->roles, err) < 0)
        return -1;
    if (made->mapping.n > 0)
        made->options.mapping = &made->mapping;
    if (made->mapping.n > 0 && made->forced)
        return error_set(
            err, ERR_USAGE,
            "--map and --format exclude each other: --map says what a record holds");
    return defect_policy_make(&args->on, args->strict, &made->policy, err);
}

/* Is the file a table, by its name? The store does not say. */
static bool is_of_table(struct slice path)
{
    char name[PATH_MAX];

    snprintf(name, sizeof name, "%.*s", (int)(path.len < PATH_MAX ? path.len : PATH_MAX - 1),
             path.ptr);
    return container_of_name(name) == CONTAINER_TABLE;
}

/* Copy a row into the batch, unless only the beginning of its record is stored, or it is a row
 * of CSV or of `score import`, which is not a record, or rows of a bad page. */
static int add_row_to_batch(struct retry *retry, const struct reject_row *row,
                            struct error *err)
{
    const struct reject *reject = &row->reject;
    const enum defect defect = defect_find(reject->class);

    retry->last_id = row->reject_id;
    retry->n_cut += defect == DEFECT_BAD_PAGE;
    if (defect_classes[defect].of_row ||
        row->run_id == retry->context->run_id) /* an item that this run has read */
        return 0;
    const struct slice raw = arena_copy(&retry->arena, reject->raw);
    if (!raw.ptr)
        return error_nomem(err);
    if (raw.len < reject->byte_len) {
        retry->n_cut++;
        return 0;
    }
    retry->batch.rows[retry->batch.n++] = (struct row){
        .reject_id = row->reject_id,
        .file_id = reject->file_id,
        .item = reject->item,
        .record = { .text = raw,
                    .byte_offset = reject->byte_offset,
                    .byte_len = reject->byte_len,
                    .line = reject->line,
                    .is_padded = is_of_table(row->path) },
    };
    return 0;
}

/* Read the next batch. Returns 1, 0 when no row is left, -1. */
static int read_reject_batch(struct retry *retry, struct error *err)
{
    const struct reject_filter filter = { .after_id = retry->last_id,
                                          .limit = BATCH_ROWS,
                                          .class = retry->args->class };
    const int64_t before = retry->last_id;
    struct reject_scan *scan = NULL;
    struct reject_row row;
    int rc;

    arena_clear(&retry->arena);
    retry->batch.n = 0;
    if (reject_scan_open(retry->context->store, &filter, &scan, err) < 0)
        return -1;
    while ((rc = reject_scan_next(scan, &row, err)) == 1)
        if (add_row_to_batch(retry, &row, err) < 0) {
            rc = -1;
            break;
        }
    reject_scan_close(scan);
    return rc < 0 ? -1 : retry->last_id != before;
}

/* The outcome of reading one row again. */
struct attempt {
    struct retry *retry;
    const struct row *row;
    struct run_counts *counts;
    struct defect_tally *defects;
    bool stays; /* the row, with a new reason */
};

static int store_retried_sample(struct attempt *attempt, struct parsed *parsed,
                                struct error *err)
{
    struct store *store = attempt->retry->context->store;
    int64_t sample_id;

    const int added =
        sample_add(store, &parsed->sample, attempt->retry->context->run_id, &sample_id, err);
    if (added < 0 ||
        (added == 1 && defect_store_sample(store, sample_id, parsed->defects, err) < 0))
        return -1;
    return kinds_count_sample(attempt->retry->context, &parsed->sample, sample_id, added == 1,
                              attempt->counts, err);
}

/* Store why an item of the record is rejected; the record's own row is removed. */
static int add_item_reject(struct attempt *attempt, const struct frame_record *item,
                           const struct parsed *parsed, struct error *err)
{
    const struct reject reject = { .file_id = attempt->row->file_id,
                                   .line = item->line,
                                   .byte_offset = item->byte_offset,
                                   .byte_len = item->byte_len,
                                   .item = parsed->sample.item,
                                   .class = defect_classes[parsed->rejected_for].name,
                                   .detail = parsed->detail,
                                   .raw = item->text };

    return reject_add(attempt->retry->context->store, &reject, attempt->retry->context->run_id,
                      err);
}

/* Store what a row became: a sample, or the same row with a new reason. The bad items of a
 * record that holds several get rows of their own. */
static int store_retried(struct attempt *attempt, const struct frame_record *record,
                         struct parsed *parsed, struct error *err)
{
    const struct row *row = attempt->row;
    const bool is_item = record->text.ptr != row->record.text.ptr;

    if (!parsed->rejected_for)
        return store_retried_sample(attempt, parsed, err);
    if (is_item)
        return add_item_reject(attempt, record, parsed, err);
    attempt->stays = true;
    return reject_update(attempt->retry->context->store, row->reject_id,
                         defect_classes[parsed->rejected_for].name, parsed->detail, err);
}

static int retry_parsed(void *arg, const struct frame_record *record, struct parsed *parsed,
                        struct error *err)
{
    struct attempt *attempt = arg;
    const struct retry *retry = attempt->retry;
    const bool dry_run = retry->context->dry_run;

    parsed->sample.file_id = attempt->row->file_id;
    if (record->text.ptr == attempt->row->record.text.ptr)
        parsed->sample.item = attempt->row->item;
    if (!parsed->rejected_for && !dry_run &&
        defect_check_id(retry->context->store, &retry->config->policy, parsed, err) < 0)
        return -1;
    attempt->counts->n_read++;
    defect_tally_count(attempt->defects, parsed);
    if (parsed->rejected_for)
        attempt->counts->n_rejected++;
    if (!dry_run)
        return store_retried(attempt, record, parsed, err);
    if (!parsed->rejected_for) {
        attempt->counts->n_inserted++;
        attempt->counts->n_of_kind[parsed->sample.kind]++;
    }
    return 0;
}

static int try_row(struct retry *retry, const struct row *row, struct run_counts *counts,
                   struct defect_tally *defects, struct error *err)
{
    struct attempt attempt = {
        .retry = retry, .row = row, .counts = counts, .defects = defects
    };
    const struct parse_sink sink = { .each = retry_parsed, .arg = &attempt };
    const struct format *forced = retry->config->forced;

    if (parse_each(retry->parser, &row->record, forced, forced != NULL, &retry->arena, &sink,
                   err) < 0)
        return -1;
    if (attempt.stays || retry->context->dry_run)
        return 0;
    return reject_remove(retry->context->store, row->reject_id, err);
}

static int try_rows(struct retry *retry, struct run_counts *counts, struct error *err)
{
    struct defect_tally defects = { .rejected = { 0 } };
    const struct stage_context *context = retry->context;

    for (size_t i = 0; i < retry->batch.n; i++)
        if (try_row(retry, &retry->batch.rows[i], counts, &defects, err) < 0)
            return -1;
    defect_tally_add(&retry->defects, &defects);
    if (context->dry_run)
        return 0;
    if (run_add_counts(context->store, context->run_id, counts, err) < 0)
        return -1;
    return defect_tally_store(&defects, &retry->config->policy, context->store, context->run_id,
                              err);
}

/* Store samples, rejects and counts of a batch in one transaction. */
static int retry_batch(struct retry *retry, struct error *err)
{
    struct store *store = retry->context->store;
    struct run_counts counts = { .n_read = 0 };

    if (!retry->context->dry_run && store_begin(store, err) < 0)
        return -1;
    if (try_rows(retry, &counts, err) < 0 ||
        (!retry->context->dry_run && store_commit(store, err) < 0)) {
        store_rollback(store);
        return -1;
    }
    run_counts_sum(&retry->counts, &counts);
    return 0;
}

static int retry_all(struct retry *retry, struct error *err)
{
    struct report *report = retry->context->report;
    int rc;

    report->unit = "records";
    while ((rc = read_reject_batch(retry, err)) == 1) {
        if (retry_batch(retry, err) < 0)
            return -1;
        report->done = retry->counts.n_read;
        report->n_rejected = retry->counts.n_rejected;
        report_tick(report);
        const int signal = report_stop(report);
        if (signal)
            return error_set_sys(err, ERR_CANCELLED, signal,
                                 "stopped by signal %d; the new samples are stored", signal);
    }
    return rc;
}

static void report_retry(const struct retry *retry, struct stage_result *result)
{
    char classes[300];

    stage_fact_int(result, "read", (int64_t)retry->counts.n_read);
    stage_fact_int(result, retry->context->dry_run ? "parsed" : "inserted",
                   (int64_t)retry->counts.n_inserted);
    if (!retry->context->dry_run)
        stage_fact_int(result, "dup", (int64_t)retry->counts.n_duplicate);
    stage_fact_int(result, "rejected", (int64_t)retry->counts.n_rejected);
    if (!retry->context->dry_run)
        stage_fact_int(result, "dup_meta", (int64_t)retry->counts.n_dup_meta);
    kinds_add_facts(&retry->counts, result);
    stage_fact_int(result, "not_kept_whole", (int64_t)retry->n_cut);
    defect_tally_list(retry->defects.accepted, true, classes, sizeof classes);
    if (classes[0])
        report_note(retry->context->report,
                    "accepted with defects: %s; 'curate explain reject CLASS' explains each",
                    classes);
}

static int retry_run(const struct stage_context *context, const void *args, const void *config,
                     struct stage_result *result, struct error *err)
{
    struct retry retry = { .context = context, .args = args, .config = config };
    int rc = -1;

    arena_init(&retry.arena);
    if (parser_new(&retry.config->options, &retry.parser, err) == 0) {
        rc = retry_all(&retry, err);
        report_retry(&retry, result);
    }
    parser_free(retry.parser);
    arena_release(&retry.arena);
    return rc;
}

static const struct option options[] = {
    { OPTION_TEXT, 0, "class", offsetof(struct retry_args, class), "CLASS",
      .help = "only rejects of this class" },
    { OPTION_CHOICE, 0, "format", offsetof(struct retry_args, format), "NAME",
      .help = "shape of the records", .choice_name = format_choice },
    { OPTION_CHOICE, 0, "oasst", offsetof(struct retry_args, oasst), "PATHS",
      .help = "which paths of a tree of messages become samples",
      .choices = format_paths_names },
    { OPTION_CHOICE, 0, "context-split", offsetof(struct retry_args, split), "HOW",
      .help = "where to separate a long context from the question about it",
      .choices = format_split_names },
    { OPTION_CHOICE, 0, "split", offsetof(struct retry_args, old_split), "HOW",
      .help = "old name of --context-split", .choices = format_split_names },
    { OPTION_LIST, 0, "on", offsetof(struct retry_args, on), "CLASS=ACTION",
      .help = "reject, repair or keep a class of defect" },
    { OPTION_FLAG, 0, "strict", offsetof(struct retry_args, strict), NULL,
      .help = "reject what would be repaired" },
    { OPTION_LIST, 0, "map", offsetof(struct retry_args, map), "FIELD=PATH",
      .help = "where a field of the sample lies in a record, such as response=answers[0]" },
    { OPTION_LIST, 0, "role", offsetof(struct retry_args, role), "NAME=ROLE",
      .help = "the role that a word of the corpus means, such as narrator=assistant" },
    { .type = OPTION_END },
};

const struct stage stage_retry = {
    .name = "retry",
    .summary = "read the rejected records again",
    .options = options,
    .args_size = sizeof(struct retry_args),
    .defaults = &(const struct retry_args){ .class = NULL },
    .config_size = sizeof(struct retry_config),
    .check = retry_check,
    .run = retry_run,
};
