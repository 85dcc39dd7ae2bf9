/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment.h - how a context is cut into segments.
 *
 * Segments tile the context from its start, segment_tokens each. A last piece shorter than half
 * a segment joins the one before it; a context shorter than one segment is one segment.
 */
#ifndef CURATE_SEGMENT_H
#define CURATE_SEGMENT_H

#include <stddef.h>

#include "scoring/infer/session.h"

/* 0 for an empty context. segment_tokens >= 1. */
size_t segment_count(size_t n_context, size_t segment_tokens);
/* Of segment i < segment_count(), in tokens of the context. */
struct span segment_span(size_t n_context, size_t segment_tokens, size_t i);

#endif
