/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - one JSON value, parsed; with json_build.c the only code that includes
 * <json-c/json.h>.
 *
 * The bytes of one record (base/io/frame.h) become a tree. Values handed out are borrowed from
 * the tree and last as long as it does. Text is length-counted and may hold NUL. Where json-c
 * is too lenient this module is strict: UTF-8 is checked before it is asked, so bad bytes never
 * reach a value; a lone surrogate escape becomes U+FFFD; numbers keep their own text when
 * written back (json_write), so a 30-digit id survives; NaN and Infinity become null.
 */
#ifndef CURATE_JSON_H
#define CURATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct error;
struct json;       /* the parser, reused from record to record; one thread */
struct json_value; /* a borrowed node; NULL is what a missing key gives */

enum json_type {
    JSON_NULL, /* also what a missing value is */
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

enum { JSON_MAX_DEPTH = 256, JSON_TREE_BYTES = 1 << 30 };

/* Why a record is not JSON: the class of the reject row. */
enum json_issue {
    JSON_OK = 0,
    JSON_BAD_UTF8,
    JSON_TOO_DEEP,
    JSON_TRUNCATED, /* it ends before the value does */
    JSON_TOO_LARGE, /* its tree would take more than json_limit() allows */
    JSON_BAD_SYNTAX,
};

int json_new(struct json **out, struct error *err);
void json_free(struct json *json);
/* What a tree may take, by estimate: a value of a few bytes can take a thousand as an object.
 * At first JSON_TREE_BYTES. */
void json_limit(struct json *json, size_t max_tree_bytes);

/*
 * Parse all of text as one value; the tree before it is gone afterwards. On bad text returns 0,
 * *issue tells the class, *issue_at the byte within text and *issue_detail a static sentence;
 * *out is NULL then. -1 only for ERR_NOMEM.
 */
int json_parse(struct json *json, struct slice text, const struct json_value **out,
               enum json_issue *issue, size_t *issue_at, const char **issue_detail,
               struct error *err);

/* What is not quite JSON, or not what a reader expects, in a value that was taken all the same.
 */
enum json_note {
    JSON_NOTED_NAN = 1,            /* NaN, Infinity or -Infinity: it is null now */
    JSON_NOTED_SURROGATE = 2,      /* half a pair, as \ud83d: it is U+FFFD now */
    JSON_NOTED_NUL = 4,            /* \u0000, or the byte itself, in a string */
    JSON_NOTED_CONTROL = 8,        /* another raw control character in a string, TAB aside */
    JSON_NOTED_BIG_NUMBER = 16,    /* an integer of more than 64 bits, or beyond a double */
    JSON_NOTED_DUPLICATE_KEY = 32, /* twice in one object: the last one counts */
    JSON_NOTED_END                 /* one above the last bit, so that users notice a new note */
};
/* Of the value parsed last: the notes, or-ed together. */
unsigned json_noted(const struct json *json);

enum json_type json_type(const struct json_value *value);
/* The member of an object, or NULL. Of duplicate keys the last one counts. */
const struct json_value *json_get(const struct json_value *object, const char *key);
/* The same, blind to ASCII case; of several that fit the last one counts. */
const struct json_value *json_get_nocase(const struct json_value *object, const char *key);
size_t json_count(const struct json_value *array_or_object);
const struct json_value *json_at(const struct json_value *array, size_t i);
/* The string's bytes; ptr NULL when the value is not a string. */
struct slice json_text(const struct json_value *value);
/* True when it is a number or boolean that fits; *out untouched otherwise. */
bool json_int(const struct json_value *value, int64_t *out);
bool json_double(const struct json_value *value, double *out);
bool json_bool(const struct json_value *value, bool *out);

/* Walk the members of an object: *pos starts at 0 and is ours to change; 1 with key and value,
 * 0 at the end. */
int json_member_next(const struct json_value *object, size_t *pos, struct slice *key,
                     const struct json_value **value);

/* Append the value as compact JSON text (see jsonout.h for how text is escaped). */
int json_write(const struct json_value *value, struct buf *out, struct error *err);

#endif
