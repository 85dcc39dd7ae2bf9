/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping_private.h - what the files of mappings share.
 */
#ifndef CURATE_MAPPING_PRIVATE_H
#define CURATE_MAPPING_PRIVATE_H

#include <stdbool.h>

#include "base/slice.h"
#include "stages/ingest/formats/mapping.h"

/* What the values of a field become in the new record. */
enum field_kind {
    FIELD_TEXT,     /* several values become one text, with blank lines between them */
    FIELD_LIST,     /* several values become a list */
    FIELD_MESSAGES, /* the same; lists of messages among them are joined */
    FIELD_TURNS,    /* several texts become one text, several messages a list, as above */
    FIELD_APART,    /* a text that is not a member of the new record */
    FIELD_MEMBER,   /* a member of each message */
};

struct mapping_field {
    const char *name;   /* of --map */
    const char *member; /* of the new record */
    enum field_kind kind;
    bool is_text_of_sample; /* one of these must be mapped */
};

/* Is a field of this name mapped? */
bool mapping_has(const struct mapping *mapping, const char *field);
/* Do the paths lead to all that a member of the record holds? */
bool mapping_covers(const struct mapping *mapping, struct slice name,
                    const struct json_value *value);
/* The same for a member of a message, and the paths within it. */
bool mapping_covers_inner(const struct mapping *mapping, struct slice name,
                          const struct json_value *value);

#endif
