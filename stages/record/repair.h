/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mend.h - undo what happened to a text on its way: HTML entities that nobody decoded, UTF-8
 * that was taken for Windows-1252, characters that do not show.
 *
 * What is mended is at rest: mending it again changes nothing, however often it was mangled
 * before. Text that is about such things is left alone: entities between backticks, or in a
 * text that has tags (they belong there), and odd characters that only might be mangled ones.
 */
#ifndef CURATE_REPAIR_H
#define CURATE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;
struct error;

/* The defects that can be mended here, as bits of defect.h. */
uint64_t mend_kinds(void);

/*
 * Mend `kinds` in well-formed UTF-8. *text becomes the mended one, in the arena, or stays; the
 * kinds that changed something are added to *mended. ERR_NOMEM.
 */
int mend_text(struct slice *text, uint64_t kinds, struct arena *arena, uint64_t *mended,
              struct error *err);

/* Is there an entity that has a character? */
bool mend_has_entity(struct slice text);
/* Is some of it surely mangled? */
bool mend_has_mojibake(struct slice text);
/* Zero width, or of direction; not the joiners, which words need. */
bool mend_has_invisible(struct slice text);

/* One pass each, for mend_text(): 1 and the new text in out, which was empty; 0 for no change;
 * -1. */
int mend_entities(struct slice text, struct buf *out, struct error *err);
int mend_mojibake(struct slice text, struct buf *out, struct error *err);

/* What Windows-1252 has for the bytes 0x80 to 0x9f; 0 for the five it has nothing for. */
extern const uint16_t mend_windows_1252[32];

#endif
