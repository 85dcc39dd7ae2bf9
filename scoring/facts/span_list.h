/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span_list.h - the spans that measurers found in one sample.
 */
#ifndef CURATE_SPAN_LIST_H
#define CURATE_SPAN_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct span;

/* Zeroed is empty and has no limit. Set n to 0 for the next sample. */
struct span_list {
    struct span *items;
    size_t n;
    size_t cap;
    size_t max;       /* spans; 0: no limit */
    bool is_exceeded; /* span_add() failed for the limit */
};
void span_list_release(struct span_list *spans);

#endif
