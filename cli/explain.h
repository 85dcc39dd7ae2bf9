/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - what `curate explain` can explain.
 *
 * A kind is a list of named things, each with a line, some facts and a page. To add one: a file
 * with `const struct explain_kind`, and a line in the table of commands/explain.c.
 */
#ifndef CURATE_EXPLAIN_H
#define CURATE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "stages/stage.h"

struct explain_entry {
    const char *name;
    const char *summary;       /* one line */
    struct stage_result facts; /* printed in front of the page */
    bool is_left_out;          /* of this build */
    const char *page;          /* paragraphs, with a line end after the last one */
};

struct explain_kind {
    const char *name;  /* "metric" */
    const char *title; /* over the list: "Metrics" */
    /* Fill the zeroed entry number i, in the order of the list; false behind the last. */
    bool (*entry)(size_t i, struct explain_entry *out);
};

extern const struct explain_kind explain_metrics;
extern const struct explain_kind explain_rejects;

#endif
