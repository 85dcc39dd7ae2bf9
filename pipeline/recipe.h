/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recipe.h - a recipe: a YAML file with the steps of a run.
 *
 *     version: 1
 *     db: corpus.db            # optional, as are threads and lock
 *     threads: 2
 *     steps:
 *       - ingest: {files: [a.jsonl], source: a}
 *       - score: {metrics: [gateau]}
 *       - select: {name: best, by: gateau, top: 10%}
 *       - export: {selection: best, to: messages, output: best.jsonl}
 *
 * The keys of a step are the options of its command, and the name that the stage gives to its
 * positional argument. Values are parsed by the functions that parse the command line. Unknown
 * and repeated keys are errors. Aliases are errors: a recipe needs none, and nested aliases
 * expand without bound. A value may begin with ${NAME}, a variable of the environment. Paths
 * are relative to the working directory.
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
    void *args;   /* struct of the stage's arguments */
    void *config; /* what the stage's check() made of them */
};

/* Read and check a recipe; end it with recipe_free(). `variable` returns the value of a
 * variable of the environment, NULL if it is not set; without a function none is set.
 * ERR_CONFIG with the line, the step, the stage and the key, as far as they are known. */
int recipe_load(const char *path, const char *(*variable)(const char *name),
                struct recipe **out, struct error *err);
/* The same from the text of a recipe; name is the path in messages. */
int recipe_parse(struct slice text, const char *name, const char *(*variable)(const char *name),
                 struct recipe **out, struct error *err);
void recipe_free(struct recipe *recipe);

const char *recipe_name(const struct recipe *recipe); /* its path */
/* NULL if the recipe does not have the key. */
const char *recipe_db(const struct recipe *recipe);
const char *recipe_threads(const struct recipe *recipe);
const char *recipe_lock(const struct recipe *recipe);
size_t recipe_count(const struct recipe *recipe);
const struct recipe_step *recipe_step(const struct recipe *recipe, size_t i);

#endif
