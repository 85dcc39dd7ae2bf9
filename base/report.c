/* SPDX-License-Identifier: Apache-2.0 */
#include "base/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

void report_tick(struct report *report)
{
    if (report->tick)
        report->tick(report);
}

void report_note(struct report *report, const char *fmt, ...)
{
    char text[512];
    va_list args;

    if (!report->note)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    error_make_printable(text);
    report->note(report, text);
}

int report_stop(const struct report *report)
{
    return report->stop_signal ? *report->stop_signal : 0;
}
