/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "cli/terminal.h"

static const int64_t second_ns = 1000000000;

/* 12345678 as "12.3M". */
static void format_count(uint64_t value, char out[16])
{
    static const char suffixes[] = " kMGTP";
    double scaled = (double)value;
    size_t s = 0;

    while (scaled >= 1000 && s + 2 < sizeof suffixes) {
        scaled /= 1000;
        s++;
    }
    if (s == 0)
        snprintf(out, 16, "%d", (int)value);
    else
        snprintf(out, 16, scaled < 99.95 ? "%.1f%c" : "%.0f%c", scaled, suffixes[s]);
}

static void format_seconds(double seconds, char out[16])
{
    const unsigned whole = seconds < 1e8 ? (unsigned)(seconds + 0.5) : 100000000;

    if (whole < 60)
        snprintf(out, 16, "%us", whole);
    else if (whole < 3600)
        snprintf(out, 16, "%um%02us", whole / 60, whole % 60);
    else
        snprintf(out, 16, "%uh%02um", whole / 3600, whole / 60 % 60);
}

static void print_progress(const struct report *report, double seconds)
{
    const double rate = seconds > 0 ? (double)report->done / seconds : 0;
    char done[16], total[16], per_second[16], left[16];

    format_count(report->done, done);
    format_count((uint64_t)rate, per_second);
    fprintf(stderr, "%s: %s", report->phase, done);
    if (report->total > 0) {
        format_count(report->total, total);
        fprintf(stderr, "/%s", total);
    }
    fprintf(stderr, " %s, %s/s", report->unit ? report->unit : "", per_second);
    if (report->total > report->done && rate > 0) {
        format_seconds((double)(report->total - report->done) / rate, left);
        fprintf(stderr, ", %s left", left);
    }
    if (report->n_rejected > 0)
        fprintf(stderr, ", %llu rejected", (unsigned long long)report->n_rejected);
    if (report->detail)
        fprintf(stderr, ", %s", report->detail);
}

static void progress_tick(struct report *report)
{
    struct progress *progress = report->arg;
    const int64_t now = clock_mono_ns();
    const int64_t interval = progress->on_terminal ? second_ns / 10 : 30 * second_ns;

    if (progress->phase != report->phase) {
        progress->phase = report->phase;
        progress->started_ns = progress->shown_ns = now;
    }
    if (!report->phase || now - progress->shown_ns < interval)
        return;
    progress->shown_ns = now;
    if (progress->on_terminal)
        terminal_clear_line();
    print_progress(report, (double)(now - progress->started_ns) / (double)second_ns);
    if (progress->on_terminal)
        fflush(stderr);
    else
        fputc('\n', stderr);
    progress->line_open = progress->on_terminal;
}

static void progress_note(struct report *report, const char *text)
{
    progress_clear(report->arg);
    fprintf(stderr, "%s%s%s\n", report->phase ? report->phase : "", report->phase ? ": " : "",
            text);
}

void progress_start(struct progress *progress, struct report *report, bool quiet)
{
    const char *term = getenv("TERM");

    *progress = (struct progress){ 0 };
    progress->on_terminal =
        isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 && !getenv("CI");
    report->arg = progress;
    report->tick = quiet ? NULL : progress_tick;
    report->note = quiet ? NULL : progress_note;
}

void progress_clear(struct progress *progress)
{
    if (progress->line_open)
        terminal_clear_line();
    progress->line_open = false;
}
