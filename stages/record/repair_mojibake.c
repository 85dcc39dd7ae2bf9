/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A character of UTF-8 is a byte that leads and one to three that follow. Where each was taken
 * for a character of Windows-1252, or of Latin-1, the two to four of them stand in a row and
 * say what it was. Letters and signs may stand like this by chance ("CAF\u00c9\u2026"), so a
 * text is touched only when something in it cannot be chance.
 */
#include <string.h>

#include "base/buf.h"
#include "base/text/utf8.h"
#include "stages/record/repair.h"

const uint16_t mend_windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

/* One mangled character. */
struct mangled {
    size_t n_bytes; /* of the text */
    size_t n;       /* characters there, and bytes here */
    char bytes[4];  /* what it was */
    bool plain;     /* the second is of Latin-1, and no sign of Windows-1252 alone */
};

/* The byte that was taken for the character, -1 for none. */
static int byte_of(uint32_t code)
{
    if (code >= 0x80 && code <= 0xff)
        return (int)code;
    for (int i = 0; i < 32; i++)
        if (code >= 0x100 && mend_windows_1252[i] == code)
            return 0x80 + i;
    return -1;
}

static size_t n_of_lead(int byte)
{
    return byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
}

/* Is there one at `at`? Not for control characters: nobody wrote those. */
static bool mangled_at(struct slice text, size_t at, struct mangled *out)
{
    size_t want = 1;

    *out = (struct mangled){ 0 };
    while (out->n < want) {
        size_t len;

        if (at == text.len)
            return false;
        const uint32_t code = utf8_first(slice_of(text.ptr + at, text.len - at), &len);
        const int byte = byte_of(code);
        if (byte < 0)
            return false;
        if (out->n == 0)
            want = n_of_lead(byte);
        if (out->n == 1)
            out->plain = code < 0x100;
        if (want == 0)
            return false;
        out->bytes[out->n++] = (char)byte;
        out->n_bytes += len;
        at += len;
    }
    const struct slice was = slice_of(out->bytes, out->n);
    size_t len;
    return utf8_bad_at(was) == was.len && utf8_first(was, &len) >= 0xa0;
}

static bool begins(const struct mangled *m, const char *bytes, size_t n)
{
    return memcmp(m->bytes, bytes, n) == 0;
}

/* Nobody writes these: a capital A with a circumflex or a tilde before a sign of Latin-1, the
 * three that a quotation mark or a dash becomes, a byte order mark, an emoji. */
static bool is_sure(const struct mangled *m)
{
    if (m->n == 2)
        return m->plain && (begins(m, "\xc2", 1) || begins(m, "\xc3", 1));
    return begins(m, "\xe2\x80", 2) || begins(m, "\xef\xbb\xbf", 3) || begins(m, "\xf0\x9f", 2);
}

/* Likely enough where something else in the text is sure. */
static bool is_likely(const struct mangled *m, struct slice text, size_t at)
{
    const size_t end = at + m->n_bytes;
    const bool in_word = at > 0 && end < text.len && (text.ptr[at - 1] | 32) >= 'a' &&
                         (text.ptr[at - 1] | 32) <= 'z' && (text.ptr[end] | 32) >= 'a' &&
                         (text.ptr[end] | 32) <= 'z';

    return in_word || begins(m, "\xc3", 1) || begins(m, "\xe2", 1);
}

/* Offset of the next character that may lead (U+00C2 to U+00F4), from `at` on; text.len. */
static size_t next_lead(struct slice text, size_t at)
{
    const char *p = at < text.len ? memchr(text.ptr + at, '\xc3', text.len - at) : NULL;

    return p ? (size_t)(p - text.ptr) : text.len;
}

/* Another one right behind it: letters and signs do not alternate like that by chance. */
static bool has_next(struct slice text, size_t at, const struct mangled *m)
{
    struct mangled next;

    return mangled_at(text, at + m->n_bytes, &next);
}

bool mend_has_mojibake(struct slice text)
{
    struct mangled m;

    for (size_t at = next_lead(text, 0); at < text.len; at = next_lead(text, at + 1))
        if (mangled_at(text, at, &m) && (is_sure(&m) || has_next(text, at, &m)))
            return true;
    return false;
}

int mend_mojibake(struct slice text, struct buf *out, struct error *err)
{
    size_t done = 0;
    size_t behind = SIZE_MAX; /* the end of the last one that was seen */
    struct mangled m;

    if (!mend_has_mojibake(text))
        return 0;
    for (size_t at = next_lead(text, 0); at < text.len;) {
        if (!mangled_at(text, at, &m)) {
            at = next_lead(text, at + 1);
            continue;
        }
        if (is_sure(&m) || behind == at || has_next(text, at, &m) || is_likely(&m, text, at)) {
            if (buf_add(out, text.ptr + done, at - done, err) < 0 ||
                buf_add(out, m.bytes, m.n, err) < 0)
                return -1;
            done = at + m.n_bytes;
        }
        behind = at + m.n_bytes;
        at = next_lead(text, behind);
    }
    return buf_add(out, text.ptr + done, text.len - done, err) < 0 ? -1 : 1;
}
