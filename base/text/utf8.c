/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/word.h"

/* Decode the character at p. Returns its length in bytes, or 0 if it is invalid. */
static size_t utf8_decode(const uint8_t *p, size_t left, uint32_t *code)
{
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    if (p[0] < 0xe0) {
        if (p[0] < 0xc2 || left < 2 || (p[1] & 0xc0) != 0x80)
            return 0;
        *code = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
        return 2;
    }
    if (p[0] < 0xf0) {
        if (left < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
            return 0;
        *code = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
        return *code < 0x800 || (*code >= 0xd800 && *code < 0xe000) ? 0 : 3;
    }
    if (p[0] > 0xf4 || left < 4 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 ||
        (p[3] & 0xc0) != 0x80)
        return 0;
    *code = (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    return *code < 0x10000 || *code > 0x10ffff ? 0 : 4;
}

size_t utf8_bad_at(struct slice text)
{
    const uint8_t *p = (const uint8_t *)text.ptr;
    size_t i = 0;
    uint32_t code;

    while (i < text.len) {
        while (text.len - i >= 16 && !word_has_high(word_load(p + i) | word_load(p + i + 8)))
            i += 16;
        while (i < text.len && p[i] < 0x80)
            i++;
        /* Characters of other scripts usually come in runs. */
        while (i < text.len && p[i] >= 0x80) {
            const size_t len = utf8_decode(p + i, text.len - i, &code);

            if (len == 0)
                return i;
            i += len;
        }
    }
    return text.len;
}

int utf8_repair(struct slice text, struct buf *out, struct error *err)
{
    while (text.len > 0) {
        const size_t good = utf8_bad_at(text);

        if (buf_add(out, text.ptr, good, err) < 0)
            return -1;
        if (good == text.len)
            return 0;
        if (buf_add_text(out, "\xef\xbf\xbd", err) < 0)
            return -1;
        text = slice_of(text.ptr + good + 1, text.len - good - 1);
    }
    return 0;
}

int utf8_escape(struct slice text, bool in_json, struct buf *out, struct error *err)
{
    while (text.len > 0) {
        const size_t good = utf8_bad_at(text);

        if (buf_add(out, text.ptr, good, err) < 0)
            return -1;
        if (good == text.len)
            return 0;
        if (buf_printf(out, err, "%s\\x%02x", in_json ? "\\" : "",
                       (unsigned char)text.ptr[good]) < 0)
            return -1;
        text = slice_of(text.ptr + good + 1, text.len - good - 1);
    }
    return 0;
}

uint32_t utf8_first(struct slice text, size_t *len)
{
    uint32_t code;

    *len = utf8_decode((const uint8_t *)text.ptr, text.len, &code);
    if (*len > 0)
        return code;
    *len = 1;
    return 0xfffd;
}

size_t utf8_put(uint32_t code, char out[4])
{
    const utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)code, (uint8_t *)out);

    return n > 0 ? (size_t)n : 0;
}

uint32_t utf8_lower(uint32_t code)
{
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
}

bool utf8_is_space(uint32_t code)
{
    if (code <= ' ')
        return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x1c && code <= 0x1f);
    if (code == 0x85)
        return true;
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

bool utf8_is_letter(uint32_t code)
{
    if (code < 0x80)
        return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

/* The classes of ASCII characters. */
static unsigned ascii_classes(uint32_t code)
{
    if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z')
        return code < 'a' ? UTF8_LETTER | UTF8_UPPER : UTF8_LETTER;
    if (code >= '0' && code <= '9')
        return UTF8_DIGIT;
    if (utf8_is_space(code))
        return UTF8_SPACE;
    return code > ' ' && code < 0x7f ? UTF8_PUNCTUATION : 0;
}

unsigned utf8_classes(uint32_t code)
{
    if (code < 0x80)
        return ascii_classes(code);
    switch ((int)utf8proc_category((utf8proc_int32_t)code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
        return UTF8_LETTER | UTF8_UPPER;
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return UTF8_LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return UTF8_MARK;
    case UTF8PROC_CATEGORY_ND:
        return UTF8_DIGIT;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
        return UTF8_PUNCTUATION;
    default:
        return utf8_is_space(code) ? UTF8_SPACE : 0;
    }
}

bool utf8_is_wide(uint32_t code)
{
    return code >= 0x1100 && utf8proc_charwidth((utf8proc_int32_t)code) == 2;
}

size_t utf8_char_len(struct slice text)
{
    uint32_t code;

    if (text.len == 0)
        return 0;
    const size_t len = utf8_decode((const uint8_t *)text.ptr, text.len, &code);
    return len > 0 ? len : 1;
}

/*
 * Characters that NFC never changes, whatever their neighbours: all have NFC_Quick_Check=Yes
 * and combining class 0. Only ranges without unassigned characters, because Unicode guarantees
 * stable normal forms only for assigned ones. Sorted.
 */
static const struct range {
    uint32_t first;
    uint32_t last;
} fixed_ranges[] = {
    { 0x0080, 0x02ff }, /* Latin with accents, IPA */
    { 0x0391, 0x03a1 }, /* Greek */
    { 0x03a3, 0x03ff }, /* Greek, Coptic */
    { 0x0400, 0x0482 }, /* Cyrillic */
    { 0x048a, 0x052f }, /* Cyrillic */
    { 0x1e00, 0x1eff }, /* Latin with more accents, Vietnamese */
    { 0x2002, 0x2027 }, /* dashes, quotes, spaces */
    { 0x2029, 0x2064 }, /* directional formatting, punctuation, spaces; U+2028 is a line end */
    { 0x20a0, 0x20c0 }, /* currency */
    { 0x2190, 0x2328 }, /* arrows, mathematics */
    { 0x232b, 0x23ff }, /* technical */
    { 0x2460, 0x2adb }, /* enclosed numbers, boxes, symbols, mathematics */
    { 0x3000, 0x3029 }, /* CJK punctuation */
    { 0x3030, 0x303f }, /* CJK punctuation */
    { 0x3041, 0x3096 }, /* Hiragana */
    { 0x309b, 0x30ff }, /* Katakana */
    { 0x3400, 0x9fff }, /* CJK ideographs */
    { 0xac00, 0xd7a3 }, /* Hangul syllables */
    { 0xfe00, 0xfe0f }, /* variation selectors */
    { 0xff01, 0xffbe }, /* full and half width */
    { 0xfffc, 0xfffd }, /* replacement characters */
    { 0x1f300, 0x1f64f }, /* pictographs, faces */
    { 0x1f900, 0x1f9ff }, /* pictographs */
};

static bool is_fixed(uint32_t code)
{
    size_t low = 0;
    size_t high = sizeof fixed_ranges / sizeof *fixed_ranges;

    if (code < 0x80)
        return code != '\r';
    while (low < high) {
        const size_t mid = (low + high) / 2;

        if (code > fixed_ranges[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    return low < sizeof fixed_ranges / sizeof *fixed_ranges && code >= fixed_ranges[low].first;
}

static bool is_plain_word(uint64_t word)
{
    return !(word_has_high(word) | word_has_byte(word, '\r'));
}

/* Count the bytes at the start that are fixed characters. *last is the offset of the last one.
 */
static size_t fixed_prefix(const uint8_t *p, size_t n, size_t *last)
{
    size_t i = 0;
    uint32_t code;

    *last = 0;
    while (i < n) {
        while (n - i >= WORD_BYTES && is_plain_word(word_load(p + i))) {
            i += WORD_BYTES;
            *last = i - 1;
        }
        if (i == n)
            break;
        const size_t len = utf8_decode(p + i, n - i, &code);
        if (len == 0 || !is_fixed(code))
            return i;
        *last = i;
        i += len;
    }
    return n;
}

bool utf8_is_canonical(struct slice text)
{
    size_t last;

    return fixed_prefix((const uint8_t *)text.ptr, text.len, &last) == text.len;
}

/* Get the length of the line end at p that canonical form replaces; 0: there is none. */
static size_t line_end_len(const uint8_t *p, size_t n)
{
    uint32_t code;

    if (p[0] == '\r')
        return n > 1 && p[1] == '\n' ? 2 : 1;
    return utf8_decode(p, n, &code) == 3 && code == 0x2028 ? 3 : 0;
}

/* Count the bytes up to the next fixed character or line end. */
static size_t unfixed_prefix(const uint8_t *p, size_t n)
{
    size_t i = 0;
    uint32_t code;

    while (i < n) {
        const size_t len = utf8_decode(p + i, n - i, &code);

        if (len > 0 && (is_fixed(code) || line_end_len(p + i, n - i) > 0))
            break;
        i += len > 0 ? len : 1;
    }
    return i;
}

static const utf8proc_option_t canonical_options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
static const utf8proc_option_t fold_options =
    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD;

static int add_composed(const uint8_t *p, size_t n, utf8proc_option_t options, struct buf *out,
                        struct error *err)
{
    utf8proc_int32_t room[128];
    utf8proc_int32_t *codes = room;
    utf8proc_ssize_t len = sizeof room / sizeof *room - 1;
    int rc = -1;

    utf8proc_ssize_t need = utf8proc_decompose(p, (utf8proc_ssize_t)n, codes, len, options);
    if (need > len) {
        len = need;
        codes = malloc(((size_t)len + 1) * sizeof *codes); /* utf8proc_reencode() adds a NUL */
        if (!codes)
            return error_nomem(err);
        need = utf8proc_decompose(p, (utf8proc_ssize_t)n, codes, len, options);
    }
    if (need >= 0)
        need = utf8proc_reencode(codes, need, options);
    if (need < 0)
        error_set(err, ERR_INPUT, "cannot normalise %zu bytes of text: %s", n,
                  utf8proc_errmsg(need));
    else
        rc = buf_add(out, codes, (size_t)need, err);
    if (codes != room)
        free(codes);
    return rc;
}

/*
 * A fixed character never combines with the text before it. So only runs of other characters,
 * each with the fixed character before it, are normalised. All other text is copied.
 */
int utf8_canonical(struct slice text, struct buf *out, struct error *err)
{
    const uint8_t *p = (const uint8_t *)text.ptr;
    size_t left = text.len;

    while (left > 0) {
        size_t last;
        size_t n = fixed_prefix(p, left, &last);

        if (n == left)
            return buf_add(out, p, n, err);
        const size_t line_end = line_end_len(p + n, left - n);
        if (line_end > 0) {
            if (buf_add(out, p, n, err) < 0 || buf_add(out, "\n", 1, err) < 0)
                return -1;
            n += line_end;
        } else {
            n += unfixed_prefix(p + n, left - n);
            if (buf_add(out, p, last, err) < 0 ||
                add_composed(p + last, n - last, canonical_options, out, err) < 0)
                return -1;
        }
        p += n;
        left -= n;
    }
    return 0;
}

int utf8_fold(struct slice text, struct buf *out, struct error *err)
{
    return text.len > 0
               ? add_composed((const uint8_t *)text.ptr, text.len, fold_options, out, err)
               : 0;
}

/*
 * Characters of combining class 0 that compose with the one before them
 * (NFC_Quick_Check=Maybe). Behind the first plane, where new scripts are added, all marks are
 * taken for such.
 */
static bool composes_back(uint32_t code)
{
    static const uint16_t marks[] = { 0x09be, 0x09d7, 0x0b3e, 0x0b56, 0x0b57, 0x0bbe,
                                      0x0bd7, 0x0cc2, 0x0cd5, 0x0cd6, 0x0d3e, 0x0d57,
                                      0x0dcf, 0x0ddf, 0x102e, 0x1b35 };

    if (code >= 0x1160 && code < 0x1200) /* vowels and final consonants of Hangul */
        return true;
    if (code > 0xffff)
        return utf8_classes(code) == UTF8_MARK;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i] == code)
            return true;
    return false;
}

bool utf8_is_fold_start(uint32_t code)
{
    utf8proc_int32_t codes[32];
    int boundary = 0;

    if (code < 0x80)
        return true;
    const utf8proc_ssize_t n = utf8proc_decompose_char(
        (utf8proc_int32_t)code, codes, sizeof codes / sizeof *codes, fold_options, &boundary);
    if (n <= 0)
        return false;
    return utf8proc_get_property(codes[0])->combining_class == 0 &&
           !composes_back((uint32_t)codes[0]);
}

bool utf8_is_word(uint32_t code)
{
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);

    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}
