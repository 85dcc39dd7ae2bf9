/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_text.h - the text of context segments.
 *
 * The database stores segments as ranges of tokens. Their text follows from the context and the
 * vocabulary of the model.
 */
#ifndef CURATE_SEGMENT_TEXT_H
#define CURATE_SEGMENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;
struct segment_text;

/* Open the vocabulary of the model file that the segments were made with; end it with
 * segment_text_close(). */
int segment_text_open(const char *model_path, struct segment_text **out, struct error *err);
void segment_text_close(struct segment_text *text);

/* Tokenise a context of which the model saw n_kept tokens: all of them, or the last ones if the
 * context was truncated. ERR_INPUT if the number of tokens does not fit. */
int segment_text_read(struct segment_text *text, struct slice context, size_t n_kept,
                      bool truncated, struct error *err);
/* Append the text of tokens start..end-1 of the context, counted as in v_segments. */
int segment_text_add(const struct segment_text *text, size_t start, size_t end, struct buf *out,
                     struct error *err);

#endif
