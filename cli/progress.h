/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - show how far a run is, on standard error.
 *
 * On a terminal one line that is written over, ten times a second at most; elsewhere one plain
 * line every 30 seconds, so that a log shows life. Nothing with --quiet.
 */
#ifndef CURATE_PROGRESS_H
#define CURATE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct report;

struct progress {
    bool on_terminal;
    bool line_open;    /* a line without its newline is on the terminal */
    const char *phase; /* of the last line: a new phase starts the clock anew */
    int64_t started_ns;
    int64_t shown_ns;
};

/* Hang progress on a report. Both live until the end of the command. */
void progress_start(struct progress *progress, struct report *report, bool quiet);
/* Finish the open line, before anything else is printed. */
void progress_clear(struct progress *progress);

#endif
