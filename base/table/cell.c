/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table/cell.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/json_check.h"
#include "base/text/utf8.h"
#include "base/text/word.h"

/* Longest escape of a byte, and what one step of cell_text() may store past its end. */
enum { ESCAPE_BYTES = 6, TEXT_SLACK = 2 + ESCAPE_BYTES + WORD_BYTES };

int cell_null(struct buf *out, struct error *err)
{
    return buf_add(out, "null", 4, err);
}

int cell_bool(struct buf *out, bool value, struct error *err)
{
    return value ? buf_add(out, "true", 4, err) : buf_add(out, "false", 5, err);
}

/* Write the digits of a number in front of `end`. Returns the first of them. */
static char *digits_before(char *end, uint64_t value)
{
    do
        *--end = (char)('0' + value % 10);
    while (value /= 10);
    return end;
}

int cell_uint(struct buf *out, uint64_t value, struct error *err)
{
    char text[24];
    char *const end = text + sizeof text;
    const char *first = digits_before(end, value);

    return buf_add(out, first, (size_t)(end - first), err);
}

int cell_int(struct buf *out, int64_t value, struct error *err)
{
    char text[24];
    char *const end = text + sizeof text;
    char *first = digits_before(end, value < 0 ? -(uint64_t)value : (uint64_t)value);

    if (value < 0)
        *--first = '-';
    return buf_add(out, first, (size_t)(end - first), err);
}

/* Lay out a decimal number: n digits without a point, of which the first one stands for
 * 10^exponent. These are the rules of repr() in Python. */
static int add_digits(struct buf *out, bool negative, const char *digits, int n, int exponent,
                      struct error *err)
{
    char text[40];
    int len = 0;

    if (negative)
        text[len++] = '-';
    if (exponent < -4 || exponent >= 16) {
        len += snprintf(text + len, sizeof text - (size_t)len, "%c%s%.*se%c%02d", digits[0],
                        n > 1 ? "." : "", n - 1, digits + 1, exponent < 0 ? '-' : '+',
                        abs(exponent));
        return buf_add(out, text, (size_t)len, err);
    }
    for (int place = exponent < 0 ? 0 : exponent; place >= exponent - n + 1 || place >= -1;
         place--) {
        const int i = exponent - place;

        if (place == -1)
            text[len++] = '.';
        text[len++] = i >= 0 && i < n ? digits[i] : '0';
    }
    return buf_add(out, text, (size_t)len, err);
}

/* Does the text of a number read back as the same number? */
static bool reads_back(const char *text, double value, bool is_float)
{
    return is_float ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value;
}

static int add_double(struct buf *out, double value, bool is_float, struct error *err)
{
    /* 15 digits of a double, 6 of a float, read back as the number that they were written for.
     * So fewer digits appear as zeros at the end, except below the smallest normal number. */
    const bool is_normal = fabs(value) >= (is_float ? (double)FLT_MIN : DBL_MIN);
    const int most = is_float ? 9 : 17;
    char text[40], digits[24];
    int n = is_normal ? most - (is_float ? 4 : 3) : 0;

    if (isnan(value))
        return buf_add_text(out, "NaN", err);
    if (isinf(value))
        return buf_add_text(out, value < 0 ? "-Infinity" : "Infinity", err);
    if (fabs(value) < (is_float ? 1e7 : 1e15) && value == (double)(int64_t)value) {
        if (signbit(value) && buf_add(out, "-", 1, err) < 0)
            return -1;
        return cell_uint(out, (uint64_t)fabs(value), err) < 0 ? -1 : buf_add(out, ".0", 2, err);
    }
    do
        snprintf(text, sizeof text, "%.*e", n, fabs(value));
    while (!reads_back(text, fabs(value), is_float) && ++n < most);

    const int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    digits[0] = text[0];
    memcpy(digits + 1, text + 2, (size_t)n);
    for (n++; n > 1 && digits[n - 1] == '0';)
        n--;
    return add_digits(out, signbit(value) != 0, digits, n, exponent, err);
}

int cell_double(struct buf *out, double value, struct error *err)
{
    return add_double(out, value, false, err);
}

int cell_float(struct buf *out, float value, struct error *err)
{
    return add_double(out, (double)value, true, err);
}

int cell_half(struct buf *out, uint16_t bits, struct error *err)
{
    const double sign = bits & 0x8000 ? -1 : 1;
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 0x3ff;

    if (exponent == 31)
        return cell_double(out, fraction ? NAN : sign * INFINITY, err);
    if (exponent == 0)
        return cell_float(out, (float)(sign * ldexp(fraction, -24)), err);
    return cell_float(out, (float)(sign * ldexp(1024 + fraction, exponent - 25)), err);
}

static size_t put_escape(char *to, unsigned char c)
{
    static const char letters[0x5d] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
                                        ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\' };

    to[0] = '\\';
    to[1] = letters[c];
    if (to[1])
        return 2;
    to[1] = 'u';
    to[2] = to[3] = '0';
    to[4] = (char)('0' + c / 16);
    to[5] = "0123456789abcdef"[c % 16];
    return 6;
}

/* Copy bytes up to the first that needs an escape. Returns their number. Up to WORD_BYTES - 1
 * bytes behind the end of `to` are overwritten. */
static size_t copy_plain(char *to, const char *from, size_t n)
{
    size_t i = 0;

    for (; n - i >= WORD_BYTES; i += WORD_BYTES) {
        const uint64_t word = word_load(from + i);
        const uint64_t hits =
            word_has_below(word, 0x20) | word_has_byte(word, '"') | word_has_byte(word, '\\');

        memcpy(to + i, &word, WORD_BYTES);
        if (hits) {
            i += word_before(hits);
            break;
        }
    }
    for (; i < n; i++) {
        const unsigned char c = (unsigned char)from[i];

        if (c < 0x20 || c == '"' || c == '\\')
            break;
        to[i] = from[i];
    }
    return i;
}

int cell_text(struct buf *out, struct slice text, struct error *err)
{
    if (text.len > SIZE_MAX - TEXT_SLACK)
        return error_nomem(err);
    if (buf_reserve(out, text.len + TEXT_SLACK, err) < 0)
        return -1;
    out->data[out->len++] = '"';
    for (;;) {
        const size_t n = copy_plain(out->data + out->len, text.ptr, text.len);

        out->len += n;
        if (n == text.len)
            break;
        out->len += put_escape(out->data + out->len, (unsigned char)text.ptr[n]);
        text = slice_of(text.ptr + n + 1, text.len - n - 1);
        if (out->cap - out->len <= text.len + TEXT_SLACK &&
            buf_reserve(out, text.len + TEXT_SLACK, err) < 0)
            return -1;
    }
    out->data[out->len++] = '"';
    out->data[out->len] = '\0';
    return 0;
}

static int add_base64(struct buf *out, struct slice bytes, struct error *err)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (buf_reserve(out, bytes.len / 3 * 4 + 4, err) < 0)
        return -1;
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        char *to = out->data + out->len;
        uint32_t group = 0;

        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < n ? (unsigned char)bytes.ptr[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            to[k] = k <= n ? alphabet[group >> (18 - 6 * k) & 63] : '=';
        out->len += 4;
    }
    return 0;
}

int cell_bytes(struct buf *out, struct slice bytes, struct error *err)
{
    if (utf8_bad_at(bytes) == bytes.len)
        return cell_text(out, bytes, err);
    if (buf_add_text(out, "{\"$base64\":\"", err) < 0 || add_base64(out, bytes, err) < 0)
        return -1;
    return buf_add(out, "\"}", 2, err);
}

int cell_json(struct buf *out, struct slice text, bool *is_bad, struct error *err)
{
    struct json_check check;

    if (utf8_bad_at(text) == text.len && json_check(text, &check))
        return buf_add_slice(out, check.value, err);
    *is_bad = true;
    return cell_text(out, text, err);
}
