/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media_form.h - the two forms that images, video and audio of a turn have in records: parts of
 * its content, or marks in its text, like <image>, with a list of references in the record.
 */
#ifndef CURATE_MEDIA_FORM_H
#define CURATE_MEDIA_FORM_H

struct arena;
struct error;
struct sample;

enum media_form { MEDIA_KEEP, MEDIA_MARKS, MEDIA_PARTS };

/* Names of enum media_form, NULL-terminated. */
extern const char *const media_form_names[];

/* Give the sample's media this form. A part that says more than where its medium is, as
 * OpenAI's "detail", stays a part. Returns 1 when media changed, 0 when not, -1 for ERR_NOMEM.
 * New texts are in the arena. The sample becomes another one: its hash covers the form. */
int media_form_apply(struct sample *sample, enum media_form form, struct arena *arena,
                     struct error *err);

#endif
