/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 encodes a character as a lead byte and one to three further bytes. When each byte was
 * decoded as a character of Windows-1252 or Latin-1, two to four characters stand in a row, and
 * their bytes give the original one. Letters and signs may stand like this by chance
 * ("CAF\u00c9\u2026"), so a text is repaired only when some of it cannot be chance.
 */
#include <string.h>

#include "base/buf.h"
#include "base/text/utf8.h"
#include "stages/record/repair.h"

const uint16_t repair_windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

/* One damaged character. */
struct mangled {
    size_t n_bytes; /* that it takes in the text */
    size_t n;       /* characters in the text, which is the number of original bytes */
    char bytes[4];  /* the original character in UTF-8 */
    bool plain;     /* the second character is in Latin-1, not only in Windows-1252 */
};

/* The byte of a character in Windows-1252 or Latin-1; -1 when it has none. */
static int windows_1252_byte(uint32_t code)
{
    if (code >= 0x80 && code <= 0xff)
        return (int)code;
    for (int i = 0; i < 32; i++)
        if (code >= 0x100 && repair_windows_1252[i] == code)
            return 0x80 + i;
    return -1;
}

/* Length of the UTF-8 character that a byte leads; 0 when it leads none. */
static size_t n_of_lead(int byte)
{
    return byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
}

/* Is there a damaged character at `at`? The original must not be a control character: those are
 * not in texts. */
static bool mangled_at(struct slice text, size_t at, struct mangled *out)
{
    size_t want = 1;

    *out = (struct mangled){ 0 };
    while (out->n < want) {
        size_t len;

        if (at == text.len)
            return false;
        const uint32_t code = utf8_first(slice_of(text.ptr + at, text.len - at), &len);
        const int byte = windows_1252_byte(code);
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

static bool mangled_begins(const struct mangled *m, const char *bytes, size_t n)
{
    return memcmp(m->bytes, bytes, n) == 0;
}

/* Is it certainly mojibake? Nobody writes these: a capital A with a circumflex or a tilde
 * before a sign of Latin-1, the three characters that a quotation mark or a dash becomes, a
 * byte order mark, an emoji. */
static bool is_sure(const struct mangled *m)
{
    if (m->n == 2)
        return m->plain && (mangled_begins(m, "\xc2", 1) || mangled_begins(m, "\xc3", 1));
    return mangled_begins(m, "\xe2\x80", 2) || mangled_begins(m, "\xef\xbb\xbf", 3) ||
           mangled_begins(m, "\xf0\x9f", 2);
}

/* Is it likely to be mojibake in a text where another character certainly is? */
static bool is_likely(const struct mangled *m, struct slice text, size_t at)
{
    const size_t end = at + m->n_bytes;
    const bool in_word = at > 0 && end < text.len && (text.ptr[at - 1] | 32) >= 'a' &&
                         (text.ptr[at - 1] | 32) <= 'z' && (text.ptr[end] | 32) >= 'a' &&
                         (text.ptr[end] | 32) <= 'z';

    return in_word || mangled_begins(m, "\xc3", 1) || mangled_begins(m, "\xe2", 1);
}

/* Offset of the first character from `at` on that may be a lead byte (U+00C2 to U+00F4);
 * text.len when there is none. */
static size_t next_lead(struct slice text, size_t at)
{
    const char *p = at < text.len ? memchr(text.ptr + at, '\xc3', text.len - at) : NULL;

    return p ? (size_t)(p - text.ptr) : text.len;
}

/* Does another damaged character follow at once? Letters and signs do not alternate by chance.
 */
static bool mangled_follows(struct slice text, size_t at, const struct mangled *m)
{
    struct mangled next;

    return mangled_at(text, at + m->n_bytes, &next);
}

bool repair_has_mojibake(struct slice text)
{
    struct mangled m;

    for (size_t at = next_lead(text, 0); at < text.len; at = next_lead(text, at + 1))
        if (mangled_at(text, at, &m) && (is_sure(&m) || mangled_follows(text, at, &m)))
            return true;
    return false;
}

int repair_mojibake(struct slice text, struct buf *out, struct error *err)
{
    size_t done = 0;
    size_t behind = SIZE_MAX; /* where the last damaged character ended */
    struct mangled m;

    if (!repair_has_mojibake(text))
        return 0;
    for (size_t at = next_lead(text, 0); at < text.len;) {
        if (!mangled_at(text, at, &m)) {
            at = next_lead(text, at + 1);
            continue;
        }
        if (is_sure(&m) || behind == at || mangled_follows(text, at, &m) ||
            is_likely(&m, text, at)) {
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
