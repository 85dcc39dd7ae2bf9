/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_invariant.h - what holds for the framing of any bytes.
 *
 * Records are in order and do not overlap. A record is the text of the stream at its place.
 * Bytes outside of records are white space, commas and the brackets of arrays, so nothing is
 * lost. None of this depends on the pieces that the stream is fed in, or on another frame that
 * resumes after some record.
 */
#ifndef CURATE_FRAME_INVARIANT_H
#define CURATE_FRAME_INVARIANT_H

#include <stddef.h>

#include "base/slice.h"

struct json_path;

/* Frame the stream as a whole and in pieces of `step` bytes. With a path to the records of
 * documents (NULL: none), anything may lie outside of records. Returns the invariant that does
 * not hold, or NULL. */
const char *frame_invariant_broken(struct slice stream, const struct json_path *path,
                                   size_t limit, size_t step);

#endif
