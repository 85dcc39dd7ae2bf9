/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repair.h - repair texts that were damaged on their way: HTML entities that were never
 * decoded, UTF-8 that was decoded as Windows-1252 and encoded again (mojibake), invisible
 * characters.
 *
 * Repairs run to a fixed point: repairing the result again changes nothing. Text that is about
 * such things is left alone: entities between backticks or in a text with tags, and odd
 * characters that may be there on purpose.
 */
#ifndef CURATE_REPAIR_H
#define CURATE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;
struct error;

/* The set of defects that repair_text() can repair, as bits of defect.h. */
uint64_t repair_known(void);

/*
 * Repair a set of defects in well-formed UTF-8. When something changes, *text becomes a copy in
 * the arena, and the defects that were repaired are added to *repaired. ERR_NOMEM.
 */
int repair_text(struct slice *text, uint64_t defects, struct arena *arena, uint64_t *repaired,
                struct error *err);

/* Does the text hold an HTML entity with a known character? */
bool repair_has_entity(struct slice text);
/* Does the text hold a character that can only be mojibake? */
bool repair_has_mojibake(struct slice text);
/* Does the text hold a zero-width character or one that sets the direction? The joiners do not
 * count, for words of some languages need them. */
bool repair_has_invisible(struct slice text);

/* One pass each, for repair_text(). out is empty before. Return 1 and the new text in out, 0
 * when nothing changes, -1 for ERR_NOMEM. */
int repair_entities(struct slice text, struct buf *out, struct error *err);
int repair_mojibake(struct slice text, struct buf *out, struct error *err);

/* The characters of Windows-1252 for the bytes 0x80 to 0x9f; 0 for the five unused bytes. */
extern const uint16_t repair_windows_1252[32];

#endif
