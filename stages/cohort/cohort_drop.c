/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort drop - delete versions of a cohort that no selection was ranked by.
 */
#include "base/error.h"
#include "stages/stage.h"
#include "store/cohort.h"

struct cohort_drop_args {
    const char *which;
};

static const struct option positional = {
    .type = OPTION_TEXT,
    .name = "cohort",
    .offset = offsetof(struct cohort_drop_args, which),
    .value_name = "NAME[@VERSION]",
    .help = "the version to delete; without @VERSION all versions",
};

static const struct cohort_drop_args defaults = { 0 };

static int cohort_drop_run(const struct stage_context *context, const void *arguments,
                           const void *config, struct stage_result *result, struct error *err)
{
    const struct cohort_drop_args *args = arguments;
    uint64_t n_dropped = 0;

    (void)config;
    if (cohort_drop(context->store, args->which, context->dry_run, &n_dropped, err) < 0)
        return -1;
    stage_fact_text(result, "cohort", args->which);
    stage_fact_int(result, "dropped", (int64_t)n_dropped);
    return 0;
}

const struct stage stage_cohort_drop = {
    .name = "cohort drop",
    .summary = "delete versions of a cohort that no selection was ranked by",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct cohort_drop_args),
    .defaults = &defaults,
    .run = cohort_drop_run,
};
