/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split drop - delete a split.
 */
#include "base/error.h"
#include "stages/stage.h"
#include "store/split.h"

struct split_drop_args {
    const char *split;
};

static const struct option positional = {
    .type = OPTION_TEXT,
    .name = "split",
    .offset = offsetof(struct split_drop_args, split),
    .value_name = "NAME",
    .help = "the split to delete",
};

static const struct split_drop_args defaults = { 0 };

static int split_drop_run(const struct stage_context *context, const void *arguments,
                          const void *config, struct stage_result *result, struct error *err)
{
    const struct split_drop_args *args = arguments;
    int64_t n_samples = 0;

    (void)config;
    if (split_drop(context->store, args->split, context->dry_run, &n_samples, err) < 0)
        return -1;
    stage_fact_text(result, "split", args->split);
    stage_fact_int(result, "samples", n_samples);
    return 0;
}

const struct stage stage_split_drop = {
    .name = "split drop",
    .summary = "delete a split",
    .description = "No sample is deleted. Exported files and selections stay as they are.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct split_drop_args),
    .defaults = &defaults,
    .run = split_drop_run,
};
