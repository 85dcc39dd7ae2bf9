/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_check.h - is this text one JSON value, to the letter?
 *
 * json-c takes more than JSON and says little about where a text goes wrong, so nothing reaches
 * it that did not pass here. Beyond RFC 8259 we take what real corpora hold: raw control
 * characters inside a string but for line ends, and NaN, Infinity and -Infinity, which become
 * null. A key with a NUL in it is
 * refused, because json-c would cut it there.
 */
#ifndef CURATE_JSON_CHECK_H
#define CURATE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json/json.h"
#include "base/slice.h"

struct buf;
struct error;

enum { JSON_LONG_BYTES = 256, JSON_LONG_MAX = 16 };

struct json_check {
    enum json_issue issue;
    size_t at;          /* byte of the issue */
    const char *detail; /* static sentence about it */
    struct slice value; /* the text without the blanks around it */
    bool wide_numbers;  /* json_widen() is needed */
    bool raw_controls;  /* json_escape_controls() is needed */
    unsigned noted;     /* enum json_note, as far as the text alone tells */
    size_t n_keys;      /* of all objects in it */
    size_t tree_bytes;  /* what json-c's tree of it takes, about */
    /* The first strings, keys apart, of at least JSON_LONG_BYTES: what is between the quotes.
     */
    struct slice long_strings[JSON_LONG_MAX];
    size_t n_long;
};

/* text is well-formed UTF-8. True when nothing is wrong. */
bool json_check(struct slice text, struct json_check *out);

/* Append text, which has passed json_check(), with its raw control characters escaped: json-c
 * takes a NUL for the end. */
int json_escape_controls(struct slice text, struct buf *out, struct error *err);

/*
 * json-c keeps the text of a number with a fraction or an exponent, but squeezes one without
 * into 64 bits. json_widen() appends text, which has passed json_check(), with an exponent of
 * zero behind those that do not fit, and behind -0; json_narrow() takes it off such a number.
 */
int json_widen(struct slice text, struct buf *out, struct error *err);
struct slice json_narrow(struct slice number);

#endif
