/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text/escape.h"

#include <stdint.h>
#include <stdio.h>

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

/* The first character, which is well-formed: len bytes. */
static uint32_t decode(const char *text, size_t len)
{
    static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code = (unsigned char)text[0] & first_bits[len];

    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

static bool is_hidden(uint32_t code)
{
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (code <= hidden[i].last)
            return code >= hidden[i].first;
    return false;
}

static bool is_no_character(struct slice text, size_t len)
{
    return len == 1 && (unsigned char)text.ptr[0] >= 0x80;
}

bool visible_is_plain(struct slice text)
{
    const size_t len = utf8_char_len(text);

    return len == 0 || (!is_no_character(text, len) && !is_hidden(decode(text.ptr, len)));
}

static int write_out(struct buf *out, struct slice text, size_t len, struct error *err)
{
    const char *form = "\\U%08x";
    uint32_t code = (unsigned char)text.ptr[0];

    if (is_no_character(text, len)) {
        form = "\\x%02x";
    } else {
        code = decode(text.ptr, len);
        if (code < 0x10000)
            form = "\\u%04x";
    }
    char written[16];
    const int n = snprintf(written, sizeof written, form, code);
    return buf_add(out, written, (size_t)n, err);
}

int visible_add(struct buf *out, struct slice text, struct error *err)
{
    size_t plain = 0; /* bytes from the start of text that go as they are */

    while (plain < text.len) {
        const struct slice rest = slice_of(text.ptr + plain, text.len - plain);
        const size_t len = utf8_char_len(rest);

        if (visible_is_plain(rest)) {
            plain += len;
            continue;
        }
        if (buf_add(out, text.ptr, plain, err) < 0 || write_out(out, rest, len, err) < 0)
            return -1;
        text = slice_of(rest.ptr + len, rest.len - len);
        plain = 0;
    }
    return plain > 0 ? buf_add(out, text.ptr, plain, err) : 0;
}

size_t visible_unfinished(struct slice text)
{
    for (size_t n = 1; n <= 3 && n <= text.len; n++) {
        const unsigned char byte = (unsigned char)text.ptr[text.len - n];
        const size_t wants = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;

        if (byte < 0x80)
            return 0;
        if (byte >= 0xc0)
            return wants > n ? n : 0;
    }
    return 0;
}
