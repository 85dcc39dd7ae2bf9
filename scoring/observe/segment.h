/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment.h - how a context is divided into segments.
 *
 * Segments cover the context from its start, rule->tokens each. rule->last says what happens to
 * a shorter rest at the end. A context that would give more than rule->max_segments segments
 * gets longer segments, of the least length that gives no more (GATEAU, arXiv 2410.15633: 500
 * segments of 128 tokens).
 */
#ifndef CURATE_SEGMENT_H
#define CURATE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "scoring/infer/forward/session.h"

/* What happens to a rest that is shorter than a segment. */
enum segment_last {
    SEGMENT_LAST_HALF,  /* KEEP if it is at least half a segment, else MERGE */
    SEGMENT_LAST_KEEP,  /* it becomes a segment */
    SEGMENT_LAST_MERGE, /* it is appended to the segment before it */
    SEGMENT_LAST_DROP,  /* it is left out */
};

struct segment_rule {
    size_t tokens;       /* at least 1 */
    size_t max_segments; /* 0: no limit */
    enum segment_last last;
};

/* The names by value, NULL-terminated: "half", "keep", "merge", "drop". */
extern const char *const segment_last_names[];

/* The number of segments of a context of n_context tokens. An empty context has none. A context
 * shorter than one segment is one segment, or none with SEGMENT_LAST_DROP. */
size_t segment_count(const struct segment_rule *rule, size_t n_context);
/* The tokens of segment i < segment_count(). */
struct span segment_span(const struct segment_rule *rule, size_t n_context, size_t i);

#endif
