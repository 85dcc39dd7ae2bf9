/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media.h - the internal form of images, audio, video and files of a turn.
 *
 * It is a JSON array: [{"type": "image", "at": 12, "part": {...}}, ...], ascending by "at", the
 * byte of the turn's content before which the medium stands. The type is image, audio, video or
 * file. The part is the content part as the record has it, such as {"type": "image_url",
 * "image_url": {...}}, without padding (prune.h). A text that the record had between two media
 * is joined with its neighbours by newlines; a medium between two texts stands before the
 * newline that joins them.
 *
 * A medium of a record-level list has the part {"type": "image", "image": REFERENCE}. The part
 * also has "placeholder": true if a mark such as <image> stood at its place, or if the record
 * left the mark out (media_plan.h).
 */
#ifndef CURATE_MEDIA_H
#define CURATE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;
struct json_value;

/* The type of medium that a part's type or a member's name stands for, such as "image" for
 * "image_url"; NULL for another name. */
const char *media_type_of(struct slice name);

/* Append a medium to a list that begins at the start of the buffer. Call media_end() after the
 * last one. Both return 0, or -1 with err set: ERR_NOMEM. */
int media_add_part(const char *type, size_t at, const struct json_value *part, struct buf *out,
                   struct error *err);
/* The same for an element of a record-level list. */
int media_add_reference(const char *type, size_t at, const struct json_value *reference,
                        bool is_placeholder, struct buf *out, struct error *err);
int media_end(struct buf *out, struct error *err);

#endif
