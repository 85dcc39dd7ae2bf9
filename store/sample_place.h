/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample_place.h - find samples by the source and the line of their records.
 *
 * A table in memory, of 24 bytes for each sample and for each duplicate whose meta was kept.
 * Other duplicates have no place: the sample that was read first has.
 */
#ifndef CURATE_SAMPLE_PLACE_H
#define CURATE_SAMPLE_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct sample_places;
struct store;

/* Returns 0, or -1 with err set. */
int sample_places_read(struct store *store, struct sample_places **out, struct error *err);
void sample_places_free(struct sample_places *places);

/* Count the sources of this name: 1 and its id if one has exactly this name; else those that
 * have it before the first dot of their last part, at most 2, and the id of one of them. */
size_t sample_places_source(const struct sample_places *places, struct slice name,
                            int64_t *source_id);
/* Find the samples of the records that begin on a line, from 1. Writes the first two ids,
 * ascending. Returns their number, 0 to 2. */
size_t sample_places_find(const struct sample_places *places, int64_t source_id, int64_t line,
                          int64_t ids[2]);

#endif
