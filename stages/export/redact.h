/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.h - replace personal data of a sample by placeholders: export --redact.
 *
 * A place that `curate measure personal` stored becomes [KIND_N], with the kind in capitals.
 * The same text of one kind has the same number everywhere in the sample; numbers begin at 1.
 */
#ifndef CURATE_REDACT_H
#define CURATE_REDACT_H

#include <stdint.h>

#include "base/slice.h"

struct error;
struct redaction;
struct sample;
struct store;
struct text_list;

/* Read a list of kinds, each item names separated by commas, or "all". *kinds: bits 1 << kind.
 * Returns 0, or -1 with ERR_USAGE. */
int redaction_parse(const struct text_list *list, unsigned *kinds, struct error *err);

/* Returns 0, or -1 with err set. */
int redaction_new(struct store *store, unsigned kinds, struct redaction **out,
                  struct error *err);
void redaction_free(struct redaction *redaction);
/* Replace what is found in the system prompt, the context, and the content and thoughts of the
 * turns. The new texts are valid until the next call. Returns 1; 0 if it cannot be done, with
 * the static reason in *why; -1 with err set: ERR_INPUT if the sample was not measured. */
int redaction_apply(struct redaction *redaction, int64_t sample_id, struct sample *sample,
                    const char **why, struct error *err);
/* Does a record still hold such data, in a member that is none of these texts? Returns 1 if it
 * holds none, 0 with the reason in *why, or -1. */
int redaction_check(struct redaction *redaction, struct slice record, const char **why,
                    struct error *err);
/* The number of places replaced in the last sample. */
uint64_t redaction_count(const struct redaction *redaction);

#endif
