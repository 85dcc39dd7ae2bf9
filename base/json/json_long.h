/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_long.h - decode long strings without json-c.
 *
 * json-c reads strings byte by byte. For a record that contains a book this is most of the
 * parsing time. So json_check() finds the long strings, and json_shorten() decodes them and
 * replaces each by a short placeholder. After json-c has parsed the text, json.c makes the
 * nodes of the placeholders point to the decoded text. A placeholder starts with a byte that is
 * not UTF-8, so input text cannot look like one.
 */
#ifndef CURATE_JSON_LONG_H
#define CURATE_JSON_LONG_H

#include <stddef.h>

#include "base/buf.h"
#include "base/json/json_check.h"
#include "base/slice.h"

struct error;

struct json_long {
    struct slice texts[JSON_LONG_MAX]; /* decoded; valid until the next json_shorten() */
    struct buf bytes;                  /* holds the texts */
};

void json_long_init(struct json_long *strings);
void json_long_release(struct json_long *strings);

/* Decode the long strings that json_check() found, and append the text with placeholders for
 * them. Returns 0, or -1 with err set: ERR_NOMEM. */
int json_shorten(struct json_long *strings, const struct json_check *checked, struct buf *out,
                 struct error *err);

/* Decode a checked string without its quotes to out, which must have room for raw.len bytes.
 * Returns the end of the decoded text. */
char *json_long_decode(struct slice raw, char *out);

/* Get the text of a placeholder; NULL if the string is not a placeholder. */
const struct slice *json_long_find(const struct json_long *strings, struct slice string);

#endif
