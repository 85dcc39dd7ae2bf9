/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - how code below cli/ reports progress and notes without printing.
 *
 * The caller of a long operation passes a report. The operation updates the counters and calls
 * report_tick() at least once per batch; cli/progress.c prints the progress line. Use
 * report_note() for messages that the user should see although nothing failed. One thread at a
 * time uses the report.
 */
#ifndef CURATE_REPORT_H
#define CURATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct report {
    const char *phase; /* static text: "ingest", "score" */
    const char *unit;  /* static text, unit of done and total: "bytes", "tokens" */
    uint64_t done;
    uint64_t total; /* 0: unknown */
    uint64_t n_rejected;
    const char *detail; /* a few words more for the progress line; NULL: none */
    void (*tick)(struct report *report);                   /* may be NULL */
    void (*note)(struct report *report, const char *text); /* may be NULL */
    /* A signal handler sets this to the signal that asks to stop. May be NULL. */
    const volatile int *stop_signal;
    volatile int *user_sql_runs; /* see store_note_user_sql(); may be NULL */
    void *arg;                   /* for the callbacks */
};

void report_tick(struct report *report);
void report_note(struct report *report, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Get the signal that asks to stop, or 0. Check it between batches. */
int report_stop(const struct report *report);

#endif
