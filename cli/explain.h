/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - the kinds of things that `curate explain` explains.
 *
 * A kind is a list of entries, each with a name, a summary, facts and a page. To add a kind:
 * write a file with `const struct explain_kind`, and add it to the table of commands/explain.c.
 */
#ifndef CURATE_EXPLAIN_H
#define CURATE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "stages/stage.h"

struct explain_entry {
    const char *name;
    const char *summary;       /* one line */
    struct stage_result facts; /* printed before the page */
    bool is_left_out;          /* this build does not contain it */
    const char *page;          /* paragraphs; ends in a newline */
};

struct explain_kind {
    const char *name;  /* "metric" */
    const char *title; /* heading of the list: "Metrics" */
    /* Fill entry i, which is zeroed, in the order of the list. False after the last. */
    bool (*entry)(size_t i, struct explain_entry *out);
};

extern const struct explain_kind explain_facts;
extern const struct explain_kind explain_metrics;
extern const struct explain_kind explain_rejects;
extern const struct explain_kind explain_statuses;

#endif
