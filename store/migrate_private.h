/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate_private.h - the code of migration 0015_records: samples of earlier releases get the
 * forms and hashes of today.
 */
#ifndef CURATE_MIGRATE_PRIVATE_H
#define CURATE_MIGRATE_PRIVATE_H

#include <stdint.h>

#include "store/sample.h"

struct arena;
struct error;
struct json;
struct store;

/* sample_reform.c: move tools out of meta; calls, thoughts and what is said about training out
 * of extra; a thought and calls out of the text of an answer. Drop padding from extra. Changes
 * the sample and its turns; new text is in the arena. Returns 1 if something changed, 0 or -1.
 */
int sample_reform(struct sample *sample, struct json *json, struct arena *arena,
                  struct error *err);

/* sample_identify.c: compute the hash that earlier releases gave the sample, which covers the
 * text of extra as it is stored. */
int sample_identify_v1(struct identifier *identifier, const struct sample *sample,
                       struct hash *out, struct error *err);

/* migrate_samples.c: reform and rehash all samples that need it, and merge those that become
 * equal. Inside the transaction of the migration; sets store->migration. */
int migrate_samples(struct store *store, struct error *err);

/* migrate_merge.c: replace the sample `gone` by the equal sample `kept`. Scores, selections and
 * other rows of `gone` become rows of `kept` where it lacks them. Its run counts a duplicate
 * instead of a new sample. */
int migrate_merge(struct store *store, int64_t kept, int64_t gone, struct error *err);
/* Make the indices that migrate_merge() needs to find the rows of a sample, and drop them. */
int migrate_merge_begin(struct store *store, struct error *err);
int migrate_merge_end(struct store *store, struct error *err);

#endif
