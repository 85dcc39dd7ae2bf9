/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - a stage as a command.
 */
#ifndef CURATE_CMD_STAGE_H
#define CURATE_CMD_STAGE_H

#include "cli/command.h"
#include "pipeline/run.h"

struct error;
struct stage;

/* The stage as help and the parser see it. */
struct command cmd_stage_command(const struct stage *stage);
int cmd_stage_run(struct cli *cli, const struct stage *stage, const void *args,
                  struct error *err);

/* The options with which the command line runs stages; each stage ends with a closing line. */
struct pipeline_options cmd_stage_pipeline(struct cli *cli);

#endif
