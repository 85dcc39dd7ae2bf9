/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dedup drop - delete a set of duplicates.
 */
#include "base/error.h"
#include "stages/stage.h"
#include "store/dedup.h"

struct dedup_drop_args {
    const char *set;
};

static const struct option positional = {
    .type = OPTION_TEXT,
    .name = "set",
    .offset = offsetof(struct dedup_drop_args, set),
    .value_name = "SET",
    .help = "the set to delete",
};

static const struct dedup_drop_args defaults = { 0 };

static int dedup_drop_run(const struct stage_context *context, const void *arguments,
                          const void *config, struct stage_result *result, struct error *err)
{
    const struct dedup_drop_args *args = arguments;
    int64_t n_pairs = 0;

    (void)config;
    if (dedup_set_drop(context->store, args->set, context->dry_run, &n_pairs, err) < 0)
        return -1;
    stage_fact_text(result, "set", args->set);
    stage_fact_int(result, "pairs", n_pairs);
    return 0;
}

const struct stage stage_dedup_drop = {
    .name = "dedup drop",
    .summary = "delete a set of duplicates, its pairs and clusters",
    .description =
        "No sample is deleted. Selections that were made with the set stay as they are, with\n"
        "the counts of what they left out.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct dedup_drop_args),
    .defaults = &defaults,
    .run = dedup_drop_run,
};
