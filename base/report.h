/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - how code below cli/ tells what it is doing, without printing.
 *
 * The caller of a long operation hands down a report. The operation moves the counters and
 * calls report_tick() now and then (at least once a batch); cli/progress.c turns that into a
 * progress line. report_note() is for sentences the user should see although nothing failed. A
 * report is used by one thread, the one that runs the operation.
 */
#ifndef CURATE_REPORT_H
#define CURATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct report {
    const char *phase; /* static text: "ingest", "score" */
    const char *unit;  /* static text, what done and total count: "bytes", "tokens" */
    uint64_t done;
    uint64_t total; /* 0 when it is not known */
    uint64_t n_rejected;
    void (*tick)(struct report *report);                   /* may be NULL */
    void (*note)(struct report *report, const char *text); /* may be NULL */
    /* Set from a signal handler: nonzero is the signal that asks to stop. May be NULL. */
    const volatile int *stop_signal;
    void *arg; /* of whoever set the callbacks */
};

void report_tick(struct report *report);
void report_note(struct report *report, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The signal that asks us to stop, or 0. Checked between batches. */
int report_stop(const struct report *report);

#endif
