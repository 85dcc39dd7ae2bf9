/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment.h - how a context is cut into segments.
 *
 * Segments tile the context from its start, rule->tokens each; what is left at the end is
 * treated as rule->last says. A context that would give more than rule->most segments is cut
 * into longer ones, of the least length that gives no more (GATEAU, arXiv 2410.15633, has 500
 * of 128 tokens).
 */
#ifndef CURATE_SEGMENT_H
#define CURATE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "scoring/infer/forward/session.h"

/* A last piece that is shorter than a segment. */
enum segment_last {
    SEGMENT_LAST_HALF,  /* of at least half a segment it is one, else it joins the one before */
    SEGMENT_LAST_KEEP,  /* is one */
    SEGMENT_LAST_MERGE, /* joins the one before */
    SEGMENT_LAST_DROP,  /* is left out */
    SEGMENT_LASTS,
};

struct segment_rule {
    size_t tokens; /* at least 1 */
    size_t most;   /* 0: any number */
    enum segment_last last;
};

/* "half", "keep", "merge", "drop". */
const char *segment_last_name(enum segment_last last);
bool segment_last_find(const char *name, enum segment_last *out);

/* 0 for an empty context; a context shorter than one segment is one, but for DROP. */
size_t segment_count(const struct segment_rule *rule, size_t n_context);
/* Of segment i < segment_count(), in tokens of the context. */
struct span segment_span(const struct segment_rule *rule, size_t n_context, size_t i);

#endif
