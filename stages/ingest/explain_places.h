/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_places.h - where in a sample the text of a record's member is.
 */
#ifndef CURATE_EXPLAIN_PLACES_H
#define CURATE_EXPLAIN_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct error;
struct json;
struct json_value;
struct sample;

/* The places of a sample that hold text, as a list. Borrows from the sample. */
struct place {
    enum place_part {
        PLACE_ID,
        PLACE_SYSTEM,
        PLACE_CONTEXT,
        PLACE_TOOLS,
        PLACE_META,
        PLACE_CONTENT, /* these are of a turn */
        PLACE_THOUGHT,
        PLACE_CALLS,
        PLACE_MEDIA,
        PLACE_EXTRA,
    } part;
    size_t turn; /* from 0 */
    struct slice text;
    bool is_found; /* for the member that is looked for */
};

struct places {
    const struct sample *sample;
    struct place *items;
    size_t n;
    const struct json_value *meta; /* NULL: none */
    struct json *meta_json;        /* parser of meta */
    struct json *text_json;        /* parser of JSON inside a text */
    bool in_text;                  /* the search is inside such a text */
};

/* Returns 0, or -1 with err set: ERR_NOMEM. Release also after a failure. */
int places_list(const struct sample *sample, struct places *out, struct error *err);
void places_release(struct places *places);
/* Set is_found of the places that the value of a member went to. */
void places_find(struct places *places, struct slice name, const struct json_value *value);
/* Write the name of the next found place from *i on, such as "turn 2 (assistant)"; several
 * turns in a row are one. Returns false when there is none. */
bool places_next(const struct places *places, size_t *i, char *out, size_t size);

#endif
