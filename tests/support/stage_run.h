/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage_run.h - run a stage on an open store, as the pipeline does.
 */
#ifndef CURATE_TEST_STAGE_RUN_H
#define CURATE_TEST_STAGE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "stages/stage.h"

struct error;
struct store;

enum { STAGE_NOTES_BYTES = 4096 };

struct stage_run {
    struct store *store;
    const char *models_dir;
    size_t n_threads;
    unsigned cpu_flags; /* those of this CPU, or fewer */
    bool dry_run;
    bool stopped;      /* SIGTERM arrives before the stage begins */
    size_t stop_after; /* SIGTERM arrives after this many ticks; 0 for never */
    /* Called right before and right after the stage's own code; may be NULL. */
    void (*enter)(struct stage_run *run);
    void (*leave)(struct stage_run *run);
    void (*tick)(struct stage_run *run); /* called at each tick; may be NULL */
    void *arg;                           /* for the three */

    /* Results of the last run. */
    int64_t run_id;
    struct stage_result result;
    char notes[STAGE_NOTES_BYTES]; /* one per line */
    size_t n_ticks;

    struct report report;
    int stop_signal;
};

void stage_run_init(struct stage_run *run, struct store *store);

/* Run a stage, or "retry". Options are pairs of name and text, with NULL at the end; a list is
 * given item by item. Returns what the stage returns. */
int stage_run(struct stage_run *run, struct error *err, const char *stage, ...)
    __attribute__((sentinel));

/* A fact of the last run. The test fails if the run has no such fact. */
int64_t stage_run_int(const struct stage_run *run, const char *key);
const char *stage_run_text(const struct stage_run *run, const char *key);

#endif
