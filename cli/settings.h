/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - what the common options and the environment come to.
 *
 * Reads CURATE_DB, CURATE_THREADS, CURATE_MODELS and CURATE_CPU from the environment; besides
 * this only progress.c looks there, for TERM and CI.
 */
#ifndef CURATE_SETTINGS_H
#define CURATE_SETTINGS_H

struct cli;
struct error;

/* Fill in what the flags left open, from the environment. */
void settings_environment(struct cli *cli);
/* Turn the texts into numbers; may be called again when a recipe has had its say. ERR_USAGE. */
int settings_resolve(struct cli *cli, struct error *err);
/* The folder of the built-in models, into out (n bytes); empty when it cannot be found. */
void settings_models_dir(char *out, unsigned n);

#endif
