/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - parse one JSON value. Only json.c and json_build.c include <json-c/json.h>.
 *
 * The bytes of one record (base/io/frame.h) become a tree. Values are borrowed from the tree
 * and valid until the next json_parse(). Text has a length and may contain NUL. Differences
 * from json-c:
 *   - text must be valid UTF-8
 *   - a lone surrogate escape becomes U+FFFD
 *   - json_write() writes numbers with their original text, so a 30-digit id is preserved
 *   - NaN and Infinity become null
 */
#ifndef CURATE_JSON_H
#define CURATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct error;
struct json;       /* a parser, reused for all records of a thread */
struct json_value; /* a borrowed node; NULL for a missing key */

enum json_type {
    JSON_NULL, /* also the type of a missing value (NULL pointer) */
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

enum { JSON_MAX_DEPTH = 256, JSON_TREE_BYTES = 1 << 30 };

/* Why a record is not valid JSON. */
enum json_issue {
    JSON_OK = 0,
    JSON_BAD_UTF8,
    JSON_TOO_DEEP,
    JSON_TRUNCATED, /* the text ends inside the value */
    JSON_TOO_LARGE, /* the tree would need more memory than json_limit() allows */
    JSON_BAD_SYNTAX,
};

/* Returns 0, or -1 with err set. */
int json_new(struct json **out, struct error *err);
void json_free(struct json *json);
/* Limit the estimated memory of a tree; the default is JSON_TREE_BYTES. A value of a few bytes
 * may need a thousand bytes, as an object. */
void json_limit(struct json *json, size_t max_tree_bytes);

/*
 * Parse all of text as one value. Frees the previous tree. Returns 0, or -1 with err set:
 * ERR_NOMEM. If the text is invalid, returns 0 and sets *out to NULL, *issue to the reason,
 * *issue_at to the byte offset and *issue_detail to a static sentence.
 */
int json_parse(struct json *json, struct slice text, const struct json_value **out,
               enum json_issue *issue, size_t *issue_at, const char **issue_detail,
               struct error *err);

/* Irregularities in a value that was parsed nevertheless. */
enum json_note {
    JSON_NOTED_NAN = 1,       /* NaN, Infinity or -Infinity, replaced by null */
    JSON_NOTED_SURROGATE = 2, /* half of a pair, as \ud83d, replaced by U+FFFD */
    JSON_NOTED_NUL = 4,       /* \u0000 or a raw NUL in a string */
    JSON_NOTED_CONTROL = 8,   /* another raw control character in a string, except TAB */
    JSON_NOTED_BIG_NUMBER =
        16, /* an integer of more than 64 bits, or a number beyond a double */
    JSON_NOTED_DUPLICATE_KEY = 32, /* a key twice in one object: the last one is used */
    JSON_NOTED_END                 /* one above the last bit, so that users notice a new note */
};
/* Get the notes about the last value, or-ed together. */
unsigned json_noted(const struct json *json);

enum json_type json_type(const struct json_value *value);
/* Get a member of an object, or NULL. */
const struct json_value *json_get(const struct json_value *object, const char *key);
/* Get the last member whose key matches without regard to ASCII case, or NULL. */
const struct json_value *json_get_nocase(const struct json_value *object, const char *key);
size_t json_count(const struct json_value *array_or_object);
const struct json_value *json_at(const struct json_value *array, size_t i);
/* The bytes of a string; ptr NULL if the value is not a string. */
struct slice json_text(const struct json_value *value);
/* Get a number or boolean. Returns false and leaves *out if the value is not one or does not
 * fit. */
bool json_int(const struct json_value *value, int64_t *out);
bool json_double(const struct json_value *value, double *out);
bool json_bool(const struct json_value *value, bool *out);

/* Iterate over the members of an object. Set *pos to 0 before the first call. Returns 1 with
 * key and value, or 0 at the end. */
int json_member_next(const struct json_value *object, size_t *pos, struct slice *key,
                     const struct json_value **value);

/* Append the value as compact JSON; jsonout.h describes the escaping. Returns 0, or -1 with err
 * set. */
int json_write(const struct json_value *value, struct buf *out, struct error *err);
/* Append the canonical form of the value: as json_write(), with members sorted by the bytes of
 * their keys, and with keys and strings in canonical form (base/text/utf8.h). Values that
 * differ only in the order of members have one canonical form. So have values that differ only
 * in padding (base/json/prune.h). */
int json_write_canonical(const struct json_value *value, struct buf *out, struct error *err);

#endif
