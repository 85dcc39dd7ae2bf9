/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recipe.h - a YAML file that names the steps of a run; read by libcyaml.
 *
 *     version: 1
 *     db: corpus.db            # may be left to --db
 *     threads: 2               # optional, like lock and lock-timeout
 *     steps:
 *       - ingest: {files: [a.jsonl], source: a}
 *       - score: {metrics: [gateau]}
 *       - select: {name: best, by: gateau, top: 10%}
 *       - export: {selection: best, to: messages, output: best.jsonl}
 *
 * A step's keys are the options of the command of that name, and its positional argument under
 * the name the stage gives it. Unknown keys are errors with their line. Aliases are refused: a
 * recipe has no use for them and they can be made to grow without bound. Paths are taken as
 * they stand, relative to the working directory.
 */
#ifndef CURATE_RECIPE_H
#define CURATE_RECIPE_H

#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;
struct recipe;
struct stage;

struct recipe_step {
    const struct stage *stage;
    void *args;   /* the stage's arguments struct */
    void *config; /* made of them by the stage's check() */
};

/* Read and check a recipe; everything wrong with it is ERR_CONFIG naming the line or the step.
 */
int recipe_load(const char *path, struct recipe **out, struct error *err);
/* The same from bytes; name stands for the path in messages. */
int recipe_parse(struct slice text, const char *name, struct recipe **out, struct error *err);
void recipe_free(struct recipe *recipe);

const char *recipe_name(const struct recipe *recipe); /* its path */
/* NULL where the recipe does not say. */
const char *recipe_db(const struct recipe *recipe);
const char *recipe_threads(const struct recipe *recipe);
const char *recipe_lock(const struct recipe *recipe);
size_t recipe_count(const struct recipe *recipe);
const struct recipe_step *recipe_step(const struct recipe *recipe, size_t i);

#endif
