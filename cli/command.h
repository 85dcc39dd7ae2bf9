/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - what a command is.
 *
 * To add one: write cmd_NAME.c with `const struct command cmd_NAME` and put NAME in the list
 * of meson.build. Stages (stages/stage.h) are commands by themselves and are not listed there.
 * Option tables make the parser, the help text and the man page's check; nothing is written
 * twice.
 */
#ifndef CURATE_COMMAND_H
#define CURATE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io/lock.h"
#include "base/option.h"
#include "base/report.h"

struct error;

/* Options every command takes, and what the command runs with. */
struct cli {
    const char *db; /* --db, $CURATE_DB, "curate.db" */
    const char *threads_text;
    const char *lock_text;
    bool db_given; /* by the flag or the environment */
    bool json;
    bool quiet;
    bool verbose;
    bool dry_run;
    bool help;

    size_t n_threads;
    enum lock_policy lock;
    int64_t lock_timeout_ms;
    const char *models_dir;
    unsigned cpu_flags; /* what of the processor to use */
    struct report report;
};

struct command {
    const char *name; /* "ingest", or two words: "model info" */
    const char *summary;
    const char *description;         /* NULL for none */
    const struct option *options;    /* may be NULL */
    const struct option *positional; /* TEXT or LIST, or NULL */
    bool positional_required;
    size_t args_size;
    const void *defaults;
    int (*run)(struct cli *cli, const void *args, struct error *err);
};

/* NULL-terminated: the commands that are not stages. */
extern const struct command *const commands[];

/* The options of struct cli itself. */
extern const struct option common_options[];

#endif
