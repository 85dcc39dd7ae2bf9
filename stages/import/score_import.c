/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score import - store scores that another program computed, in the same tables.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/net/fetcher.h"
#include "base/report.h"
#include "scoring/scorer.h"
#include "stages/import/import_private.h"
#include "stages/stage.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/sample_place.h"
#include "store/score.h"
#include "store/source.h"
#include "store/store.h"

enum {
    BATCH_ROWS = 4096,
    PARAMS_MAX_BYTES = 1 << 16,
    METRIC_NAME_MAX = 64,
    FIELD_MAX_BYTES = 256,
};

static const char *const key_names[] = {
    [KEY_EXT_ID] = "ext_id", [KEY_HASH] = "hash", [KEY_PLACE] = "source:line", NULL
};

static const char *const format_names[] = {
    [IMPORT_AUTO] = "auto", [IMPORT_CSV] = "csv", [IMPORT_JSONL] = "jsonl", NULL
};

static const char *const better_names[] = {
    [BETTER_HIGHER] = "higher", [BETTER_LOWER] = "lower", NULL
};

struct import_args {
    const char *file;
    const char *metric;
    enum import_key key;
    const char *key_field;
    int64_t first_line;
    const char *value_field;
    const char *by;
    enum scorer_better better;
    const char *unit;
    const char *source;
    enum import_format format;
    double max_rejects; /* percent */
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "metric", offsetof(struct import_args, metric), "NAME",
      .help = "what the scores are called" },
    { OPTION_CHOICE, 0, "key", offsetof(struct import_args, key), "KEY",
      .help = "what identifies a sample: its producer's id, its content hash in hex, or the\n"
              "source and line of its record",
      .choices = key_names },
    { OPTION_TEXT, 0, "key-field", offsetof(struct import_args, key_field), "FIELD",
      .help = "column or member with the key", .unset = "the name given to --key" },
    { OPTION_INT, 0, "first-line", offsetof(struct import_args, first_line), "N",
      .help = "with source:line: the number that the file gives to the first line", .max = 1 },
    { OPTION_TEXT, 0, "value-field", offsetof(struct import_args, value_field), "FIELD",
      .help = "column or member with the value" },
    { OPTION_TEXT, 0, "by", offsetof(struct import_args, by), "NAME",
      .help = "who gave the scores; stands where other metrics have a model" },
    { OPTION_CHOICE, 0, "better", offsetof(struct import_args, better), "END",
      .help = "which scores select prefers", .choices = better_names },
    { OPTION_TEXT, 0, "unit", offsetof(struct import_args, unit), "TEXT",
      .help = "unit of the values" },
    { OPTION_TEXT, 0, "source", offsetof(struct import_args, source), "NAME",
      .help = "with ext_id: only samples of this source" },
    { OPTION_CHOICE, 0, "format", offsetof(struct import_args, format), "FORMAT",
      .help = "format of the file; auto: by the end of its name", .choices = format_names },
    { OPTION_REAL, 0, "max-rejects", offsetof(struct import_args, max_rejects), "PERCENT",
      .help = "fail if a larger percentage of rows is rejected", .max = 100 },
    { .type = OPTION_END },
};

static const struct option positional = {
    .type = OPTION_TEXT,
    .name = "file",
    .offset = offsetof(struct import_args, file),
    .value_name = "FILE",
    .help = "CSV with a header, or JSON records; may be compressed; a file, a URL, or - for "
            "standard input",
};

static const struct import_args defaults = {
    .first_line = 1,
    .value_field = "value",
    .by = "imported",
    .unit = "score",
    .max_rejects = 1,
};

struct import_config {
    enum import_format format; /* IMPORT_AUTO only with a URL */
    char key_field[FIELD_MAX_BYTES];
    const char *line_field; /* the part of key_field behind the colon; NULL: none */
};

struct import {
    const struct stage_context *context;
    const struct import_args *args;
    struct fetched_file file;
    struct import_finder finder;
    int64_t file_id;
    int64_t set_id;
    uint8_t *seen; /* bits by sample id: samples with a value in this file */
    size_t n_seen; /* bytes */
    struct run_counts batch;
    uint64_t n_in_batch;
    uint64_t n_read;
    uint64_t n_new;
    uint64_t n_replaced;
    uint64_t n_unchanged;
    uint64_t n_rejected;
};

static bool is_metric_name(const char *name)
{
    if (name[0] < 'a' || name[0] > 'z')
        return false;
    const size_t len = strnlen(name, METRIC_NAME_MAX + 1);
    return len <= METRIC_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* Find out what the columns with the key are called. */
static int choose_key_fields(const struct import_args *args, struct import_config *config,
                             struct error *err)
{
    const char *field = args->key_field ? args->key_field : key_names[args->key];
    const size_t len = strlen(field);
    char *colon;

    if (len >= sizeof config->key_field)
        return error_set(err, ERR_USAGE, "--key-field: has more than %d bytes",
                         FIELD_MAX_BYTES - 1);
    memcpy(config->key_field, field, len + 1);
    config->line_field = NULL;
    if (args->key != KEY_PLACE)
        return args->first_line == 1
                   ? 0
                   : error_set(err, ERR_USAGE, "--first-line is for --key source:line");
    colon = strrchr(config->key_field, ':');
    if (!colon || colon == config->key_field || !colon[1])
        return error_set(
            err, ERR_USAGE,
            "--key-field %s: must name two columns, that of the source and that of "
            "the line, as in 'source:line'",
            field);
    *colon = '\0';
    config->line_field = colon + 1;
    return 0;
}

static int import_check(const void *arguments, void *config, struct error *err)
{
    const struct import_args *args = arguments;
    struct import_config *made = config;

    if (fetched_check(args->file, err) < 0)
        return -1;
    if (!args->metric)
        return error_set(err, ERR_USAGE, "no name for the scores: use --metric NAME");
    if (!is_metric_name(args->metric))
        return error_set(err, ERR_USAGE,
                         "--metric %.*s: must begin with a small letter, hold small letters, "
                         "digits and _ only, and have at most %d of them",
                         METRIC_NAME_MAX + 1, args->metric, METRIC_NAME_MAX);
    if (scorer_find(args->metric))
        return error_set(err, ERR_USAGE,
                         "--metric %s: this is a metric of curate's own: choose another name, "
                         "such as judge_%s",
                         args->metric, args->metric);
    if (choose_key_fields(args, made, err) < 0)
        return -1;
    /* The name of the file that a URL leads to is known when it is fetched. */
    made->format = args->format;
    return remote_is_url(args->file) ? 0 : import_choose_format(args->file, &made->format, err);
}

/* Store --by as a model, because a score set needs one. It has no file, so its digest is that
 * of its name: scores by the same name are in the same set, whatever file they came in. */
static int store_scorer_model(struct import *import, int64_t *model_id, struct error *err)
{
    static const char prefix[] = "curate score import: ";
    struct model_row row = { .name = import->args->by, .arch = "imported", .path = "" };
    struct digest *digest = NULL;
    int rc = -1;

    if (digest_new(&digest, err) < 0)
        return -1;
    if (digest_add(digest, prefix, sizeof prefix - 1, err) == 0 &&
        digest_add(digest, row.name, strlen(row.name), err) == 0 &&
        digest_end(digest, row.sha256, err) == 0)
        rc = model_put(import->context->store, &row, model_id, err);
    digest_free(digest);
    return rc;
}

static int store_import_set(struct import *import, struct error *err)
{
    const struct import_args *args = import->args;
    struct score_set set = { .metric = args->metric,
                             .version = 1,
                             .unit = args->unit,
                             .better = better_names[args->better],
                             .params_json = slice_text("{\"imported\":true}") };

    if (store_scorer_model(import, &set.model_id, err) < 0 ||
        source_file_put(import->context->store, args->metric, import->file.public_name,
                        &import->file_id, err) < 0 ||
        score_set_put(import->context->store, &set, &import->set_id, err) < 0)
        return -1;
    return score_set_request(import->context->store, import->set_id, import->context->run_id,
                             err);
}

static int prepare_import(struct import *import, struct error *err)
{
    struct store *store = import->context->store;

    import->finder = (struct import_finder){ .store = store,
                                             .key = import->args->key,
                                             .source = import->args->source,
                                             .first_line = import->args->first_line };
    if (import->args->key == KEY_PLACE &&
        sample_places_read(store, &import->finder.places, err) < 0)
        return -1;
    if (import->context->dry_run)
        return 0;
    if (store_begin(store, err) < 0)
        return -1;
    if (store_import_set(import, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

/* Mark that the sample has a value in this file. Returns 1 if it had one before, 0 if not, -1
 * for ERR_NOMEM. */
static int mark_seen(struct import *import, int64_t sample_id, struct error *err)
{
    const size_t byte = (size_t)sample_id / 8;
    const uint8_t bit = (uint8_t)(1U << (sample_id % 8));

    if (byte >= import->n_seen) {
        const size_t n = 2 * byte + 1024;
        uint8_t *seen = realloc(import->seen, n);

        if (!seen)
            return error_nomem(err);
        memset(seen + import->n_seen, 0, n - import->n_seen);
        import->seen = seen;
        import->n_seen = n;
    }
    const bool before = import->seen[byte] & bit;
    import->seen[byte] |= bit;
    return before;
}

static int store_reject(struct import *import, const struct import_row *row, struct error *err)
{
    const struct reject reject = { .file_id = import->file_id,
                                   .line = row->line,
                                   .byte_offset = row->byte_offset,
                                   .byte_len = row->byte_len,
                                   .class = defect_classes[row->rejected_for].name,
                                   .detail = slice_text(row->detail),
                                   .raw = row->raw };

    import->n_rejected++;
    import->batch.n_rejected++;
    if (import->context->dry_run)
        return 0;
    return reject_add(import->context->store, &reject, import->context->run_id, err);
}

static int import_value(struct import *import, struct import_row *row, int64_t sample_id,
                        struct error *err)
{
    struct store *store = import->context->store;
    const struct score_row score = { .score_set_id = import->set_id,
                                     .sample_id = sample_id,
                                     .value = row->value,
                                     .status = "ok" };
    struct score_row stored;
    int found = 0;
    const int before = mark_seen(import, sample_id, err);

    if (before < 0 || (import->set_id > 0 &&
                       (found = score_get(store, import->set_id, sample_id, &stored, err)) < 0))
        return -1;
    if (found == 1 && stored.value == row->value) {
        import->n_unchanged++;
        import->batch.n_duplicate++;
        return 0;
    }
    if (before) {
        row->rejected_for = DEFECT_TWO_VALUES;
        snprintf(row->detail, sizeof row->detail,
                 "sample %" PRId64 " had another value earlier in the file", sample_id);
        return store_reject(import, row, err);
    }
    import->n_new += found == 0;
    import->n_replaced += found == 1;
    import->batch.n_scored++;
    if (import->context->dry_run)
        return 0;
    return score_put(store, &score, import->context->run_id, err);
}

static int import_row(struct import *import, struct import_row *row, struct error *err)
{
    int64_t sample_id = 0;

    import->n_read++;
    import->batch.n_read++;
    import->n_in_batch++;
    if (row->rejected_for)
        return store_reject(import, row, err);
    const int found = import_find_sample(&import->finder, row, &sample_id, err);
    if (found < 0)
        return -1;
    return found ? import_value(import, row, sample_id, err) : store_reject(import, row, err);
}

static int commit_import(struct import *import, struct error *err)
{
    const struct stage_context *context = import->context;

    if (context->dry_run)
        return 0;
    if (run_add_counts(context->store, context->run_id, &import->batch, err) < 0 ||
        store_commit(context->store, err) < 0)
        return -1;
    import->batch = (struct run_counts){ 0 };
    import->n_in_batch = 0;
    return 0;
}

/* Import rows until the batch is full. Returns 1, 0 at the end of the file, -1. */
static int import_batch(struct import *import, struct import_reader *reader, struct error *err)
{
    struct import_row row;
    int rc = 1;

    while (import->n_in_batch < BATCH_ROWS && (rc = import_reader_next(reader, &row, err)) == 1)
        if (import_row(import, &row, err) < 0)
            return -1;
    return rc;
}

static int import_all(struct import *import, struct import_reader *reader, struct error *err)
{
    const struct stage_context *context = import->context;
    int rc = 1;

    while (rc == 1) {
        const int signal = report_stop(context->report);

        if (signal)
            return error_set_sys(
                err, ERR_CANCELLED, signal,
                "stopped by signal %d; the imported scores are stored: give the same "
                "command again to continue",
                signal);
        if (!context->dry_run && store_begin(context->store, err) < 0)
            return -1;
        rc = import_batch(import, reader, err);
        if (rc < 0 || commit_import(import, err) < 0) {
            store_rollback(context->store);
            return -1;
        }
        context->report->done = import->n_read;
        context->report->n_rejected = import->n_rejected;
        report_tick(context->report);
    }
    return 0;
}

/* Fail if more rows are rejected than --max-rejects allows. */
static int check_rejects(const struct import *import, struct error *err)
{
    const double most = import->args->max_rejects / 100 * (double)import->n_read;

    if (import->n_rejected > 0 &&
        (import->n_rejected == import->n_read || (double)import->n_rejected > most))
        return error_set(err, ERR_INPUT,
                         "%" PRIu64 " of %" PRIu64 " rows were rejected, more than "
                         "--max-rejects %g%% allows; the other rows are stored, and 'curate "
                         "rejects' lists these",
                         import->n_rejected, import->n_read, import->args->max_rejects);
    return 0;
}

static int open_import(struct import *import, const struct import_config *config,
                       struct import_reader **reader, struct error *err)
{
    const struct import_args *args = import->args;
    enum import_format format = config->format;

    if (fetched_file_get(import->context->fetcher, args->file, fetched_only, &import->file,
                         err) < 0 ||
        import_choose_format(import->file.public_name, &format, err) < 0)
        return -1;
    const struct import_options from = { .path = import->file.public_name,
                                         .local_path = import->file.local_path,
                                         .format = format,
                                         .key_field = config->key_field,
                                         .line_field = config->line_field,
                                         .value_field = args->value_field };
    return import_reader_new(&from, reader, err);
}

static int import_run(const struct stage_context *context, const void *arguments,
                      const void *config, struct stage_result *result, struct error *err)
{
    const struct import_args *args = arguments;
    struct import import = { .context = context, .args = args };
    struct import_reader *reader = NULL;
    int rc = -1;

    if (open_import(&import, config, &reader, err) < 0)
        goto done;
    context->report->unit = "rows";
    if (prepare_import(&import, err) < 0)
        goto done;
    rc = import_all(&import, reader, err);
    stage_fact_text(result, "metric", args->metric);
    stage_fact_int(result, "read", (int64_t)import.n_read);
    stage_fact_int(result, "new", (int64_t)import.n_new);
    stage_fact_int(result, "replaced", (int64_t)import.n_replaced);
    stage_fact_int(result, "unchanged", (int64_t)import.n_unchanged);
    stage_fact_int(result, "rejected", (int64_t)import.n_rejected);
    if (rc == 0)
        rc = check_rejects(&import, err);
done:
    import_reader_free(reader);
    free(import.seen);
    sample_places_free(import.finder.places);
    fetched_file_release(&import.file);
    return rc;
}

const struct stage stage_score_import = {
    .name = "score import",
    .summary = "store scores that another program computed",
    .description =
        "A row of the file is a key, which names a sample, and a value: scores of judges,\n"
        "reward models, gradient-based selection. They become a metric in the same tables and\n"
        "views, and select ranks by it like by any other. A row whose key names no sample or\n"
        "several, or whose value is not a finite number, becomes a reject. Importing the file\n"
        "again changes nothing; a different value replaces the earlier one.",
    .options = options,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct import_args),
    .defaults = &defaults,
    .config_size = sizeof(struct import_config),
    .check = import_check,
    .run = import_run,
};
