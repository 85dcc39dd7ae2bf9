/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the settings of a command, from its common options and the environment.
 *
 * Reads CURATE_DB, CURATE_THREADS, CURATE_MODELS and CURATE_CPU from the environment, and hands
 * settings_variable() to the code of recipes and of the network (docs/hub.md), which reads
 * others. Besides, only progress.c reads variables: TERM and CI.
 */
#ifndef CURATE_SETTINGS_H
#define CURATE_SETTINGS_H

struct cli;
struct error;

/* The default of --lock. */
#define LOCK_DEFAULT "wait"

/* Get a variable of the environment. NULL: not set. */
const char *settings_variable(const char *name);

/* Set the options that the command line leaves open from the environment. ERR_USAGE. */
int settings_environment(struct cli *cli, struct error *err);
/* Set an option of every command as a recipe does. ERR_USAGE. */
int settings_set(struct cli *cli, const char *name, const char *text, struct error *err);
/* Derive the settings that a command runs with from the options; called again after a recipe
 * has set some. ERR_USAGE. */
int settings_resolve(struct cli *cli, struct error *err);
/* Write the folder of the built-in models to out, of n bytes; empty if it is not found. */
void settings_models_dir(char *out, unsigned n);

#endif
