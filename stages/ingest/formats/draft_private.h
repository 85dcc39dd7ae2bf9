/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft_private.h - what the files of the draft share.
 */
#ifndef CURATE_DRAFT_PRIVATE_H
#define CURATE_DRAFT_PRIVATE_H

#include "stages/ingest/formats/draft.h"

/* Is this member of the record claimed? value is what it holds. */
bool draft_is_claimed(const struct draft *draft, struct slice name,
                      const struct json_value *value);
/* A copy of the text in the arena; ptr NULL when memory runs out. */
struct slice draft_copy(struct draft *draft, struct slice text);
/* The value of the member "context_bytes"; 0 when it is missing or no number. */
int64_t draft_context_bytes(const struct draft *draft);
/* Separate a long passage from the question in the first user turn, unless the user or the
 * record says otherwise. */
void draft_split_passage(struct draft *draft);

/* draft_unclaimed.c: write the names of the wanted members of a record, with commas. Names that
 * do not fit become "and others". Returns how many are wanted. */
size_t draft_name_members(const struct json_value *record, char *out, size_t size,
                          bool (*wanted)(const void *arg, struct slice name,
                                         const struct json_value *value),
                          const void *arg);
/* draft_unclaimed.c: reject the record if it holds text that no call has claimed. */
void draft_check_unclaimed(struct draft *draft);
/* draft_pair.c: reject a pair without an answer on each side, and report sides that are alike.
 */
void draft_check_pair(struct draft *draft);
/* draft_forms.c: set *out to the internal form of a value that is calls (base/chat/calls.h).
 * Returns 1; 0 when the value is not calls; -1 with the draft failed. */
int draft_read_calls(struct draft *draft, const struct json_value *value, struct slice *out);
/* draft_forms.c: tools of the record; thoughts, calls and results within the texts of turns. */
void draft_read_forms(struct draft *draft);
/* draft_media.c: put the media of the record's lists at their places in the turns. */
void draft_read_media(struct draft *draft);
/* draft_media.c: put the media of a member of a message at their marks, or at the start of the
 * turn if it has no marks or another number of them. Returns false when the turn stays as it
 * is, because it has media already. */
bool draft_place_media(struct draft *draft, struct turn *turn, const char *type,
                       const struct json_value *references);
/* draft_text.c: repair the texts of the sample as the policy says. */
void draft_repair(struct draft *draft);
/* draft_meta.c: the producer's id, and all members that are not claimed. */
void draft_fill_ext_id(struct draft *draft);
void draft_fill_meta(struct draft *draft);

#endif
