/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text/utf8.h"
#include "stages/record/repair.h"

enum {
    BODY_MAX = 10, /* between & and ; */
    TICKS_MAX = 8, /* a longer run of backticks does not open code */
};

struct entity {
    char name[8];
    uint16_t code;
};

/* The 96 entities of Latin-1, and those of punctuation that are common in pages. Sorted by the
 * bytes of the name. */
static const struct entity entities[] = {
    { "AElig", 0xc6 },    { "Aacute", 0xc1 },   { "Acirc", 0xc2 },    { "Agrave", 0xc0 },
    { "Aring", 0xc5 },    { "Atilde", 0xc3 },   { "Auml", 0xc4 },     { "Ccedil", 0xc7 },
    { "ETH", 0xd0 },      { "Eacute", 0xc9 },   { "Ecirc", 0xca },    { "Egrave", 0xc8 },
    { "Euml", 0xcb },     { "Iacute", 0xcd },   { "Icirc", 0xce },    { "Igrave", 0xcc },
    { "Iuml", 0xcf },     { "Ntilde", 0xd1 },   { "OElig", 0x152 },   { "Oacute", 0xd3 },
    { "Ocirc", 0xd4 },    { "Ograve", 0xd2 },   { "Oslash", 0xd8 },   { "Otilde", 0xd5 },
    { "Ouml", 0xd6 },     { "Scaron", 0x160 },  { "THORN", 0xde },    { "Uacute", 0xda },
    { "Ucirc", 0xdb },    { "Ugrave", 0xd9 },   { "Uuml", 0xdc },     { "Yacute", 0xdd },
    { "aacute", 0xe1 },   { "acirc", 0xe2 },    { "acute", 0xb4 },    { "aelig", 0xe6 },
    { "agrave", 0xe0 },   { "amp", '&' },       { "apos", '\'' },     { "aring", 0xe5 },
    { "atilde", 0xe3 },   { "auml", 0xe4 },     { "bdquo", 0x201e },  { "brvbar", 0xa6 },
    { "bull", 0x2022 },   { "ccedil", 0xe7 },   { "cedil", 0xb8 },    { "cent", 0xa2 },
    { "copy", 0xa9 },     { "curren", 0xa4 },   { "darr", 0x2193 },   { "deg", 0xb0 },
    { "divide", 0xf7 },   { "eacute", 0xe9 },   { "ecirc", 0xea },    { "egrave", 0xe8 },
    { "eth", 0xf0 },      { "euml", 0xeb },     { "euro", 0x20ac },   { "frac12", 0xbd },
    { "frac14", 0xbc },   { "frac34", 0xbe },   { "ge", 0x2265 },     { "gt", '>' },
    { "harr", 0x2194 },   { "hellip", 0x2026 }, { "iacute", 0xed },   { "icirc", 0xee },
    { "iexcl", 0xa1 },    { "igrave", 0xec },   { "iquest", 0xbf },   { "iuml", 0xef },
    { "laquo", 0xab },    { "larr", 0x2190 },   { "ldquo", 0x201c },  { "le", 0x2264 },
    { "lsaquo", 0x2039 }, { "lsquo", 0x2018 },  { "lt", '<' },        { "macr", 0xaf },
    { "mdash", 0x2014 },  { "micro", 0xb5 },    { "middot", 0xb7 },   { "minus", 0x2212 },
    { "nbsp", 0xa0 },     { "ndash", 0x2013 },  { "ne", 0x2260 },     { "not", 0xac },
    { "ntilde", 0xf1 },   { "oacute", 0xf3 },   { "ocirc", 0xf4 },    { "oelig", 0x153 },
    { "ograve", 0xf2 },   { "ordf", 0xaa },     { "ordm", 0xba },     { "oslash", 0xf8 },
    { "otilde", 0xf5 },   { "ouml", 0xf6 },     { "para", 0xb6 },     { "plusmn", 0xb1 },
    { "pound", 0xa3 },    { "quot", '"' },      { "raquo", 0xbb },    { "rarr", 0x2192 },
    { "rdquo", 0x201d },  { "reg", 0xae },      { "rsaquo", 0x203a }, { "rsquo", 0x2019 },
    { "sbquo", 0x201a },  { "scaron", 0x161 },  { "sect", 0xa7 },     { "shy", 0xad },
    { "sup1", 0xb9 },     { "sup2", 0xb2 },     { "sup3", 0xb3 },     { "szlig", 0xdf },
    { "thorn", 0xfe },    { "times", 0xd7 },    { "trade", 0x2122 },  { "uacute", 0xfa },
    { "uarr", 0x2191 },   { "ucirc", 0xfb },    { "ugrave", 0xf9 },   { "uml", 0xa8 },
    { "uuml", 0xfc },     { "yacute", 0xfd },   { "yen", 0xa5 },      { "yuml", 0xff },
};

static int compare_entity_name(const void *key, const void *member)
{
    return strcmp(key, ((const struct entity *)member)->name);
}

/* The character of a numeric entity; 0 when it is not decoded. Control characters are not, nor
 * is a backtick, which would begin or end code. 0x80 to 0x9f mean Windows-1252, as in browsers.
 */
static uint32_t character_of_number(const char *digits)
{
    const bool hex = *digits == 'x' || *digits == 'X';
    char *end;

    digits += hex;
    if (!*digits ||
        strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
        return 0;
    const unsigned long code = strtoul(digits, &end, hex ? 16 : 10);
    if (code >= 0x80 && code < 0xa0)
        return repair_windows_1252[code - 0x80];
    if (code < 0x20 || code == 0x7f || code == '`' || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000))
        return 0;
    return (uint32_t)code;
}

/* The character of the entity whose text between & and ; is body; 0 when it is unknown. */
static uint32_t character_of_entity(const char *body, size_t n)
{
    char word[BODY_MAX + 1];

    if (n == 0 || n > BODY_MAX || memchr(body, '\0', n))
        return 0;
    memcpy(word, body, n);
    word[n] = '\0';
    if (word[0] == '#')
        return character_of_number(word + 1);
    const struct entity *found = bsearch(word, entities, sizeof entities / sizeof entities[0],
                                         sizeof entities[0], compare_entity_name);
    return found ? found->code : 0;
}

bool repair_has_entity(struct slice text)
{
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;

    while (p && p < end && (p = memchr(p, '&', (size_t)(end - p)))) {
        const size_t left = (size_t)(end - ++p);
        const char *stop = memchr(p, ';', left < BODY_MAX + 1 ? left : BODY_MAX + 1);

        if (stop && character_of_entity(p, (size_t)(stop - p)) != 0)
            return true;
    }
    return false;
}

/* In a text with tags, entities are correct. */
static bool has_tag(struct slice text)
{
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;

    while (p && p + 1 < end && (p = memchr(p, '<', (size_t)(end - 1 - p)))) {
        const char c = *++p;

        if (c == '/' || c == '!' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            return true;
    }
    return false;
}

/* Length of the run of backticks at `at`. */
static size_t n_ticks(struct slice text, size_t at)
{
    size_t n = at;

    while (n < text.len && text.ptr[n] == '`')
        n++;
    return n - at;
}

/* A run of backticks opens code if a run of the same length follows. Returns the number of
 * bytes from `at` to the end of the closing run; or the length of the run when it is not
 * closed. unclosed[n] remembers that no further run of n closes, so the scan stays linear. */
static size_t code_len(struct slice text, size_t at, bool unclosed[TICKS_MAX + 1])
{
    const size_t n = n_ticks(text, at);
    size_t i = at + n;

    if (n > TICKS_MAX || unclosed[n])
        return n;
    while (i < text.len) {
        const char *next = memchr(text.ptr + i, '`', text.len - i);

        if (!next)
            break;
        i = (size_t)(next - text.ptr);
        const size_t closing = n_ticks(text, i);
        i += closing;
        if (closing == n)
            return i - at;
    }
    unclosed[n] = true;
    return n;
}

/* out ends with a semicolon. If it ends an entity, replace the entity by its character. When
 * that character is a semicolon, it may end another entity, so a text that was encoded twice is
 * decoded twice. */
static int decode_last_entity(struct buf *out, struct error *err)
{
    for (;;) {
        const size_t most = out->len - 1 < BODY_MAX + 1 ? out->len - 1 : BODY_MAX + 1;
        const char *semicolon = out->data + out->len - 1;
        const char *amp = memrchr(semicolon - most, '&', most);
        const uint32_t code =
            amp ? character_of_entity(amp + 1, (size_t)(semicolon - amp - 1)) : 0;
        char bytes[4];

        if (code == 0)
            return 0;
        out->len = (size_t)(amp - out->data);
        if (buf_add(out, bytes, utf8_put(code, bytes), err) < 0)
            return -1;
        if (code != ';')
            return 0;
    }
}

int repair_entities(struct slice text, struct buf *out, struct error *err)
{
    bool unclosed[TICKS_MAX + 1] = { false };
    size_t i = 0;

    if (!repair_has_entity(text) || has_tag(text))
        return 0;
    while (i < text.len) {
        size_t n = 0;

        while (i + n < text.len && text.ptr[i + n] != ';' && text.ptr[i + n] != '`')
            n++;
        const bool ends = i + n < text.len && text.ptr[i + n] == ';';
        if (ends)
            n++;
        else if (i + n < text.len)
            n += code_len(text, i + n, unclosed);
        if (buf_add(out, text.ptr + i, n, err) < 0 ||
            (ends && decode_last_entity(out, err) < 0))
            return -1;
        i += n;
    }
    return out->len < text.len ? 1 : 0;
}
