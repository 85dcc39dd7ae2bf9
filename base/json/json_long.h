/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_long.h - long strings, on a way around json-c.
 *
 * json-c reads strings byte by byte, which on a record with a book in it is most of the time
 * that parsing takes. So json_check() notes where the long strings are, json_shorten() decodes
 * them and gives json-c a text with a short stand-in for each, and json.c then lets the nodes
 * of the stand-ins point to the decoded text. A stand-in begins with a byte that no UTF-8
 * holds: no text from outside can pass for one.
 */
#ifndef CURATE_JSON_LONG_H
#define CURATE_JSON_LONG_H

#include <stddef.h>

#include "base/buf.h"
#include "base/json/json_check.h"
#include "base/slice.h"

struct error;

struct json_long {
    struct slice texts[JSON_LONG_MAX]; /* decoded; they last until the next json_shorten() */
    struct buf bytes;                  /* where they are */
};

void json_long_init(struct json_long *strings);
void json_long_release(struct json_long *strings);

/* Decode the long strings that json_check() found, and append its value with stand-ins for them
 * to out. ERR_NOMEM. */
int json_shorten(struct json_long *strings, const struct json_check *checked, struct buf *out,
                 struct error *err);

/* Decode the inside of a string that json_check() has passed to out, which has room for raw.len
 * bytes: where the text ends. */
char *json_long_decode(struct slice raw, char *out);

/* The text that this string stands in for; NULL when it is a string of its own. */
const struct slice *json_long_find(const struct json_long *strings, struct slice string);

#endif
