/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reform_private.h - what the files share that give a sample of an earlier release the forms of
 * today. Functions return 0, or -1 with err set, unless they say otherwise.
 */
#ifndef CURATE_REFORM_PRIVATE_H
#define CURATE_REFORM_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct buf;
struct error;
struct json;
struct json_value;
struct sample;
struct turn;

enum { REFORM_MAX_BYTES = 1 << 30 };

/* Parts of one sample while they change. */
struct reform {
    struct json *json;
    struct arena *arena;
    struct error *err;
    bool changed;
    struct slice kept, signature; /* JSON that goes to the turn's extra; ptr NULL for none */
};

/* Copy the text of a buffer to the arena. */
int reform_keep(struct reform *reform, const struct buf *buf, struct slice *out);
/* Parse JSON of the sample. The value is NULL if it has too many values for a tree; it is valid
 * until the next call. */
int reform_parse(struct reform *reform, struct slice text, const struct json_value **value);

/* sample_reform_media.c: write meta without some of its members. */
int reform_drop_members(struct reform *reform, const struct json_value *meta,
                        const struct json_value *const *dropped, size_t n,
                        struct sample *sample);
/* sample_reform_media.c: give the media that a member of a message refers to their places.
 * Returns 1, 0 if the member stays, or -1. */
int reform_media_member(struct reform *reform, const char *type, const struct json_value *value,
                        struct turn *turn);
/* sample_reform_media.c: move the media of a dialogue out of meta, to their places. */
int reform_media(struct reform *reform, struct sample *sample);

#endif
