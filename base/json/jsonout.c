/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/jsonout.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/utf8.h"
#include "base/text/word.h"

void jsonout_init(struct jsonout *out, struct buf *buf)
{
    *out = (struct jsonout){ .buf = buf };
}

static void jsonout_add(struct jsonout *out, const void *bytes, size_t n)
{
    struct error err;

    if (out->failure == ERR_NONE && buf_add(out->buf, bytes, n, &err) < 0)
        out->failure = err.code;
}

static void jsonout_add_slice(struct jsonout *out, struct slice text)
{
    jsonout_add(out, text.ptr, text.len);
}

/* Add the parts of a text that are valid UTF-8 by a function, and escape the bytes between. */
static void jsonout_add_valid(struct jsonout *out, struct slice text,
                              void (*add)(struct jsonout *out, struct slice text))
{
    while (text.len > 0) {
        const size_t good = utf8_bad_at(text);
        char escape[8];

        add(out, slice_of(text.ptr, good));
        if (good == text.len)
            return;
        snprintf(escape, sizeof escape, "\\\\x%02x", (unsigned char)text.ptr[good]);
        jsonout_add(out, escape, 5);
        text = slice_of(text.ptr + good + 1, text.len - good - 1);
    }
}

static void jsonout_begin_value(struct jsonout *out)
{
    if (out->need_comma)
        jsonout_add(out, ",", 1);
    out->need_comma = true;
}

static void jsonout_open(struct jsonout *out, char bracket)
{
    jsonout_begin_value(out);
    jsonout_add(out, &bracket, 1);
    out->need_comma = false;
}

static void jsonout_close(struct jsonout *out, char bracket)
{
    jsonout_add(out, &bracket, 1);
    out->need_comma = true;
}

void jsonout_object_begin(struct jsonout *out)
{
    jsonout_open(out, '{');
}

void jsonout_object_end(struct jsonout *out)
{
    jsonout_close(out, '}');
}

void jsonout_array_begin(struct jsonout *out)
{
    jsonout_open(out, '[');
}

void jsonout_array_end(struct jsonout *out)
{
    jsonout_close(out, ']');
}

void jsonout_key(struct jsonout *out, const char *key)
{
    jsonout_text(out, slice_text(key));
    jsonout_add(out, ":", 1);
    out->need_comma = false;
}

static bool must_escape_byte(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

static void add_escape(struct jsonout *out, unsigned char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char text[8];

    for (size_t i = 0; i + 1 < sizeof named; i += 2) {
        if ((unsigned char)named[i] == c) {
            text[0] = '\\';
            text[1] = named[i + 1];
            jsonout_add(out, text, 2);
            return;
        }
    }
    snprintf(text, sizeof text, "\\u%04x", c);
    jsonout_add(out, text, 6);
}

/* Count the bytes at the start that need no escape. */
static size_t jsonout_plain_prefix(const char *p, size_t n)
{
    size_t i = 0;

    while (n - i >= WORD_BYTES) {
        const uint64_t word = word_load(p + i);

        if (word_has_below(word, 0x20) | word_has_byte(word, '"') | word_has_byte(word, '\\') |
            word_has_byte(word, 0x7f))
            break;
        i += WORD_BYTES;
    }
    while (i < n && !must_escape_byte((unsigned char)p[i]))
        i++;
    return i;
}

static void add_escaped(struct jsonout *out, struct slice text)
{
    while (text.len > 0) {
        const size_t n = jsonout_plain_prefix(text.ptr, text.len);

        jsonout_add(out, text.ptr, n);
        if (n == text.len)
            return;
        add_escape(out, (unsigned char)text.ptr[n]);
        text.ptr += n + 1;
        text.len -= n + 1;
    }
}

void jsonout_text(struct jsonout *out, struct slice text)
{
    if (!text.ptr) {
        jsonout_null(out);
        return;
    }
    jsonout_begin_value(out);
    jsonout_add(out, "\"", 1);
    if (out->keep_bytes)
        add_escaped(out, text);
    else
        jsonout_add_valid(out, text, add_escaped);
    jsonout_add(out, "\"", 1);
}

void jsonout_bytes(struct jsonout *out, struct slice text)
{
    jsonout_begin_value(out);
    jsonout_add(out, "\"", 1);
    add_escaped(out, text);
    jsonout_add(out, "\"", 1);
}

void jsonout_int(struct jsonout *out, int64_t value)
{
    char text[24];
    const int n = snprintf(text, sizeof text, "%" PRId64, value);

    jsonout_raw(out, slice_of(text, (size_t)n));
}

void jsonout_double(struct jsonout *out, double value)
{
    char text[32];
    int n = 0;

    if (!isfinite(value)) {
        jsonout_null(out);
        return;
    }
    /* 15 digits reproduce any short decimal, 17 any double. The decimal point is '.', because
     * the program stays in the C locale. */
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    jsonout_raw(out, slice_of(text, (size_t)n));
}

void jsonout_bool(struct jsonout *out, bool value)
{
    jsonout_raw(out, slice_text(value ? "true" : "false"));
}

void jsonout_null(struct jsonout *out)
{
    jsonout_raw(out, slice_text("null"));
}

void jsonout_raw(struct jsonout *out, struct slice json)
{
    jsonout_begin_value(out);
    jsonout_add_valid(out, json, jsonout_add_slice);
}

int jsonout_end(struct jsonout *out, struct error *err)
{
    if (out->failure == ERR_NONE)
        return 0;
    if (out->failure == ERR_NOMEM)
        return error_nomem(err);
    return error_set(err, out->failure, "JSON text is longer than its limit of %zu bytes",
                     out->buf->max_bytes);
}
