/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/stage.h"

#include "base/error.h"
#include "cli/summary.h"
#include "stages/stage.h"

struct command cmd_stage_command(const struct stage *stage)
{
    return (struct command){ .name = stage->name,
                             .summary = stage->summary,
                             .description = stage->description,
                             .options = stage->options,
                             .positional = stage->positional,
                             .positional_required = stage->positional_required,
                             .args_size = stage->args_size,
                             .defaults = stage->defaults,
                             .stage = stage };
}

static void stage_done(void *arg, const struct stage *stage, int64_t run_id,
                       const struct stage_result *result, const struct error *err)
{
    const struct cli *cli = arg;
    const char *status = "ok";

    if (err)
        status = err->code == ERR_CANCELLED ? "interrupted" : "failed";
    else if (cli->dry_run)
        status = "dry-run";
    summary_print(cli, stage->name, status, run_id, result);
}

struct pipeline_options cmd_stage_pipeline(struct cli *cli)
{
    return (struct pipeline_options){ .db_path = cli->db,
                                      .n_threads = cli->n_threads,
                                      .dry_run = cli->dry_run,
                                      .lock = cli->lock,
                                      .lock_timeout_ms = cli->lock_timeout_ms,
                                      .models_dir = cli->models_dir,
                                      .cpu_flags = cli->cpu_flags,
                                      .stdout_taken = cli->json,
                                      .fetcher = &cli->fetcher,
                                      .report = &cli->report,
                                      .stage_done = stage_done,
                                      .arg = cli };
}

int cmd_stage_run(struct cli *cli, const struct stage *stage, const void *args,
                  struct error *err)
{
    const struct pipeline_options options = cmd_stage_pipeline(cli);
    const struct stage_result nothing = { .n_facts = 0 };
    bool skipped;

    if (pipeline_run_stage(&options, stage, args, &skipped, err) < 0)
        return -1;
    if (skipped)
        summary_print(cli, stage->name, "skipped", 0, &nothing);
    return 0;
}
