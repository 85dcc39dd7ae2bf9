/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - run stages on a database, for the command line and for recipes.
 *
 * A run locks the database, opens the store, begins a row of the table run, runs the stage, and
 * finishes the row with the result. A recipe is one run whose steps are child runs, under one
 * lock. A recipe that is killed and run again ends with the same database, because every stage
 * continues behind its last committed batch.
 */
#ifndef CURATE_PIPELINE_RUN_H
#define CURATE_PIPELINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io/lock.h"

struct error;
struct fetcher;
struct recipe;
struct report;
struct stage;
struct stage_result;

struct pipeline_options {
    const char *db_path;
    size_t n_threads;
    bool dry_run;
    enum lock_policy lock;
    int64_t lock_timeout_ms; /* with LOCK_WAIT; 0: no limit */
    const char *models_dir;
    unsigned cpu_flags;
    bool stdout_taken;       /* the closing JSON object goes to standard output, see stage.h */
    struct fetcher *fetcher; /* of the run, see stage.h; shared by the steps of a recipe */
    struct report *report;
    /* Called after each stage; err is NULL unless it failed. May be NULL. */
    void (*stage_done)(void *arg, const struct stage *stage, int64_t run_id,
                       const struct stage_result *result, const struct error *err);
    void *arg;
};

/* Create the database, or migrate it to the newest schema, and count its samples. *skipped is
 * as below. */
int pipeline_init(const struct pipeline_options *options, int64_t *n_samples, bool *skipped,
                  struct error *err);
/* Check the arguments and run the stage. If another process has the lock and the policy is
 * LOCK_SKIP, set *skipped and return 0. */
int pipeline_run_stage(const struct pipeline_options *options, const struct stage *stage,
                       const void *args, bool *skipped, struct error *err);
/* Run the steps in order, up to the first that fails; its error begins with "step N (NAME)".
 * Not for a dry run: later steps need what earlier ones write. */
int pipeline_run_recipe(const struct pipeline_options *options, const struct recipe *recipe,
                        bool *skipped, struct error *err);

/* Find out whether a process holds the lock of the database, so that a run may be going on.
 * Returns 1, 0, or -1 if that cannot be told. */
int pipeline_is_running(const char *db_path);

#endif
