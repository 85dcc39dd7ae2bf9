/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "cli/command.h"
#include "cli/commands/stage.h"
#include "cli/summary.h"
#include "stages/stage.h"
#include "store/store.h"

static int cmd_init_run(struct cli *cli, const void *args, struct error *err)
{
    const struct pipeline_options options = cmd_stage_pipeline(cli);
    struct stage_result result = { .n_facts = 0 };
    int64_t n_samples = 0;
    bool skipped;

    (void)args;
    if (cli->dry_run) {
        summary_print(cli, "init", "dry-run", 0, &result);
        return 0;
    }
    if (pipeline_init(&options, &n_samples, &skipped, err) < 0)
        return -1;
    if (!skipped) {
        stage_fact_int(&result, "schema_version", store_version());
        stage_fact_int(&result, "samples", n_samples);
    }
    summary_print(cli, "init", skipped ? "skipped" : "ok", 0, &result);
    return 0;
}

const struct command cmd_init = {
    .name = "init",
    .summary = "create an empty database, or bring an older one up to date",
    .run = cmd_init_run,
};
