/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_invariant.h - what holds for the framing of any bytes at all.
 *
 * Records come in order and do not overlap; each is what the stream holds at its place; what is
 * in no record is blanks, commas and the brackets of arrays, so nothing is lost; and none of it
 * depends on the pieces the stream was fed in, nor on whether framing was left behind some
 * record and taken up again by another frame.
 */
#ifndef CURATE_FRAME_INVARIANT_H
#define CURATE_FRAME_INVARIANT_H

#include <stddef.h>

#include "base/slice.h"

/* The law that the stream breaks, fed whole and in pieces of `step` bytes, or NULL. */
const char *frame_invariant_broken(struct slice stream, size_t limit, size_t step);

#endif
