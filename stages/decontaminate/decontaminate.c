/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decontaminate - find the prompts and answers of evaluations in the samples.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/net/fetcher.h"
#include "base/report.h"
#include "base/threads/crew.h"
#include "stages/decontaminate/decontaminate_private.h"
#include "stages/stage.h"
#include "store/selection.h"

enum {
    SEARCH_BATCH_BYTES = 4 << 20,
    SEARCH_BATCH_LEAST = 256 << 10,
    SEARCH_MEMORY_LEAST = 64 << 20,
    SEARCH_EVALUATIONS_MAX = 64,
    EVALUATION_NAME_MAX = 100,
    /* A text is in memory as read, in its batch, as words, and as hashes of n-grams. */
    SEARCH_TIMES = 16,
    RULE_OF_PRESET = -1,
};

enum pack_emit { EMIT_NOTHING = OPTION_NO_CHOICE, EMIT_PACK };

struct decontaminate_args {
    struct text_list against;
    const char *file; /* of --emit */
    int emit;
    const char *name;
    int preset;
    int64_t ngram;
    double covered;
    int64_t longest;
    bool everywhere;
    struct text_list prompt_fields;
    struct text_list answer_fields;
    const char *config;
    const char *split;
    struct text_list where;
    uint64_t max_memory;
    bool replace;
};

struct decontaminate_config {
    char *condition; /* NULL: all samples */
    struct evaluation_source source;
};

static struct contamination_rule choose_rule(const struct decontaminate_args *args)
{
    struct contamination_rule rule = contamination_presets[args->preset].rule;

    if (args->ngram != RULE_OF_PRESET)
        rule.ngram = (unsigned)args->ngram;
    if (args->covered >= 0)
        rule.covered = args->covered;
    if (args->longest != RULE_OF_PRESET)
        rule.longest = (unsigned)args->longest;
    return rule;
}

static int check_emit(const struct decontaminate_args *args, struct error *err)
{
    if (args->emit != EMIT_PACK)
        return args->file ? error_set(err, ERR_USAGE,
                                      "%s: a file is only for --emit pack; name evaluations "
                                      "with --against",
                                      args->file)
                          : 0;
    if (!args->file)
        return error_set(err, ERR_USAGE, "no file for the pack: use --emit pack FILE");
    if (args->against.n > 1)
        return error_set(err, ERR_USAGE,
                         "--emit pack: a pack holds one evaluation, and --against names %u",
                         args->against.n);
    return 0;
}

static int decontaminate_check(const void *arguments, void *config, struct error *err)
{
    const struct decontaminate_args *args = arguments;
    struct decontaminate_config *made = config;

    if (args->against.n == 0)
        return error_set(err, ERR_USAGE, "no evaluation: use --against FILE");
    if (args->against.n > SEARCH_EVALUATIONS_MAX)
        return error_set(err, ERR_USAGE, "--against: at most %d evaluations at once",
                         SEARCH_EVALUATIONS_MAX);
    if (args->name && (!*args->name || strlen(args->name) > EVALUATION_NAME_MAX))
        return error_set(err, ERR_USAGE, "--name %.80s: must have 1 to %d bytes", args->name,
                         EVALUATION_NAME_MAX);
    if (args->name && args->against.n > 1)
        return error_set(err, ERR_USAGE,
                         "--name %s: names one evaluation, and --against names %u", args->name,
                         args->against.n);
    for (unsigned i = 0; i < args->against.n; i++)
        if (fetched_check(args->against.items[i], err) < 0)
            return -1;
    made->source = (struct evaluation_source){ .name = args->name,
                                               .config = args->config,
                                               .split = args->split,
                                               .rule = choose_rule(args),
                                               .max_memory = args->max_memory };
    if (check_emit(args, err) < 0 ||
        item_fields_parse(&args->prompt_fields, "prompt-field", &made->source.prompt, err) <
            0 ||
        item_fields_parse(&args->answer_fields, "answer-field", &made->source.answer, err) < 0)
        return -1;
    return condition_join(&args->where, &made->condition, err);
}

static void decontaminate_release(void *config)
{
    struct decontaminate_config *made = config;

    free(made->condition);
}

static bool decontaminate_without_store(const void *arguments)
{
    const struct decontaminate_args *args = arguments;

    return args->emit == EMIT_PACK;
}

/* The evaluations of a run. */
struct evaluation_list {
    struct arena arena;
    struct read_evaluation items[SEARCH_EVALUATIONS_MAX];
    const struct contamination_index *indexes[SEARCH_EVALUATIONS_MAX];
    int64_t ids[SEARCH_EVALUATIONS_MAX];
    size_t n;
    uint64_t n_bytes;
    struct id_list pending;
};

static int read_evaluations(const struct stage_context *context,
                            const struct decontaminate_args *args,
                            const struct decontaminate_config *config,
                            struct evaluation_list *list, struct error *err)
{
    struct evaluation_source source = config->source;

    source.fetcher = context->fetcher;
    source.report = context->report;
    for (unsigned i = 0; i < args->against.n; i++) {
        struct read_evaluation *evaluation = &list->items[list->n++];

        source.argument = args->against.items[i];
        if (evaluation_read(&source, evaluation, err) < 0)
            return -1;
        for (size_t k = 0; k + 1 < list->n; k++)
            if (strcmp(list->items[k].name, evaluation->name) == 0)
                return error_set(err, ERR_USAGE,
                                 "%s and %s: both evaluations have the name '%s': search for "
                                 "one after the other, with --name",
                                 list->items[k].path, evaluation->path, evaluation->name);
        list->indexes[i] = evaluation->index;
        list->n_bytes += contamination_index_counts(evaluation->index).n_bytes;
    }
    return 0;
}

static int put_evaluations(const struct stage_context *context,
                           const struct decontaminate_args *args,
                           const struct decontaminate_config *config,
                           struct evaluation_list *list, struct error *err)
{
    const struct slice params =
        evaluation_params(&config->source.rule, args->everywhere, &list->arena);

    if (!params.ptr)
        return error_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        if (evaluation_put(context->store, &list->items[i], params, args->replace,
                           context->run_id, context->dry_run, err) < 0)
            return -1;
        list->ids[i] = list->items[i].id;
    }
    return 0;
}

/* Divide the limit on memory, without what the indexes hold, among the batches: two for each
 * thread, and two more. */
static int share_search_bytes(uint64_t max_memory, const struct evaluation_list *list,
                              size_t n_threads, size_t *out, struct error *err)
{
    const uint64_t held = list->n_bytes;
    const uint64_t left = max_memory > held ? max_memory - held : 0;
    const uint64_t share = left / SEARCH_TIMES / crew_blocks(n_threads);

    if (max_memory > 0 && left < max_memory / 2)
        return error_set(err, ERR_NOMEM,
                         "the n-grams of all evaluations need more than half of --max-memory, "
                         "%" PRIu64 " MiB: allow more, or search for one evaluation after the "
                         "other",
                         max_memory >> 20);
    *out = max_memory == 0 || share > SEARCH_BATCH_BYTES ? SEARCH_BATCH_BYTES
           : share < SEARCH_BATCH_LEAST                  ? SEARCH_BATCH_LEAST
                                                         : (size_t)share;
    return 0;
}

/* Print a table of notes, one line an evaluation. */
static int note_evaluations(const struct stage_context *context,
                            const struct evaluation_list *list, int64_t *n_hit_items,
                            struct error *err)
{
    report_note(context->report, "%9s %9s %7s %9s %9s %9s %7s  evaluation", "items", "hit",
                "share", "searched", "flagged", "unchecked", "common");
    for (size_t i = 0; i < list->n; i++) {
        const struct read_evaluation *evaluation = &list->items[i];
        struct contamination_summary summary = { .n_searched = 0 };

        if (evaluation->id > 0 &&
            contamination_summarise(context->store, evaluation->id, &summary, err) < 0)
            return -1;
        *n_hit_items += summary.n_hit_items;
        report_note(context->report,
                    "%9zu %9" PRId64 " %6.2f%% %9" PRId64 " %9" PRId64 " %9" PRId64 " %7" PRId64
                    "  %s",
                    evaluation->n_items, summary.n_hit_items,
                    100 * (double)summary.n_hit_items / (double)evaluation->n_items,
                    summary.n_searched, summary.n_flagged, evaluation->n_not_checkable,
                    evaluation->n_common, evaluation->name);
    }
    return 0;
}

static void add_evaluation_facts(const struct evaluation_list *list,
                                 struct stage_result *result)
{
    int64_t n_items = 0;
    int64_t n_rejected = 0;
    int64_t n_not_checkable = 0;

    for (size_t i = 0; i < list->n; i++) {
        n_items += (int64_t)list->items[i].n_items;
        n_rejected += (int64_t)list->items[i].n_rejected;
        n_not_checkable += list->items[i].n_not_checkable;
    }
    stage_fact_int(result, "evaluations", (int64_t)list->n);
    stage_fact_int(result, "items", n_items);
    stage_fact_int(result, "no_item", n_rejected);
    stage_fact_int(result, "unchecked", n_not_checkable);
}

/* Search the pending samples, and report. */
static int search_pending(const struct stage_context *context, const struct search_job *job,
                          const struct evaluation_list *list, struct stage_result *result,
                          struct error *err)
{
    const int64_t started_ns = clock_mono_ns();
    struct search_tally tally = { .n_searched = 0 };
    int64_t n_hit_items = 0;
    int rc = 0;

    context->report->unit = "samples";
    context->report->done = 0;
    context->report->total = job->ids->n;
    if (!context->dry_run)
        rc = search_run_threads(job, &tally, err);
    const bool is_stopped = rc == 1;
    add_evaluation_facts(list, result);
    if (rc >= 0)
        rc = note_evaluations(context, list, &n_hit_items, err);
    stage_fact_int(result, "hit_items", n_hit_items);
    stage_fact_int(result, "searched", (int64_t)tally.n_searched);
    stage_fact_int(result, "pending", (int64_t)(job->ids->n - tally.n_searched));
    stage_fact_int(result, "flagged", (int64_t)tally.n_flagged);
    stage_fact_int(result, "bytes", (int64_t)tally.n_bytes);
    stage_fact_real(result, "secs", (double)(clock_mono_ns() - started_ns) / 1e9);
    if (rc == 0 && is_stopped)
        return error_set_sys(err, ERR_CANCELLED, report_stop(job->report),
                             "stopped by signal %d after %" PRIu64
                             " samples, which are stored: give the same command again to "
                             "continue",
                             report_stop(job->report), tally.n_searched);
    return rc;
}

static int search_evaluations(const struct stage_context *context,
                              const struct decontaminate_args *args,
                              const struct decontaminate_config *config,
                              struct evaluation_list *list, struct stage_result *result,
                              struct error *err)
{
    struct search_job job = { .store = context->store,
                              .report = context->report,
                              .evaluations = list->items,
                              .n_evaluations = list->n,
                              .indexes = list->indexes,
                              .ids = &list->pending,
                              .everywhere = args->everywhere,
                              .n_threads = context->n_threads };

    if (share_search_bytes(args->max_memory, list, context->n_threads, &job.batch_bytes, err) <
            0 ||
        put_evaluations(context, args, config, list, err) < 0 ||
        contamination_find_pending(context->store, list->ids, list->n, config->condition,
                                   &list->pending, err) < 0)
        return -1;
    return search_pending(context, &job, list, result, err);
}

static int emit_pack(const struct stage_context *context, const struct decontaminate_args *args,
                     const struct evaluation_list *list, const struct contamination_rule *rule,
                     struct error *err)
{
    if (pack_write(&list->items[0], rule, args->file, err) < 0)
        return -1;
    report_note(context->report, "%s: %zu items of '%s' as %zu hashes of %u words", args->file,
                list->items[0].n_items, list->items[0].name,
                contamination_index_counts(list->indexes[0]).n_grams, rule->ngram);
    return 0;
}

static int decontaminate_run(const struct stage_context *context, const void *arguments,
                             const void *configuration, struct stage_result *result,
                             struct error *err)
{
    const struct decontaminate_args *args = arguments;
    const struct decontaminate_config *config = configuration;
    struct evaluation_list *list = calloc(1, sizeof *list);
    int rc = -1;

    if (!list)
        return error_nomem(err);
    arena_init(&list->arena);
    context->report->unit = "bytes";
    if (read_evaluations(context, args, config, list, err) == 0)
        rc = args->emit == EMIT_PACK
                 ? emit_pack(context, args, list, &config->source.rule, err)
                 : search_evaluations(context, args, config, list, result, err);
    for (size_t i = 0; i < list->n; i++)
        evaluation_release(&list->items[i]);
    id_list_release(&list->pending);
    arena_release(&list->arena);
    free(list);
    return rc;
}

static const char *name_of_preset(int i)
{
    return contamination_presets[i].name;
}

static const char *const emit_names[] = { "pack", NULL };

static const struct option options[] = {
    { OPTION_LIST, 0, "against", offsetof(struct decontaminate_args, against), "FILE",
      .help = "evaluation: JSONL, JSON, CSV, Parquet, a URL, or a pack" },
    { OPTION_TEXT, 0, "name", offsetof(struct decontaminate_args, name), "NAME",
      .help = "name of the evaluation", .unset = "that of the file" },
    { OPTION_CHOICE, 0, "preset", offsetof(struct decontaminate_args, preset), "PRESET",
      .help = "when a sample is flagged", .choice_name = name_of_preset },
    { OPTION_INT, 0, "ngram", offsetof(struct decontaminate_args, ngram), "N",
      .help = "words that must be equal in a row", .unset = "that of the preset",
      .min = CONTAMINATION_NGRAM_LEAST, .max = CONTAMINATION_NGRAM_MOST },
    { OPTION_REAL, 0, "covered", offsetof(struct decontaminate_args, covered), "SHARE",
      .help = "flag if more than this share of a prompt's words is found",
      .unset = "that of the preset", .min = 0, .max = 1 },
    { OPTION_INT, 0, "longest", offsetof(struct decontaminate_args, longest), "N",
      .help = "flag from so many words in a row; 0: not used", .unset = "that of the preset",
      .min = 0, .max = 1000000 },
    { OPTION_FLAG, 0, "everywhere", offsetof(struct decontaminate_args, everywhere), NULL,
      .help = "look for prompts and answers in all texts" },
    { OPTION_LIST, 0, "prompt-field", offsetof(struct decontaminate_args, prompt_fields),
      "PATH", .help = "where a record has its prompt" },
    { OPTION_LIST, 0, "answer-field", offsetof(struct decontaminate_args, answer_fields),
      "PATH", .help = "where a record has its answer" },
    { OPTION_TEXT, 0, "config", offsetof(struct decontaminate_args, config), "NAME",
      .help = "only this config of a dataset" },
    { OPTION_TEXT, 0, "split", offsetof(struct decontaminate_args, split), "NAME",
      .help = "only this split of a dataset" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct decontaminate_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    { OPTION_SIZE, 0, "max-memory", offsetof(struct decontaminate_args, max_memory), "SIZE",
      .help = "memory to use at most", .min = SEARCH_MEMORY_LEAST },
    { OPTION_FLAG, 0, "replace", offsetof(struct decontaminate_args, replace), NULL,
      .help = "search again for an evaluation with other items or parameters" },
    { OPTION_CHOICE, 0, "emit", offsetof(struct decontaminate_args, emit), "pack",
      .help = "write the hashes of the evaluation to FILE, and search nothing",
      .choices = emit_names },
    { .type = OPTION_END },
};

static const struct option pack_option = {
    OPTION_TEXT, 0,
    "file",      offsetof(struct decontaminate_args, file),
    "FILE",      .help = "the pack that --emit pack writes"
};

static const struct decontaminate_args defaults = {
    .emit = EMIT_NOTHING,
    .ngram = RULE_OF_PRESET,
    .covered = RULE_OF_PRESET,
    .longest = RULE_OF_PRESET,
};

const struct stage stage_decontaminate = {
    .name = "decontaminate",
    .summary = "find questions and answers of evaluations in the samples",
    .description =
        "Compares the words of each sample with those of an evaluation's questions and\n"
        "answers. For each it stores what share of a question is covered, the longest run of\n"
        "equal words, and where it is; samples above the limits are flagged. Nothing is\n"
        "deleted: select --clean leaves flagged samples out. A sample is searched once for\n"
        "each evaluation. So the command can be stopped at any time and started again.",
    .options = options,
    .positional = &pack_option,
    .args_size = sizeof(struct decontaminate_args),
    .defaults = &defaults,
    .config_size = sizeof(struct decontaminate_config),
    .check = decontaminate_check,
    .without_store = decontaminate_without_store,
    .release = decontaminate_release,
    .run = decontaminate_run,
};
