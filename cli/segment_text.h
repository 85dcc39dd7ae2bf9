/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_text.h - the text of context segments, which the database knows by their tokens.
 */
#ifndef CURATE_SEGMENT_TEXT_H
#define CURATE_SEGMENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;
struct segment_text;

/* The vocabulary of the model file that the segments were made with. */
int segment_text_open(const char *model_path, struct segment_text **out, struct error *err);
void segment_text_close(struct segment_text *text);

/* Take a context of which the model saw n_kept tokens: all, or the last ones of a truncated
 * one. ERR_INPUT when that cannot be. */
int segment_text_read(struct segment_text *text, struct slice context, size_t n_kept,
                      bool truncated, struct error *err);
/* Append the text of its tokens start..end-1, counted as in v_segments. */
int segment_text_add(const struct segment_text *text, size_t start, size_t end, struct buf *out,
                     struct error *err);

#endif
