/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dedup exact - find samples with the same words.
 */
#include <limits.h>

#include "base/arena.h"
#include "base/error.h"
#include "stages/dedup/keep.h"
#include "stages/dedup/near_private.h"
#include "stages/stage.h"

enum { EXACT_MEMORY_LEAST = 64 << 20 };

struct exact_args {
    const char *name;
    int field;
    const char *against;
    uint64_t max_memory;
    struct keep_args keep;
};

struct exact_config {
    struct arena arena;
    struct near_request request;
};

static const char *const fields[] = { "whole", "instruction", "response", "context", NULL };

static const struct option options[] = {
    { OPTION_CHOICE, 0, "field", offsetof(struct exact_args, field), "FIELD",
      .help = "the text that is compared; whole: instruction and response", .choices = fields },
    { OPTION_TEXT, 0, "against", offsetof(struct exact_args, against), "SELECTION",
      .help = "only pairs with a sample of a selection" },
    KEEP_OPTIONS(struct exact_args, keep),
    { OPTION_SIZE, 0, "max-memory", offsetof(struct exact_args, max_memory), "SIZE",
      .help = "memory to use at most", .unset = "half of what is free",
      .min = EXACT_MEMORY_LEAST },
    { .type = OPTION_END },
};

static const struct option name_option = { OPTION_TEXT, 0,
                                           "name",      offsetof(struct exact_args, name),
                                           "NAME",      .help = "of the set" };

static const struct exact_args defaults = { .name = "exact", .keep = KEEP_DEFAULTS };

static int exact_check(const void *arguments, void *config, struct error *err)
{
    const struct exact_args *args = arguments;
    struct exact_config *made = config;

    arena_init(&made->arena);
    if (!*args->name)
        return error_set(err, ERR_USAGE, "the name of the set is empty");
    /* All words are one shingle, and there are no bands: equal digests are candidates. */
    made->request = (struct near_request){ .name = args->name,
                                           .rule = { .kind = "exact",
                                                     .field = fields[args->field],
                                                     .shingle = { UINT_MAX, false },
                                                     .verify = true,
                                                     .threshold = 1,
                                                     .against = args->against },
                                           .max_memory = args->max_memory };
    return keep_parse(&args->keep, made->request.rule.field, &made->arena, &made->request.order,
                      err);
}

static void exact_release(void *config)
{
    struct exact_config *made = config;

    arena_release(&made->arena);
}

static int run_dedup_exact(const struct stage_context *context, const void *args,
                           const void *config, struct stage_result *result, struct error *err)
{
    const struct exact_config *made = config;

    (void)args;
    return near_run(context, &made->request, result, err);
}

const struct stage stage_dedup_exact = {
    .name = "dedup exact",
    .summary = "find samples with the same words",
    .description =
        "Two samples are exact duplicates if a field has the same words in the same order.\n"
        "Case, spaces and punctuation do not count. Nothing is deleted: pairs and clusters "
        "are\n"
        "stored under a name, and 'select --dedup NAME' leaves out the duplicates.",
    .options = options,
    .positional = &name_option,
    .args_size = sizeof(struct exact_args),
    .defaults = &defaults,
    .config_size = sizeof(struct exact_config),
    .check = exact_check,
    .release = exact_release,
    .run = run_dedup_exact,
};
