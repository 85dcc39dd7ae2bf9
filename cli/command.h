/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - what a command is, and the list of all commands.
 *
 * To add one: write commands/NAME.c with `const struct command cmd_NAME`, and put NAME into the
 * list of cli/meson.build. Stages (stages/stage.h) are commands by themselves and are not
 * listed there. The parser, the help text, the check of the manual page and the shell
 * completions are made from the option tables.
 */
#ifndef CURATE_COMMAND_H
#define CURATE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io/lock.h"
#include "base/net/fetcher.h"
#include "base/option.h"
#include "base/report.h"

struct error;
struct stage;
struct store;

/* The options of every command, and the settings that a command runs with. */
struct cli {
    /* --db, $CURATE_DB, "curate.db"; a command without a database may set NULL */
    const char *db;
    int64_t threads;       /* 0: not given */
    const char *lock_text; /* NULL: not given */
    bool db_given;         /* by the option or the environment */
    bool json;
    bool quiet;
    bool verbose;
    bool dry_run;
    bool help;
    bool offline;    /* --offline */
    bool allow_http; /* --allow-http */

    size_t n_threads;
    enum lock_policy lock;
    int64_t lock_timeout_ms;
    const char *models_dir;
    unsigned cpu_flags; /* CPU features that may be used */
    struct report report;
    struct fetcher fetcher; /* of URLs among the arguments */
};

struct command {
    const char *name; /* "ingest", or two words: "model info" */
    const char *summary;
    const char *description;         /* NULL for none */
    const struct option *options;    /* may be NULL */
    const struct option *positional; /* TEXT or LIST, or NULL */
    bool positional_required;
    bool is_hidden; /* left out of the list that `curate help` prints */
    size_t args_size;
    const void *defaults; /* args_size bytes: the default of every option */
    int (*run)(struct cli *cli, const void *args, struct error *err);
    const struct stage *stage; /* of a stage, whose run is NULL: call cmd_stage_run() */
};

/* The commands that are not stages, NULL-terminated, in the order help prints. */
extern const struct command *const commands[];
/* Command i, from 0: first the stages, then the others. False after the last. */
bool command_at(size_t i, struct command *out);
/* The command that the first words of argv name; "score import" is found before "score".
 * Returns how many words the name has; 0: not found. */
int command_find(int argc, char **argv, struct command *out);
/* Raise ERR_USAGE for a word that command_find() does not know: with the nearest name, or with
 * the names that begin with the word. Returns -1. */
int command_unknown(const char *word, struct error *err);

/* Open the database of the command line for reading. A signal ends its statements. Returns 0,
 * or -1 with err set. */
int command_open_store(const struct cli *cli, struct store **out, struct error *err);

/* The options of struct cli. Their initial values are zero bytes. */
extern const struct option common_options[];

#endif
