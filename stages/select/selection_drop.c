/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selection drop - delete a selection.
 */
#include "base/error.h"
#include "stages/stage.h"
#include "store/selection.h"

struct selection_drop_args {
    const char *selection;
};

static const struct option positional = {
    .type = OPTION_TEXT,
    .name = "selection",
    .offset = offsetof(struct selection_drop_args, selection),
    .value_name = "NAME",
    .help = "the selection to delete",
};

static const struct selection_drop_args defaults = { 0 };

static int selection_drop_run(const struct stage_context *context, const void *arguments,
                              const void *config, struct stage_result *result,
                              struct error *err)
{
    const struct selection_drop_args *args = arguments;
    int64_t n_samples = 0;

    (void)config;
    if (selection_drop(context->store, args->selection, context->dry_run, &n_samples, err) < 0)
        return -1;
    stage_fact_text(result, "selection", args->selection);
    stage_fact_int(result, "samples", n_samples);
    return 0;
}

const struct stage stage_selection_drop = {
    .name = "selection drop",
    .summary = "delete a selection and its description",
    .description = "No sample is deleted. Exported files stay as they are, as do selections\n"
                   "that were made from it.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct selection_drop_args),
    .defaults = &defaults,
    .run = selection_drop_run,
};
