/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/json_check.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/word.h"

/*
 * Allocations of json-c 0.16 on 64-bit machines, measured and rounded up: a node of any type;
 * the table of an object, 16 slots, which doubles when it is two thirds full; the first 32
 * slots of an array.
 */
enum { NODE_BYTES = 96, OBJECT_BYTES = 1000, ARRAY_BYTES = 400, KEY_BYTES = 192 };

static const char zero_exponent[] = "e+000";

struct json_cursor {
    const uint8_t *p;
    size_t n;
    size_t i;
    size_t depth;
    bool is_object[JSON_MAX_DEPTH];
    bool has_nul; /* the last string contained \u0000 or a raw NUL */
    struct json_check *out;
};

static bool raise_issue(struct json_cursor *c, enum json_issue issue, const char *detail)
{
    c->out->issue = issue;
    c->out->at = c->i;
    c->out->detail = detail;
    return false;
}

/* Raise an issue for the byte at the cursor, or for the end of the text. Returns false. */
static bool raise_syntax(struct json_cursor *c, const char *detail)
{
    if (c->i == c->n)
        return raise_issue(c, JSON_TRUNCATED, "the text ends inside the value");
    return raise_issue(c, JSON_BAD_SYNTAX, detail);
}

static bool is_json_blank(uint8_t b)
{
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
}

static bool is_digit(uint8_t b)
{
    return b >= '0' && b <= '9';
}

static bool is_hex(uint8_t b)
{
    return is_digit(b) || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F');
}

static bool at_byte(const struct json_cursor *c, char b)
{
    return c->i < c->n && c->p[c->i] == (uint8_t)b;
}

static bool at_digit(const struct json_cursor *c)
{
    return c->i < c->n && is_digit(c->p[c->i]);
}

static void skip_json_blanks(struct json_cursor *c)
{
    while (c->i < c->n && is_json_blank(c->p[c->i]))
        c->i++;
}

/* Count the bytes at p before the first quote, backslash or control character. */
static size_t check_plain_prefix(const uint8_t *p, size_t n)
{
    size_t i = 0;

    while (n - i >= WORD_BYTES) {
        const uint64_t word = word_load(p + i);

        const uint64_t hits =
            word_has_byte(word, '"') | word_has_byte(word, '\\') | word_has_below(word, 0x20);

        if (hits) {
            i += word_before(hits);
            break;
        }
        i += WORD_BYTES;
    }
    while (i < n && p[i] != '"' && p[i] != '\\' && p[i] >= 0x20)
        i++;
    return i;
}

static bool is_surrogate(const uint8_t *digits, bool high)
{
    const uint8_t second = digits[1] | 0x20;

    return (digits[0] | 0x20) == 'd' && high == (second >= '8' && second <= 'b') &&
           (high || second >= 'c');
}

/* The cursor is after an escape from \ud800 up. Skip the second escape of a pair, or note that
 * it is missing. */
static void check_surrogate(struct json_cursor *c, size_t first)
{
    const uint8_t *next = c->p + c->i;

    if (is_surrogate(c->p + first, true) && c->n - c->i >= 6 && next[0] == '\\' &&
        next[1] == 'u' && is_surrogate(next + 2, false) && is_hex(next[3]) && is_hex(next[4]) &&
        is_hex(next[5]))
        c->i += 6;
    else
        c->out->noted |= JSON_NOTED_SURROGATE;
}

/* Check the escape after a backslash. */
static bool check_escape(struct json_cursor *c)
{
    static const bool known[256] = {
        ['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true, ['f'] = true,
        ['n'] = true, ['r'] = true,  ['t'] = true, ['u'] = true
    };

    if (c->i == c->n || !known[c->p[c->i]])
        return raise_syntax(c, "no such escape in a string");
    if (c->p[c->i++] != 'u')
        return true;
    const size_t first = c->i;
    for (; c->i < first + 4; c->i++)
        if (c->i == c->n || !is_hex(c->p[c->i]))
            return raise_syntax(c, "\\u takes four hexadecimal digits");
    if (memcmp(c->p + first, "0000", 4) == 0)
        c->has_nul = true;
    if ((c->p[first] | 0x20) == 'd' && c->p[first + 1] >= '8')
        check_surrogate(c, first);
    return true;
}

/* Note a raw control character in a string. */
static void note_control(struct json_cursor *c)
{
    const uint8_t b = c->p[c->i];

    if (b == '\0')
        c->has_nul = true;
    else if (b != '\t')
        c->out->noted |= JSON_NOTED_CONTROL;
    if (b != '\t')
        c->out->raw_controls = true;
}

static bool check_string(struct json_cursor *c)
{
    c->has_nul = false;
    c->i++;
    for (;;) {
        c->i += check_plain_prefix(c->p + c->i, c->n - c->i);
        if (c->i == c->n)
            return raise_syntax(c, "");
        if (c->p[c->i] == '"') {
            c->i++;
            return true;
        }
        if (c->p[c->i] == '\n')
            return raise_syntax(c, "a raw line end inside a string");
        if (c->p[c->i] == '\\') {
            c->i++;
            if (!check_escape(c))
                return false;
            continue;
        }
        note_control(c);
        c->i++;
    }
}

/* Check a string that is a value. */
static bool check_string_value(struct json_cursor *c)
{
    struct json_check *out = c->out;
    const size_t first = c->i + 1;

    if (!check_string(c))
        return false;
    if (c->has_nul)
        out->noted |= JSON_NOTED_NUL;
    const size_t n = c->i - 1 - first;
    if (n >= JSON_LONG_BYTES && out->n_long < JSON_LONG_MAX)
        out->long_strings[out->n_long++] = slice_of((const char *)c->p + first, n);
    return true;
}

static bool check_digits(struct json_cursor *c)
{
    if (!at_digit(c))
        return raise_syntax(c, "a digit is missing in a number");
    while (at_digit(c))
        c->i++;
    return true;
}

/* True for an integer that json-c would not reproduce. */
static bool is_wide_integer(struct slice number)
{
    const bool minus = number.ptr[0] == '-';
    const char *digits = number.ptr + minus;
    const size_t n = number.len - minus;
    const struct slice limit =
        slice_text(minus ? "9223372036854775808" : "18446744073709551615");

    for (size_t i = 0; i < n; i++)
        if (!is_digit((uint8_t)digits[i]))
            return false;
    if (minus && digits[0] == '0')
        return true;
    return n > limit.len || (n == limit.len && memcmp(digits, limit.ptr, n) > 0);
}

/* The bytes from `first` to the cursor. */
static struct slice bytes_since(const struct json_cursor *c, size_t first)
{
    return slice_of((const char *)c->p + first, c->i - first);
}

static bool check_number(struct json_cursor *c)
{
    const size_t first = c->i;

    if (at_byte(c, '-'))
        c->i++;
    if (at_byte(c, '0')) {
        c->i++;
        if (at_digit(c))
            return raise_syntax(c, "a number starts with a needless zero");
    } else if (!check_digits(c)) {
        return false;
    }
    if (at_byte(c, '.')) {
        c->i++;
        if (!check_digits(c))
            return false;
    }
    if (at_byte(c, 'e') || at_byte(c, 'E')) {
        c->i++;
        if (at_byte(c, '+') || at_byte(c, '-'))
            c->i++;
        if (!check_digits(c))
            return false;
    }
    if (is_wide_integer(bytes_since(c, first))) {
        c->out->wide_numbers = true;
        if (memcmp(c->p + first, "-0", 2) != 0)
            c->out->noted |= JSON_NOTED_BIG_NUMBER;
    }
    return true;
}

static bool check_literal(struct json_cursor *c, const char *word)
{
    for (; *word; word++, c->i++)
        if (!at_byte(c, *word))
            return raise_syntax(c, "no such word in JSON");
    return true;
}

static bool check_nan(struct json_cursor *c, const char *word)
{
    c->out->noted |= JSON_NOTED_NAN;
    return check_literal(c, word);
}

static bool check_scalar(struct json_cursor *c)
{
    if (c->i == c->n)
        return raise_syntax(c, "");
    switch (c->p[c->i]) {
    case '"':
        return check_string_value(c);
    case 't':
        return check_literal(c, "true");
    case 'f':
        return check_literal(c, "false");
    case 'n':
        return check_literal(c, "null");
    case 'N':
        return check_nan(c, "NaN");
    case 'I':
        return check_nan(c, "Infinity");
    case '-':
        if (c->i + 1 < c->n && c->p[c->i + 1] == 'I')
            return check_nan(c, "-Infinity");
        return check_number(c);
    default:
        if (!at_digit(c))
            return raise_syntax(c, "a value is missing");
        return check_number(c);
    }
}

/* Check a key and its colon. */
static bool check_member_key(struct json_cursor *c)
{
    skip_json_blanks(c);
    const size_t first = c->i;
    if (!at_byte(c, '"'))
        return raise_syntax(c, "a key is missing");
    if (!check_string(c))
        return false;
    if (c->has_nul) {
        c->i = first;
        return raise_syntax(c, "a key holds a NUL character");
    }
    c->out->n_keys++;
    c->out->tree_bytes += KEY_BYTES + (c->i - first);
    skip_json_blanks(c);
    if (!at_byte(c, ':'))
        return raise_syntax(c, "the colon behind a key is missing");
    c->i++;
    return true;
}

/* Check a scalar, or an opening bracket and the first key after it. *complete is set if the
 * value ends here. */
static bool check_value_start(struct json_cursor *c, bool *complete)
{
    skip_json_blanks(c);
    const bool object = at_byte(c, '{');
    *complete = true;
    if (!object && !at_byte(c, '[')) {
        const size_t first = c->i;
        const bool good = check_scalar(c);

        c->out->tree_bytes += NODE_BYTES + (c->i - first);
        return good;
    }
    c->out->tree_bytes += NODE_BYTES + (object ? OBJECT_BYTES : ARRAY_BYTES);
    if (c->depth == JSON_MAX_DEPTH)
        return raise_issue(c, JSON_TOO_DEEP, "brackets are nested too deep");
    c->i++;
    skip_json_blanks(c);
    if (at_byte(c, object ? '}' : ']')) {
        c->i++;
        return true;
    }
    c->is_object[c->depth++] = object;
    *complete = false;
    return !object || check_member_key(c);
}

/* Check what follows a value: closing brackets, or a comma before the next value. */
static bool check_value_end(struct json_cursor *c)
{
    while (c->depth > 0) {
        const bool object = c->is_object[c->depth - 1];

        skip_json_blanks(c);
        if (at_byte(c, ',')) {
            c->i++;
            return !object || check_member_key(c);
        }
        if (!at_byte(c, object ? '}' : ']'))
            return raise_syntax(c, object ? "a comma or closing brace is missing"
                                          : "a comma or closing bracket is missing");
        c->i++;
        c->depth--;
    }
    return true;
}

bool json_check(struct slice text, struct json_check *out)
{
    struct json_cursor c = { .p = (const uint8_t *)text.ptr, .n = text.len, .out = out };
    bool complete;

    *out = (struct json_check){ .issue = JSON_OK };
    skip_json_blanks(&c);
    const size_t first = c.i;
    do {
        if (!check_value_start(&c, &complete) || (complete && !check_value_end(&c)))
            return false;
    } while (c.depth > 0);
    out->value = slice_of(text.ptr + first, c.i - first);
    skip_json_blanks(&c);
    return c.i == c.n || raise_syntax(&c, "something follows the value");
}

int json_escape_controls(struct slice text, struct buf *out, struct error *err)
{
    bool in_string = false;
    size_t done = 0;

    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = (uint8_t)text.ptr[i];

        if (b == '"')
            in_string = !in_string;
        else if (in_string && b == '\\')
            i++;
        if (!in_string || b >= 0x20 || b == '\t')
            continue;
        if (buf_add(out, text.ptr + done, i - done, err) < 0 ||
            buf_printf(out, err, "\\u%04x", b) < 0)
            return -1;
        done = i + 1;
    }
    return buf_add(out, text.ptr + done, text.len - done, err);
}

int json_widen(struct slice text, struct buf *out, struct error *err)
{
    struct json_check ignored = { .issue = JSON_OK };
    struct json_cursor c = { .p = (const uint8_t *)text.ptr, .n = text.len, .out = &ignored };
    size_t done = 0;

    while (c.i < c.n) {
        if (at_byte(&c, '"')) {
            check_string(&c);
            continue;
        }
        if (!at_digit(&c) && (!at_byte(&c, '-') || c.p[c.i + 1] == 'I')) {
            c.i++;
            continue;
        }
        const size_t first = c.i;
        check_number(&c);
        if (!is_wide_integer(bytes_since(&c, first)))
            continue;
        if (buf_add(out, text.ptr + done, c.i - done, err) < 0 ||
            buf_add_text(out, zero_exponent, err) < 0)
            return -1;
        done = c.i;
    }
    return buf_add(out, text.ptr + done, text.len - done, err);
}

struct slice json_narrow(struct slice number)
{
    const size_t tail = sizeof zero_exponent - 1;

    if (number.len <= tail || memcmp(number.ptr + number.len - tail, zero_exponent, tail) != 0)
        return number;
    const struct slice bare = slice_of(number.ptr, number.len - tail);
    return is_wide_integer(bare) ? bare : number;
}
