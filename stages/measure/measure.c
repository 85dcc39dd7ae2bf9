/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure - store facts about samples that need no model.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/measure/measure_private.h"
#include "stages/stage.h"
#include "store/selection.h"

enum {
    MEASURE_BATCH_BYTES = 4 << 20,
    MEASURE_BATCH_LEAST = 256 << 10,
    MEASURE_MEMORY_LEAST = 64 << 20,
    /* A text is in memory as read, in its batch, as a part of the whole, and as tokens. */
    MEASURE_TIMES = 16,
};

struct measure_args {
    struct text_list facts;
    struct text_list where;
    const char *tokenizer; /* NULL: none */
    struct text_list labels;
    uint64_t max_memory;
};

struct measure_config {
    char *condition; /* NULL: all samples */
    struct measure_choice choice;
    struct measure_labels labels; /* in the arena of the choice */
};

static int measure_check(const void *arguments, void *config, struct error *err)
{
    const struct measure_args *args = arguments;
    const struct measure_given given = { .tokenizer = args->tokenizer != NULL };
    struct measure_config *made = config;

    if (condition_join(&args->where, &made->condition, err) < 0 ||
        (args->tokenizer && fetched_check(args->tokenizer, err) < 0))
        return -1;
    if (measure_choose(&args->facts, &given, &made->choice, err) < 0)
        return -1;
    return measure_labels_parse(&args->labels, &made->choice.arena, &made->labels, err);
}

static void measure_release(void *config)
{
    struct measure_config *made = config;

    free(made->condition);
    measure_choice_release(&made->choice);
}

/* Divide the limit on memory, without what the vocabulary holds, among the batches: two for
 * each thread, and two more. */
static size_t share_batch_bytes(uint64_t max_memory, uint64_t held, size_t n_threads)
{
    const uint64_t left = max_memory > held ? max_memory - held : 0;
    const uint64_t share = left / MEASURE_TIMES / (2 * n_threads + 2);

    if (max_memory == 0 || share > MEASURE_BATCH_BYTES)
        return MEASURE_BATCH_BYTES;
    return share < MEASURE_BATCH_LEAST ? MEASURE_BATCH_LEAST : (size_t)share;
}

static int put_groups(struct store *store, const struct measure_columns *columns,
                      struct error *err)
{
    for (size_t i = 0; i < columns->n_groups; i++)
        if (fact_group_put(store, &columns->groups[i], err) < 0)
            return -1;
    return 0;
}

static void add_measure_facts(const struct measure_tally *tally, uint64_t n_pending,
                              double seconds, struct stage_result *result)
{
    stage_fact_int(result, "measured", (int64_t)tally->n_measured);
    stage_fact_int(result, "pending", (int64_t)(n_pending - tally->n_measured));
    stage_fact_int(result, "spans", (int64_t)tally->n_spans);
    stage_fact_real(result, "secs", seconds);
}

/* Measure the samples of the job, and report. */
static int measure_pending(const struct stage_context *context, const struct measure_job *job,
                           struct stage_result *result, struct error *err)
{
    const int64_t started_ns = clock_mono_ns();
    struct measure_tally tally = { .n_measured = 0 };
    int rc = 0;

    context->report->unit = "samples";
    context->report->total = job->ids->n;
    if (!context->dry_run)
        rc = measure_run_threads(job, &tally, err);
    add_measure_facts(&tally, job->ids->n, (double)(clock_mono_ns() - started_ns) / 1e9,
                      result);
    if (rc == 0 && tally.stop_signal != 0)
        return error_set_sys(err, ERR_CANCELLED, tally.stop_signal,
                             "stopped by signal %d after %llu samples, whose facts are stored: "
                             "give the same command again to continue",
                             tally.stop_signal, (unsigned long long)tally.n_measured);
    return rc;
}

/* What a run opens besides the database. */
struct measure_opened {
    struct measure_vocabulary vocabulary;
    struct measure_columns columns;
    struct id_list ids;
};

static int measure_opened(const struct stage_context *context, const struct measure_args *args,
                          const struct measure_config *made, struct measure_opened *opened,
                          struct stage_result *result, struct error *err)
{
    const struct measure_vocabulary *vocabulary = &opened->vocabulary;
    const struct measure_job job = {
        .store = context->store,
        .report = context->report,
        .choice = &made->choice,
        .labels = &made->labels,
        .columns = &opened->columns,
        .options = { .tokenizer = vocabulary->tokenizer },
        .ids = &opened->ids,
        .n_threads = context->n_threads,
        .batch_bytes = share_batch_bytes(args->max_memory, measure_vocabulary_bytes(vocabulary),
                                         context->n_threads),
    };
    struct measure_columns *columns = &opened->columns;

    if (measure_make_columns(&made->choice, &made->labels, &job.options, columns, err) < 0 ||
        (!context->dry_run && put_groups(context->store, columns, err) < 0) ||
        fact_find_pending(context->store, columns->groups, columns->n_groups, made->condition,
                          &opened->ids, err) < 0)
        return -1;
    return measure_pending(context, &job, result, err);
}

static int measure_run(const struct stage_context *context, const void *arguments,
                       const void *config, struct stage_result *result, struct error *err)
{
    const struct measure_args *args = arguments;
    struct measure_opened opened = { .ids = { 0 } };
    int rc = 0;

    if (args->tokenizer)
        rc =
            measure_vocabulary_open(context->fetcher, args->tokenizer, &opened.vocabulary, err);
    if (rc == 0)
        rc = measure_opened(context, args, config, &opened, result, err);
    id_list_release(&opened.ids);
    measure_columns_release(&opened.columns);
    measure_vocabulary_close(&opened.vocabulary);
    return rc;
}

static const struct option options[] = {
    { OPTION_CONDITIONS, 0, "where", offsetof(struct measure_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    { OPTION_TEXT, 0, "tokenizer", offsetof(struct measure_args, tokenizer), "FILE",
      .help = "GGUF file whose vocabulary counts tokens" },
    { OPTION_LIST, 0, "label", offsetof(struct measure_args, labels), "NAME=PATH",
      .help = "also store a value of meta as column NAME" },
    { OPTION_SIZE, 0, "max-memory", offsetof(struct measure_args, max_memory), "SIZE",
      .help = "memory to use at most", .min = MEASURE_MEMORY_LEAST },
    { .type = OPTION_END },
};

static const struct option measure_option = {
    OPTION_LIST, 0,
    "facts",     offsetof(struct measure_args, facts),
    "NAME",      .help = "measurers or facts; without a name all"
};

static const struct measure_args defaults = { 0 };

const struct stage stage_measure = {
    .name = "measure",
    .summary = "measure facts that need no model: length, language, tokens",
    .description =
        "Stores facts about each sample in the table fact, one column a fact; the view "
        "v_facts\n"
        "shows them. A sample is measured once with each version of a measurer. So the "
        "command\n"
        "can be stopped at any time and started again. Conditions (--where) of all commands\n"
        "know the facts by their names.",
    .options = options,
    .positional = &measure_option,
    .args_size = sizeof(struct measure_args),
    .defaults = &defaults,
    .config_size = sizeof(struct measure_config),
    .check = measure_check,
    .release = measure_release,
    .run = measure_run,
};
