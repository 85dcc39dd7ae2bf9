/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dedup near - find samples whose texts have most of their phrases in common.
 */
#include "base/arena.h"
#include "base/error.h"
#include "stages/dedup/keep.h"
#include "stages/dedup/near_private.h"
#include "stages/stage.h"

enum { MEMORY_OPTION_LEAST = 64 << 20, SHINGLE_MOST = 1000 };

struct near_args {
    const char *name;
    int field;
    int preset;
    int64_t bands;
    int64_t rows;
    int64_t shingle;
    bool characters;
    int64_t seed; /* -1: of the preset */
    double threshold;
    double containment;
    bool unverified;
    const char *against;
    uint64_t max_memory;
    struct keep_args keep;
};

struct near_config {
    struct arena arena;
    struct near_request request;
};

static const char *const fields[] = { "whole", "instruction", "response", "context", NULL };

static const struct option options[] = {
    { OPTION_CHOICE, 0, "field", offsetof(struct near_args, field), "FIELD",
      .help = "the text that is compared; whole: instruction and response", .choices = fields },
    { OPTION_REAL, 0, "threshold", offsetof(struct near_args, threshold), "SIMILARITY",
      .help = "least Jaccard similarity of duplicates", .unset = "of the preset", .max = 1 },
    { OPTION_REAL, 0, "containment", offsetof(struct near_args, containment), "SHARE",
      .help = "or least share of a text that a longer one contains", .unset = "not used",
      .max = 1 },
    { OPTION_CHOICE, 0, "preset", offsetof(struct near_args, preset), "NAME",
      .help = "parameters of a published pipeline", .choices = near_presets },
    { OPTION_INT, 0, "bands", offsetof(struct near_args, bands), "N",
      .help = "bands of a signature", .unset = "of the preset" },
    { OPTION_INT, 0, "rows", offsetof(struct near_args, rows), "N", .help = "values of a band",
      .unset = "of the preset" },
    { OPTION_INT, 0, "shingle", offsetof(struct near_args, shingle), "N",
      .help = "words of a phrase", .unset = "of the preset", .max = SHINGLE_MOST },
    { OPTION_FLAG, 0, "characters", offsetof(struct near_args, characters), NULL,
      .help = "phrases of N characters instead of words" },
    { OPTION_INT, 0, "seed", offsetof(struct near_args, seed), "N",
      .help = "seed of the hash functions", .unset = "of the preset", .min = -1 },
    { OPTION_FLAG, 0, "unverified", offsetof(struct near_args, unverified), NULL,
      .help = "keep all pairs that agree in a band; estimate similarity" },
    { OPTION_TEXT, 0, "against", offsetof(struct near_args, against), "SELECTION",
      .help = "only pairs with a sample of a selection" },
    KEEP_OPTIONS(struct near_args, keep),
    { OPTION_SIZE, 0, "max-memory", offsetof(struct near_args, max_memory), "SIZE",
      .help = "memory to use at most", .unset = "half of what is free",
      .min = MEMORY_OPTION_LEAST },
    { .type = OPTION_END },
};

static const struct option name_option = { OPTION_TEXT, 0,
                                           "name",      offsetof(struct near_args, name),
                                           "NAME",      .help = "of the set" };

static const struct near_args defaults = { .name = "near", .seed = -1, .keep = KEEP_DEFAULTS };

/* Put what was given in the place of the preset's values. */
static void change_rule(const struct near_args *args, struct near_rule *rule)
{
    rule->field = fields[args->field];
    rule->against = args->against;
    if (args->bands > 0)
        rule->n_bands = (unsigned)args->bands;
    if (args->rows > 0)
        rule->n_rows = (unsigned)args->rows;
    if (args->shingle > 0)
        rule->shingle.n = (unsigned)args->shingle;
    if (args->characters)
        rule->shingle.characters = true;
    if (args->seed >= 0)
        rule->seed = (uint64_t)args->seed;
    if (args->threshold > 0) {
        rule->threshold = args->threshold;
        rule->verify = true;
    }
    rule->least_containment = args->containment;
    if (args->unverified)
        rule->verify = false;
}

static int near_check(const void *arguments, void *config, struct error *err)
{
    const struct near_args *args = arguments;
    struct near_config *made = config;
    struct near_rule rule = near_rule_of(args->preset);

    arena_init(&made->arena);
    if (!*args->name)
        return error_set(err, ERR_USAGE, "the name of the set is empty");
    if (args->unverified && args->threshold > 0)
        return error_set(err, ERR_USAGE,
                         "--threshold needs verified pairs: leave out --unverified");
    change_rule(args, &rule);
    if (rule.least_containment > 0 && !rule.verify)
        return error_set(err, ERR_USAGE,
                         "--containment needs verified pairs: give --threshold, too");
    if (args->bands > MINHASH_VALUES_MAX || args->rows > MINHASH_VALUES_MAX ||
        (uint64_t)rule.n_bands * rule.n_rows > MINHASH_VALUES_MAX)
        return error_set(err, ERR_USAGE,
                         "--bands times --rows must be at most %d: choose fewer of them",
                         MINHASH_VALUES_MAX);
    made->request = (struct near_request){ .name = args->name,
                                           .rule = rule,
                                           .max_memory = args->max_memory };
    return keep_parse(&args->keep, rule.field, &made->arena, &made->request.order, err);
}

static void near_release(void *config)
{
    struct near_config *made = config;

    arena_release(&made->arena);
}

static int run_dedup_near(const struct stage_context *context, const void *args,
                          const void *config, struct stage_result *result, struct error *err)
{
    const struct near_config *made = config;

    (void)args;
    return near_run(context, &made->request, result, err);
}

const struct stage stage_dedup_near = {
    .name = "dedup near",
    .summary = "find samples whose texts are nearly the same",
    .description =
        "Two samples are near duplicates if most of their phrases of five words are the same.\n"
        "Case and punctuation do not count. Candidates are found by MinHash signatures in\n"
        "bands, then compared exactly. Nothing is deleted: pairs and clusters are stored "
        "under\n"
        "a name, and 'select --dedup NAME' leaves out the duplicates. After new samples the\n"
        "same command compares only these with all.",
    .options = options,
    .positional = &name_option,
    .args_size = sizeof(struct near_args),
    .defaults = &defaults,
    .config_size = sizeof(struct near_config),
    .check = near_check,
    .release = near_release,
    .run = run_dedup_near,
};
