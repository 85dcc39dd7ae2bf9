/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure - store facts about samples that need no model.
 */
#include <stdlib.h>

#include "base/error.h"
#include "stages/measure/facts.h"
#include "stages/stage.h"
#include "store/selection.h"

enum { MEASURE_MEMORY_LEAST = 64 << 20 };

struct measure_args {
    struct text_list facts;
    struct text_list where;
    const char *tokenizer; /* NULL: none */
    const char *flagged_words;
    struct text_list labels;
    uint64_t max_memory;
};

struct measure_config {
    char *condition; /* NULL: all samples */
    struct measure_facts *facts;
};

static int measure_check(const void *arguments, void *config, struct error *err)
{
    const struct measure_args *args = arguments;
    const struct measure_request request = { .names = &args->facts,
                                             .labels = &args->labels,
                                             .tokenizer = args->tokenizer,
                                             .flagged_words = args->flagged_words,
                                             .max_memory = args->max_memory };
    struct measure_config *made = config;

    if (condition_join(&args->where, &made->condition, err) < 0)
        return -1;
    return measure_facts_new(&request, &made->facts, err);
}

static void measure_release(void *config)
{
    struct measure_config *made = config;

    free(made->condition);
    measure_facts_free(made->facts);
}

static int measure_run(const struct stage_context *context, const void *arguments,
                       const void *config, struct stage_result *result, struct error *err)
{
    const struct measure_config *made = config;
    struct measure_outcome done = { .n_pending = 0 };

    (void)arguments;
    const int rc = measure_facts_run(made->facts, context, made->condition, &done, err);
    if (rc < 0 && done.n_pending == 0)
        return -1;
    stage_fact_int(result, "measured", (int64_t)done.n_measured);
    stage_fact_int(result, "pending", (int64_t)(done.n_pending - done.n_measured));
    stage_fact_int(result, "spans", (int64_t)done.n_spans);
    stage_fact_real(result, "secs", done.seconds);
    return rc;
}

static const struct option options[] = {
    { OPTION_CONDITIONS, 0, "where", offsetof(struct measure_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    { OPTION_TEXT, 0, "tokenizer", offsetof(struct measure_args, tokenizer), "FILE",
      .help = "GGUF file whose vocabulary counts tokens" },
    { OPTION_TEXT, 0, "flagged-words", offsetof(struct measure_args, flagged_words), "FILE",
      .help = "list of words and phrases to count, one a line" },
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
