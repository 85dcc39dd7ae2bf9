/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/json_long.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/* Free a larger buffer when a record needs much less, so that one large record does not occupy
 * memory for ever. */
enum { KEEP_BYTES = 8 << 20, PLACEHOLDER_LEN = 2 };

static const char placeholder_start = '\xff';

void json_long_init(struct json_long *strings)
{
    buf_init(&strings->bytes, INT_MAX);
}

void json_long_release(struct json_long *strings)
{
    buf_release(&strings->bytes);
}

static uint32_t parse_hex4(const char *p)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        const uint32_t c = (uint8_t)p[i];
        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static bool is_high_surrogate(uint32_t c)
{
    return c >= 0xd800 && c < 0xdc00;
}

static bool is_low_surrogate(uint32_t c)
{
    return c >= 0xdc00 && c < 0xe000;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | c >> 12);
        } else {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* Decode the escape whose digits are at p, or a pair of escapes. Returns the end of it. */
static const char *decode_unicode(const char *p, const char *end, char **out)
{
    uint32_t c = parse_hex4(p);

    p += 4;
    if (is_high_surrogate(c) && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
        is_low_surrogate(parse_hex4(p + 2))) {
        c = 0x10000 + ((c - 0xd800) << 10) + (parse_hex4(p + 2) - 0xdc00);
        p += 6;
    } else if (is_high_surrogate(c) || is_low_surrogate(c)) {
        c = 0xfffd;
    }
    *out = put_utf8(*out, c);
    return p;
}

/* Decode the escape after a backslash. Returns the end of it. */
static const char *decode_escape(const char *p, const char *end, char **out)
{
    static const char plain[] = {
        ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t', ['u'] = 0
    };
    const char c = *p++;

    if (c == 'u')
        return decode_unicode(p, end, out);
    *(*out)++ = (size_t)c < sizeof plain && plain[(size_t)c] ? plain[(size_t)c] : c;
    return p;
}

/* A decoded escape is never longer than the escape, so raw.len bytes are enough. */
char *json_long_decode(struct slice raw, char *out)
{
    const char *p = raw.ptr;
    const char *end = raw.ptr + raw.len;

    while (p < end) {
        const char *backslash = memchr(p, '\\', (size_t)(end - p));
        const size_t n = (size_t)((backslash ? backslash : end) - p);

        memcpy(out, p, n);
        out += n;
        p = backslash ? decode_escape(backslash + 1, end, &out) : end;
    }
    return out;
}

/* Reserve memory for all long strings at once, because the texts must not move. */
static int reserve_long_strings(struct json_long *strings, const struct json_check *checked,
                                struct error *err)
{
    size_t n = 0;

    for (size_t i = 0; i < checked->n_long; i++)
        n += checked->long_strings[i].len;
    if (strings->bytes.cap > KEEP_BYTES && strings->bytes.cap / 4 > n) {
        json_long_release(strings);
        json_long_init(strings);
    }
    buf_clear(&strings->bytes);
    return buf_reserve(&strings->bytes, n, err);
}

int json_shorten(struct json_long *strings, const struct json_check *checked, struct buf *out,
                 struct error *err)
{
    const char *p = checked->value.ptr;
    const char *end = p + checked->value.len;

    if (reserve_long_strings(strings, checked, err) < 0)
        return -1;
    char *text = strings->bytes.data;
    for (size_t i = 0; i < checked->n_long; i++) {
        const struct slice raw = checked->long_strings[i];
        const char placeholder[PLACEHOLDER_LEN] = { placeholder_start, (char)('0' + i) };
        char *text_end = json_long_decode(raw, text);

        if (buf_add(out, p, (size_t)(raw.ptr - p), err) < 0 ||
            buf_add(out, placeholder, sizeof placeholder, err) < 0)
            return -1;
        strings->texts[i] = slice_of(text, (size_t)(text_end - text));
        text = text_end;
        p = raw.ptr + raw.len;
    }
    return buf_add(out, p, (size_t)(end - p), err);
}

const struct slice *json_long_find(const struct json_long *strings, struct slice string)
{
    if (string.len != PLACEHOLDER_LEN || string.ptr[0] != placeholder_start)
        return NULL;
    return &strings->texts[(size_t)(string.ptr[1] - '0')];
}
