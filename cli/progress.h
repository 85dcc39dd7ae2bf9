/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - print the progress of a run on standard error.
 *
 * On a terminal, one line is overwritten at most ten times a second. Elsewhere, one line is
 * printed every 30 seconds, so that a log shows that the run is alive. --quiet prints none.
 */
#ifndef CURATE_PROGRESS_H
#define CURATE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct report;

struct progress {
    bool on_terminal;
    bool line_open;    /* the terminal shows a line without its newline */
    const char *phase; /* of the last line; a new phase restarts the clock */
    int64_t started_ns;
    int64_t shown_ns;
};

/* Let the report print its progress and notes. Both must live until the end of the command. */
void progress_start(struct progress *progress, struct report *report, bool quiet);
/* Clear the open line; call it before printing anything else. */
void progress_clear(struct progress *progress);

#endif
