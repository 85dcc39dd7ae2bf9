/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft_private.h - what the files of the draft share.
 */
#ifndef CURATE_DRAFT_PRIVATE_H
#define CURATE_DRAFT_PRIVATE_H

#include "stages/ingest/formats/draft.h"

/* The member with this key, claimed or not; NULL when it is missing or null. */
const struct json_value *draft_find(const struct draft *draft, const char *key);
/* Keep a member out of meta. value may be NULL: then a null member is left out. */
void draft_mark_claimed(struct draft *draft, const char *key, const struct json_value *value);
/* A copy of the text in the arena; ptr NULL when memory runs out. */
struct slice draft_copy(struct draft *draft, struct slice text);
/* The length of the text without the white space at its end. */
size_t draft_trimmed_len(struct slice text);
/* The value of the member "context_bytes"; 0 when it is missing. */
size_t draft_context_bytes(const struct draft *draft);

/* draft_text.c: repair the texts of the sample as the policy says. */
void draft_repair(struct draft *draft);
/* draft_meta.c: the producer's id, and all members that are not claimed. */
void draft_fill_ext_id(struct draft *draft);
void draft_fill_meta(struct draft *draft);

#endif
