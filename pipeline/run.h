/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - carry out stages on a database: the lock, the run rows, the recipe.
 *
 * The same door for the command line and for recipes. It takes the lock beside the database,
 * opens the store, begins a run row, calls the stage, and finishes the row with what came of
 * it. A recipe is one run whose steps are runs below it, under one lock; killed anywhere and
 * started again it ends in the same database, because every stage carries on where its batches
 * ended.
 */
#ifndef CURATE_PIPELINE_RUN_H
#define CURATE_PIPELINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io/lock.h"

struct error;
struct recipe;
struct report;
struct stage;
struct stage_result;

struct pipeline_options {
    const char *db_path;
    size_t n_threads;
    bool dry_run;
    enum lock_policy lock;
    int64_t lock_timeout_ms; /* with LOCK_WAIT; 0 waits for ever */
    const char *models_dir;
    unsigned cpu_flags;
    bool stdout_taken; /* see stage.h */
    struct report *report;
    /* Called after each stage, also a failed one; err is NULL when it went well. May be NULL.
     */
    void (*stage_done)(void *arg, const struct stage *stage, int64_t run_id,
                       const struct stage_result *result, const struct error *err);
    void *arg;
};

/* Make the database, or bring it up to date; how many samples it holds. */
int pipeline_init(const struct pipeline_options *options, int64_t *n_samples, bool *skipped,
                  struct error *err);
/* *skipped is set, and 0 returned, when somebody else has the database and the policy says
 * skip. */
int pipeline_run_stage(const struct pipeline_options *options, const struct stage *stage,
                       const void *args, bool *skipped, struct error *err);
/* Every step in order; stops at the first that fails, with "step N (NAME)" in front of its
 * error. Not for a dry run: later steps need what earlier ones write. */
int pipeline_run_recipe(const struct pipeline_options *options, const struct recipe *recipe,
                        bool *skipped, struct error *err);

#endif
