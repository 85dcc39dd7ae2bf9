/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonout.h - write JSON into a buffer. The same calls always give the same bytes.
 *
 * The writer adds commas, colons and escapes. Text is written as UTF-8; only '"', '\\', control
 * characters below 0x20 and U+007F are escaped. The output is always valid UTF-8: a byte that
 * is not is written as \\xff, which a reader gets as the four characters \xff. A double is
 * written as the shortest text that reads back as the same value, NaN and infinities as null.
 * After a failure (ERR_NOMEM, the limit of the buffer) further calls do nothing. Check
 * jsonout_end() once at the end.
 */
#ifndef CURATE_JSONOUT_H
#define CURATE_JSONOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

struct buf;

struct jsonout {
    struct buf *buf;
    bool need_comma;
    enum error_code failure; /* of the first call that failed */
    bool keep_bytes;         /* jsonout_text() writes bytes that are not UTF-8 unchanged, for a
                              * reader that checks them; jsonout_init() sets false */
};

void jsonout_init(struct jsonout *out, struct buf *buf);
void jsonout_object_begin(struct jsonout *out);
void jsonout_object_end(struct jsonout *out);
void jsonout_array_begin(struct jsonout *out);
void jsonout_array_end(struct jsonout *out);
void jsonout_key(struct jsonout *out, const char *key);
void jsonout_text(struct jsonout *out, struct slice text); /* ptr NULL: null */
/* The same for a text that is there, whose bytes stay as they are if they are not UTF-8. */
void jsonout_bytes(struct jsonout *out, struct slice text);
void jsonout_int(struct jsonout *out, int64_t value);
void jsonout_double(struct jsonout *out, double value);
void jsonout_bool(struct jsonout *out, bool value);
void jsonout_null(struct jsonout *out);
/* Write a value that is JSON text already. */
void jsonout_raw(struct jsonout *out, struct slice json);
/* Returns 0, or -1 with err set if any call since jsonout_init() has failed. */
int jsonout_end(struct jsonout *out, struct error *err);

#endif
