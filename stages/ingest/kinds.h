/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - the kinds of the samples that a run reads: what --expect allows, and their counts.
 */
#ifndef CURATE_KINDS_H
#define CURATE_KINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/sample.h"

struct error;
struct run_counts;
struct stage_context;
struct stage_result;

/* Parse the kinds of --expect, like "sft,pair", into a set: bit i stands for kind i. NULL
 * allows all kinds. ERR_USAGE. */
int kinds_parse(const char *text, unsigned *out, struct error *err);
/* Check that the kind is in the set. ERR_INPUT names the file and the line of the record. */
int kinds_check(unsigned expected, enum sample_kind kind, const char *path, uint64_t line,
                struct error *err);
/* Count the result of sample_add(). A new sample counts for its kind. For a duplicate, store
 * and count what its meta adds to the stored sample (sample_add_dup_meta()). Call inside the
 * transaction of sample_add(). */
int kinds_count_sample(const struct stage_context *context, const struct sample *sample,
                       int64_t sample_id, bool added, struct run_counts *counts,
                       struct error *err);
/* Add the facts sft, pair, prompt_only and text to the closing line. */
void kinds_add_facts(const struct run_counts *counts, struct stage_result *result);

#endif
