/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text/escape.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text/utf8.h"

/* Sorted. Unicode 15: Bidi_Control, Zl, Zp, U+FEFF, interlinear annotation, tags. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    { 0x00, 0x08 },     { 0x0b, 0x1f },       { 0x7f, 0x9f },     { 0x061c, 0x061c },
    { 0x200e, 0x200f }, { 0x2028, 0x202e },   { 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
    { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
};

static bool is_hidden(uint32_t code)
{
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (code <= hidden[i].last)
            return code >= hidden[i].first;
    return false;
}

/* One character of a text that is not empty, or one byte that is not UTF-8. */
struct escape_char {
    uint32_t code; /* the byte if it is not UTF-8 */
    size_t len;
    bool is_byte; /* it is not UTF-8 */
};

static struct escape_char first_char(struct slice text)
{
    struct escape_char c = { 0 };

    c.code = utf8_first(text, &c.len);
    c.is_byte = c.len == 1 && (unsigned char)text.ptr[0] >= 0x80;
    if (c.is_byte)
        c.code = (unsigned char)text.ptr[0];
    return c;
}

static bool must_escape_char(struct escape_char c)
{
    return c.is_byte || is_hidden(c.code);
}

static int add_escaped_char(struct buf *out, struct escape_char c, struct error *err)
{
    if (c.is_byte)
        return buf_printf(out, err, "\\x%02x", c.code);
    return buf_printf(out, err, c.code < 0x10000 ? "\\u%04x" : "\\U%08x", c.code);
}

int escape_add(struct buf *out, struct slice text, struct error *err)
{
    size_t plain = 0; /* bytes at the start of text that need no escape */

    while (plain < text.len) {
        const struct slice rest = slice_of(text.ptr + plain, text.len - plain);
        const struct escape_char c = first_char(rest);

        if (!must_escape_char(c)) {
            plain += c.len;
            continue;
        }
        if (buf_add(out, text.ptr, plain, err) < 0 || add_escaped_char(out, c, err) < 0)
            return -1;
        text = slice_of(rest.ptr + c.len, rest.len - c.len);
        plain = 0;
    }
    return plain > 0 ? buf_add(out, text.ptr, plain, err) : 0;
}

int escape_add_line(struct buf *out, struct slice text, size_t max_chars, struct error *err)
{
    size_t n_chars = 0;

    while (text.len > 0 && n_chars < max_chars) {
        const struct escape_char c = first_char(text);

        if (c.code == '\n' || c.code == '\t' || must_escape_char(c)) {
            const char *mark = c.code == '\n' ? "\xe2\x8f\x8e" : "\xef\xbf\xbd";
            if (buf_add_text(out, mark, err) < 0)
                return -1;
        } else if (buf_add(out, text.ptr, c.len, err) < 0) {
            return -1;
        }
        text = slice_of(text.ptr + c.len, text.len - c.len);
        n_chars++;
    }
    return text.len > 0 ? buf_add_text(out, "\xe2\x80\xa6", err) : 0;
}

size_t escape_incomplete_tail(struct slice text)
{
    for (size_t n = 1; n <= 3 && n <= text.len; n++) {
        const unsigned char byte = (unsigned char)text.ptr[text.len - n];
        const size_t expected = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;

        if (byte < 0x80)
            return 0;
        if (byte >= 0xc0)
            return expected > n ? n : 0;
    }
    return 0;
}
