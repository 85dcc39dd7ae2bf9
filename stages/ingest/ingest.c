/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/net/fetcher.h"
#include "base/report.h"
#include "stages/ingest/explain.h"
#include "stages/ingest/ingest_private.h"
#include "stages/ingest/kinds.h"
#include "stages/measure/facts.h"
#include "stages/stage.h"
#include "store/store.h"

/* A value in SQLite has at most 10^9 bytes. */
enum { MAX_RECORD_DEFAULT = 256 << 20, MAX_RECORD_LIMIT = 1000000000 };

struct ingest_args {
    struct text_list files;
    struct text_list on;
    bool strict;
    const char *source;
    int format; /* of format_choice() */
    const char *config;
    const char *split;
    int context_split; /* OPTION_NO_CHOICE: not given */
    enum format_paths oasst;
    uint64_t max_memory; /* 0: no limit */
    double max_rejects;
    uint64_t max_record;
    bool allow_empty;
    const char *delimiter;
    const char *records;
    struct text_list columns;
    struct text_list map;
    struct text_list role;
    struct text_list labels;
    bool explain;
    const char *expect;
};

/* Add a text to the hash; NULL adds nothing. */
static void extend_hash(struct hash *hash, const char *text)
{
    struct hash both[2] = { *hash };

    if (!text)
        return;
    both[1] = hash_bytes(slice_text(text));
    *hash = hash_bytes(slice_of((const char *)both, sizeof both));
}

/* A hash of the options that decide what becomes of a record. A run continues at a position
 * only if this hash is the same. */
static struct hash hash_settings(const struct ingest_args *args,
                                 const struct ingest_settings *settings)
{
    char text[1024];
    int n =
        snprintf(text, sizeof text, "%.100s %.100s %zu %zu %d ", format_choice(args->format),
                 format_split_names[settings->format_options.split], settings->max_record_bytes,
                 settings->format_options.max_tree_bytes, FORMAT_INPUT_CONTEXT_BYTES);

    for (int i = DEFECT_BAD_JSON; i < DEFECT_BAD_CSV; i++) /* those of records */
        n +=
            snprintf(text + n, sizeof text - (size_t)n, "%d", (int)settings->policy.actions[i]);
    if (settings->policy.chosen & defect_bit(DEFECT_TYPE_DRIFT)) /* see draft_text.c */
        n += snprintf(text + n, sizeof text - (size_t)n, " lists");
    if (settings->delimiter)
        snprintf(text + n, sizeof text - (size_t)n, " %d", settings->delimiter);
    struct hash hash = hash_bytes(slice_text(text));
    extend_hash(&hash, args->records);
    for (unsigned i = 0; i < args->columns.n; i++) {
        extend_hash(&hash, "column");
        extend_hash(&hash, args->columns.items[i]);
    }
    for (unsigned i = 0; i < args->map.n; i++)
        extend_hash(&hash, args->map.items[i]);
    for (unsigned i = 0; i < args->role.n; i++)
        extend_hash(&hash, args->role.items[i]);
    extend_hash(&hash, args->oasst == PATHS_ALL ? "all paths" : NULL);
    return hash;
}

/* One character, or "tab", which shells make hard to type. */
static int check_delimiter(const char *text, char *out, struct error *err)
{
    static const char never[] = "\"\r\n{}[]";
    const bool tab = text && (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0);

    if (!text)
        return 0;
    *out = tab ? '\t' : text[0];
    if (*out == '\0' || (!tab && text[1] != '\0') || (*out & 0x80) || strchr(never, *out))
        return error_set(err, ERR_USAGE,
                         "--delimiter '%s': give one character such as ',' or ';', or tab",
                         text);
    return 0;
}

static int check_records(const char *text, struct ingest_settings *out, struct error *err)
{
    out->has_records = text != NULL;
    if (!text || json_path_parse(text, &out->records, err) == 0)
        return 0;
    return error_prefix(err, "--records '%s'", text);
}

/* Set what --map and --role say. */
static int check_mapping(const struct ingest_args *args, struct ingest_settings *out,
                         struct error *err)
{
    if (mapping_make(&args->map, &out->mapping, err) < 0 ||
        role_words_make(&args->role, &out->roles, err) < 0)
        return -1;
    if (out->mapping.n == 0)
        return 0;
    if (out->forced)
        return error_set(
            err, ERR_USAGE,
            "--map and --format exclude each other: --map says what a record holds");
    out->forced = &format_mapped;
    return 0;
}

/* --split named the place where a context is separated before it named a split of a dataset.
 * Its three words are still read so, unless --context-split is given. */
static bool means_context(const struct ingest_args *args)
{
    return args->split && args->context_split == OPTION_NO_CHOICE &&
           format_split_find(args->split) != OPTION_NO_CHOICE;
}

static enum format_split context_split(const struct ingest_args *args)
{
    if (means_context(args))
        return (enum format_split)format_split_find(args->split);
    return args->context_split == OPTION_NO_CHOICE ? SPLIT_AUTO
                                                   : (enum format_split)args->context_split;
}

static int check_labels(const struct ingest_args *args, struct ingest_settings *out,
                        struct error *err)
{
    const struct measure_request request = { .labels = &args->labels,
                                             .max_memory = args->max_memory };

    return args->labels.n > 0 ? measure_facts_new(&request, &out->labels, err) : 0;
}

static void ingest_release(void *config)
{
    measure_facts_free(((struct ingest_settings *)config)->labels);
}

static int ingest_check(const void *arguments, void *config, struct error *err)
{
    const struct ingest_args *args = arguments;
    struct ingest_settings *out = config;

    *out = (struct ingest_settings){
        .format_options = { .split = context_split(args),
                            .all_paths = args->oasst == PATHS_ALL,
                            .input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES },
        .forced = format_chosen(args->format),
        .max_record_bytes = (size_t)args->max_record,
        .max_reject_percent = args->max_rejects,
        .allow_empty = args->allow_empty,
    };
    for (unsigned i = 0; i < args->files.n; i++)
        if (fetched_check(args->files.items[i], err) < 0)
            return -1;
    if (args->source && args->source[0] == '\0')
        return error_set(err, ERR_USAGE, "--source: the name is empty");
    if (check_delimiter(args->delimiter, &out->delimiter, err) < 0 ||
        check_records(args->records, out, err) < 0 ||
        ingest_check_columns(&args->columns, err) < 0 || check_mapping(args, out, err) < 0 ||
        kinds_parse(args->expect, &out->expected_kinds, err) < 0 ||
        check_labels(args, out, err) < 0)
        return -1;
    ingest_share_memory((size_t)args->max_memory, out);
    if (defect_policy_make(&args->on, args->strict, &out->policy, err) < 0)
        return -1;
    out->hash = hash_settings(args, out);
    return 0;
}

/* Check the invariant: every record that was read is a sample, a duplicate or a reject, or
 * several of them, also by the counts of the run's row. */
static int check_invariant(const struct ingest *ingest, const struct ingest_tally *tally,
                           struct error *err)
{
    const bool whole = tally->stop_signal == 0;
    struct run_counts row = tally->counts;

    if (!ingest->context->dry_run &&
        run_counts(ingest->context->store, ingest->context->run_id, &row, err) < 0)
        return -1;
    const uint64_t accounted = ingest->context->dry_run
                                   ? tally->n_parsed + row.n_rejected
                                   : row.n_inserted + row.n_duplicate + row.n_rejected;
    if (row.n_read == accounted && row.n_read == tally->counts.n_read &&
        (!whole || tally->n_records == ingest->n_framed) &&
        row.n_read - tally->n_items == tally->n_records - tally->n_several)
        return 0;
    return error_set(err, ERR_INVARIANT,
                     "records were lost: %" PRIu64 " in the files, %" PRIu64
                     " read, but %" PRIu64 " inserted + %" PRIu64 " duplicate + %" PRIu64
                     " rejected: this is a bug of curate, please report it",
                     ingest->n_framed, row.n_read, row.n_inserted, row.n_duplicate,
                     row.n_rejected);
}

static void add_ingest_facts(const struct stage_context *context,
                             const struct ingest_tally *tally, double seconds,
                             struct stage_result *result)
{
    const struct run_counts *counts = &tally->counts;

    stage_fact_int(result, "read", (int64_t)counts->n_read);
    if (context->dry_run) {
        stage_fact_int(result, "parsed", (int64_t)tally->n_parsed);
    } else {
        stage_fact_int(result, "inserted", (int64_t)counts->n_inserted);
        stage_fact_int(result, "dup", (int64_t)counts->n_duplicate);
    }
    stage_fact_int(result, "rejected", (int64_t)counts->n_rejected);
    if (!context->dry_run)
        stage_fact_int(result, "dup_meta", (int64_t)counts->n_dup_meta);
    kinds_add_facts(counts, result);
    stage_fact_int(result, "bytes", (int64_t)tally->stream_bytes);
    stage_fact_real(result, "secs", seconds);
}

static int ingest_files(struct ingest *ingest, struct stage_result *result, struct error *err)
{
    const struct stage_context *context = ingest->context;
    const int64_t started_ns = clock_mono_ns();
    struct ingest_tally tally = { .stop_signal = 0 };
    struct error ignored;

    context->report->unit = "bytes";
    context->report->total = ingest->files.total_bytes;
    const int rc = ingest_run_threads(ingest, &tally, err);
    add_ingest_facts(context, &tally, (double)(clock_mono_ns() - started_ns) / 1e9, result);
    if (rc < 0 || check_invariant(ingest, &tally, err) < 0)
        return -1;
    if (tally.stop_signal != 0)
        return error_set_sys(err, ERR_CANCELLED, tally.stop_signal,
                             "stopped by signal %d after %" PRIu64
                             " records, which are stored: "
                             "give the same command again to continue",
                             tally.stop_signal, tally.counts.n_read);
    if (ingest->reading_failed) {
        *err = ingest->reading_failure;
        return -1;
    }
    if (ingest_report_outcome(ingest, &tally, err) == 0)
        return 0;
    (void)ingest_clear_positions(ingest, &ignored);
    return -1;
}

/* Print what becomes of the first records of each file. */
static int explain_files(struct ingest *ingest, struct error *err)
{
    const struct stage_context *context = ingest->context;
    struct ingest_tally tally = { .stop_signal = 0 };

    if (explain_new(context->stdout_taken, &ingest->settings.policy, &ingest->explain, err) < 0)
        return -1;
    int rc = ingest_run_threads(ingest, &tally, err);
    if (rc == 0 && ingest->reading_failed) {
        *err = ingest->reading_failure;
        rc = -1;
    }
    if (rc == 0)
        rc = explain_end(ingest->explain, err);
    explain_free(ingest->explain);
    ingest->explain = NULL;
    return rc;
}

static bool ingest_explains(const void *args)
{
    return ((const struct ingest_args *)args)->explain;
}

/* Read the files into the database. */
static int store_files(struct ingest *ingest, struct stage_result *result, struct error *err)
{
    struct store *store = ingest->context->store;
    struct error ignored;
    int rc = ingest_name_sources(ingest, err);

    if (rc == 0)
        rc = ingest_find_positions(ingest, err);
    if (rc == 0)
        rc = store_limit_cache(store, ingest->settings.memory.cache_bytes, err);
    if (rc == 0)
        rc = ingest_files(ingest, result, err);
    (void)store_limit_cache(store, 0, &ignored);
    return rc;
}

/* Read the labels of all samples that lack them. */
static int store_labels(const struct ingest *ingest, struct stage_result *result,
                        struct error *err)
{
    const struct stage_context *context = ingest->context;
    struct measure_outcome done;

    if (!ingest->settings.labels || context->dry_run)
        return 0;
    context->report->done = 0;
    const int rc = measure_facts_run(ingest->settings.labels, context, NULL, &done, err);
    stage_fact_int(result, "labelled", (int64_t)done.n_measured);
    return rc;
}

static int ingest_run(const struct stage_context *context, const void *arguments,
                      const void *config, struct stage_result *result, struct error *err)
{
    const struct ingest_args *args = arguments;
    struct stage_context own = *context;
    struct text_list columns = { .n = 0 };
    struct ingest ingest = { .context = &own,
                             .settings = *(const struct ingest_settings *)config };
    const struct ingest_query query = { .names = &args->files,
                                        .source = args->source,
                                        .config = args->config,
                                        .split = means_context(args) ? NULL : args->split,
                                        .allow_empty = args->allow_empty,
                                        .fetcher = context->fetcher,
                                        .report = context->report };
    own.dry_run = context->dry_run || args->explain;
    if (means_context(args))
        report_note(context->report,
                    "--split %s: read as --context-split %s; --split is the split of a dataset",
                    args->split, args->split);
    if (ingest_files_find(&query, &ingest.files, err) < 0)
        return -1;
    ingest.settings.format_options.policy = &ingest.settings.policy;
    ingest.settings.format_options.roles = &ingest.settings.roles;
    if (ingest.settings.mapping.n > 0)
        ingest.settings.format_options.mapping = &ingest.settings.mapping;
    const int mutex_rc = pthread_mutex_init(&ingest.mutex, NULL);
    if (mutex_rc != 0) {
        ingest_files_release(&ingest.files);
        return error_errno(err, mutex_rc, "making a lock");
    }
    int rc = ingest_split_columns(&args->columns, &ingest, &columns, err);
    if (rc == 0)
        rc = args->explain ? explain_files(&ingest, err) : store_files(&ingest, result, err);
    if (rc == 0)
        rc = store_labels(&ingest, result, err);
    pthread_mutex_destroy(&ingest.mutex);
    ingest_files_release(&ingest.files);
    return rc;
}

static const struct option options[] = {
    { OPTION_TEXT, 0, "source", offsetof(struct ingest_args, source), "NAME",
      .help = "what to call the corpus", .unset = "the name of each file" },
    { OPTION_CHOICE, 0, "format", offsetof(struct ingest_args, format), "NAME",
      .help = "shape of the records", .choice_name = format_choice },
    { OPTION_CHOICE, 0, "oasst", offsetof(struct ingest_args, oasst), "PATHS",
      .help = "which paths of a tree of messages become samples",
      .choices = format_paths_names },
    { OPTION_TEXT, 0, "config", offsetof(struct ingest_args, config), "NAME",
      .help = "read only this config of a dataset", .unset = "all" },
    { OPTION_TEXT, 0, "split", offsetof(struct ingest_args, split), "NAME",
      .help = "read only this split of a dataset, such as train", .unset = "all" },
    { OPTION_CHOICE, 0, "context-split", offsetof(struct ingest_args, context_split), "HOW",
      .help = "where to separate a long context from the question about it",
      .choices = format_split_names, .unset = "auto" },
    { OPTION_LIST, 0, "on", offsetof(struct ingest_args, on), "CLASS=ACTION",
      .help = "reject, repair or keep a class of defect" },
    { OPTION_FLAG, 0, "strict", offsetof(struct ingest_args, strict), NULL,
      .help = "reject what would be repaired" },
    { OPTION_REAL, 0, "max-rejects", offsetof(struct ingest_args, max_rejects), "PERCENT",
      .help = "fail if a larger percentage of records is rejected", .max = 100 },
    { OPTION_SIZE, 0, "max-memory", offsetof(struct ingest_args, max_memory), "SIZE",
      .help = "memory to use at most; records longer than a 32nd of it are rejected",
      .min = INGEST_MEMORY_LEAST },
    { OPTION_SIZE, 0, "max-record", offsetof(struct ingest_args, max_record), "SIZE",
      .help = "reject longer records", .min = 1, .max = MAX_RECORD_LIMIT },
    { OPTION_TEXT, 0, "delimiter", offsetof(struct ingest_args, delimiter), "CHAR",
      .help = "read the files as CSV with this character between fields, or tab" },
    { OPTION_FLAG, 0, "explain", offsetof(struct ingest_args, explain), NULL,
      .help = "print what becomes of the first 5 records of each file; store nothing" },
    { OPTION_LIST, 0, "map", offsetof(struct ingest_args, map), "FIELD=PATH",
      .help = "where a field of the sample lies in a record, such as response=answers[0]" },
    { OPTION_LIST, 0, "role", offsetof(struct ingest_args, role), "NAME=ROLE",
      .help = "the role that a word of the corpus means, such as narrator=assistant" },
    { OPTION_LIST, 0, "label", offsetof(struct ingest_args, labels), "NAME=PATH",
      .help = "also store a value of meta as column NAME of the facts" },
    { OPTION_TEXT, 0, "records", offsetof(struct ingest_args, records), "PATH",
      .help = "where the records lie in a JSON document, such as data or train[*]" },
    { OPTION_LIST, 0, "columns", offsetof(struct ingest_args, columns), "NAME[,NAME...]",
      .help = "read only these columns of Parquet and Arrow files" },
    { OPTION_FLAG, 0, "allow-empty", offsetof(struct ingest_args, allow_empty), NULL,
      .help = "an input without a record is no error" },
    { OPTION_TEXT, 0, "expect", offsetof(struct ingest_args, expect), "KIND[,KIND...]",
      .help = "fail at a sample of another kind than sft, pair, prompt_only or text" },
    { .type = OPTION_END },
};

static const struct option files_option = {
    OPTION_LIST, 0,
    "files",     offsetof(struct ingest_args, files),
    "FILE",      .help = "files, folders, patterns, URLs (hf://, https://); - is standard input"
};

const struct stage stage_ingest = {
    .name = "ingest",
    .summary = "read corpora into the database",
    .description =
        "Reads JSON records: JSONL, one array, or JSON values one after another. Rows of CSV\n"
        "and TSV and of Parquet and Arrow files are records, too, and a text file (.txt,\n"
        ".md) is one. Files of text may be gzip, zstd, xz or bzip2. The shape of the records\n"
        "is found by their keys, for each file. In a folder, files are read whose names end\n"
        "in .json, .jsonl, .ndjson, .csv or .tsv, perhaps followed by .gz, .zst, .xz or\n"
        ".bz2, and in .parquet, .arrow, .ipc or .feather; texts only if it has none of these.\n"
        "A ZIP or tar archive is read like a folder, but has no Parquet or Arrow files.\n\n"
        "A record that cannot be used becomes a row of v_rejects with its class, line and\n"
        "offset, and the run continues. A record whose content is in the database already\n"
        "changes nothing. To continue a run that was stopped, give the same command again.",
    .options = options,
    .positional = &files_option,
    .positional_required = true,
    .args_size = sizeof(struct ingest_args),
    .defaults = &(const struct ingest_args){ .context_split = OPTION_NO_CHOICE,
                                             .max_rejects = 1,
                                             .max_record = MAX_RECORD_DEFAULT },
    .creates_store = true,
    .config_size = sizeof(struct ingest_settings),
    .check = ingest_check,
    .release = ingest_release,
    .without_store = ingest_explains,
    .run = ingest_run,
};
