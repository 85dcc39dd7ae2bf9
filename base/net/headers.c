/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/headers.h"

#include <strings.h>
#include <time.h>

#include "base/error.h"

void headers_init(struct headers *headers)
{
    *headers = (struct headers){ 0 };
    buf_init(&headers->text, HEADERS_MAX_BYTES);
}

void headers_release(struct headers *headers)
{
    buf_release(&headers->text);
    headers_init(headers);
}

void headers_clear(struct headers *headers)
{
    buf_clear(&headers->text);
    headers->status = 0;
    headers->n_lines = 0;
}

static bool is_digit_char(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". */
static bool parse_status(struct slice line, int *status)
{
    const char *space = memchr(line.ptr, ' ', line.len);
    int number = 0;

    if (!space)
        return false;
    const struct slice rest =
        slice_trim_start(slice_of(space, line.len - (size_t)(space - line.ptr)));
    if (rest.len < 3 || (rest.len > 3 && rest.ptr[3] != ' '))
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!is_digit_char(rest.ptr[i]))
            return false;
        number = 10 * number + (rest.ptr[i] - '0');
    }
    if (number < 100)
        return false;
    *status = number;
    return true;
}

int headers_add(struct headers *headers, struct slice line, struct error *err)
{
    while (line.len > 0 && memchr("\r\n", line.ptr[line.len - 1], 2))
        line.len--;
    if (line.len >= 5 && memcmp(line.ptr, "HTTP/", 5) == 0) {
        headers_clear(headers);
        if (!parse_status(line, &headers->status))
            return error_set(err, ERR_INPUT, "the answer begins with an invalid status line");
        return 0;
    }
    /* A line that begins with a blank continues the one before: obsolete, and nothing that we
     * read uses it. */
    if (line.len == 0 || !memchr(line.ptr, ':', line.len) || memchr(" \t:", line.ptr[0], 3) ||
        memchr(line.ptr, '\n', line.len) || memchr(line.ptr, '\0', line.len))
        return 0;
    if (headers->n_lines == HEADERS_MAX_LINES ||
        line.len >= HEADERS_MAX_BYTES - headers->text.len)
        return error_set(err, ERR_INPUT,
                         "the answer has more than %d lines or %d bytes of "
                         "headers",
                         (int)HEADERS_MAX_LINES, (int)HEADERS_MAX_BYTES);
    headers->n_lines++;
    if (buf_add_slice(&headers->text, line, err) < 0)
        return -1;
    return buf_add(&headers->text, "\n", 1, err);
}

struct slice headers_next(const struct headers *headers, const char *name, size_t *pos)
{
    const size_t name_len = strlen(name);

    while (*pos < headers->text.len) {
        const char *line = headers->text.data + *pos;
        const size_t left = headers->text.len - *pos;
        const char *end = memchr(line, '\n', left);
        const size_t len = end ? (size_t)(end - line) : left;

        *pos += len + (end ? 1 : 0);
        if (len > name_len && line[name_len] == ':' && strncasecmp(line, name, name_len) == 0)
            return slice_trim(slice_of(line + name_len + 1, len - name_len - 1));
    }
    return slice_of(NULL, 0);
}

struct slice headers_find(const struct headers *headers, const char *name)
{
    size_t pos = 0;

    return headers_next(headers, name, &pos);
}

bool headers_number(struct slice value, uint64_t *out)
{
    uint64_t number = 0;

    if (value.len == 0)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit_char(value.ptr[i]))
            return false;
        const unsigned digit = (unsigned)(value.ptr[i] - '0');

        /* UINT64_MAX itself means "unknown" for callers. */
        if (number > (UINT64_MAX - 1 - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *out = number;
    return true;
}

bool headers_etag(struct slice value, struct slice *out, bool *is_weak)
{
    const bool weak = value.len >= 2 && memcmp(value.ptr, "W/", 2) == 0;
    const size_t skip = weak ? 3 : 1;

    if (value.len < skip + 1 || value.ptr[skip - 1] != '"' || value.ptr[value.len - 1] != '"')
        return false;
    const struct slice opaque = slice_of(value.ptr + skip, value.len - skip - 1);

    for (size_t i = 0; i < opaque.len; i++)
        if ((unsigned char)opaque.ptr[i] <= ' ' || opaque.ptr[i] == '"' ||
            opaque.ptr[i] == 0x7f)
            return false;
    *out = opaque;
    *is_weak = weak;
    return true;
}

/* Cut the text at the first such byte, which must be there, and move it behind the byte. */
static bool cut_at(struct slice *text, char byte, struct slice *before)
{
    const char *at = text->len > 0 ? memchr(text->ptr, byte, text->len) : NULL;

    if (!at)
        return false;
    *before = slice_of(text->ptr, (size_t)(at - text->ptr));
    *text = slice_of(at + 1, text->len - before->len - 1);
    return true;
}

bool headers_content_range(struct slice value, struct content_range *out)
{
    struct content_range range = { .total = UINT64_MAX };
    struct slice unit, span, first;

    if (!cut_at(&value, ' ', &unit) || unit.len != 5 ||
        strncasecmp(unit.ptr, "bytes", 5) != 0 || !cut_at(&value, '/', &span))
        return false;
    span = slice_trim(span);
    value = slice_trim(value);
    const bool knows_total = !slice_equal(value, slice_text("*"));

    if (knows_total && !headers_number(value, &range.total))
        return false;
    range.has_range = !slice_equal(span, slice_text("*"));
    if (!range.has_range && !knows_total)
        return false;
    if (range.has_range &&
        (!cut_at(&span, '-', &first) || !headers_number(first, &range.first) ||
         !headers_number(span, &range.last) || range.first > range.last ||
         range.last >= range.total))
        return false;
    *out = range;
    return true;
}

/* Is there a parameter rel that names "next", among others? */
static bool is_next(struct slice parameters)
{
    struct slice parameter, name, word;
    bool more = true;

    while (more) {
        more = cut_at(&parameters, ';', &parameter);
        if (!more)
            parameter = parameters;
        struct slice words = parameter;

        if (!cut_at(&words, '=', &name) || slice_trim(name).len != 3 ||
            strncasecmp(slice_trim(name).ptr, "rel", 3) != 0)
            continue;
        words = slice_trim(words);
        if (words.len >= 2 && words.ptr[0] == '"' && words.ptr[words.len - 1] == '"')
            words = slice_of(words.ptr + 1, words.len - 2);
        while (cut_at(&words, ' ', &word))
            if (word.len == 4 && strncasecmp(word.ptr, "next", 4) == 0)
                return true;
        if (words.len == 4 && strncasecmp(words.ptr, "next", 4) == 0)
            return true;
    }
    return false;
}

/* The bytes of the parameters of one link: up to a ',' outside of quotes. */
static size_t parameters_len(struct slice text)
{
    bool quoted = false;
    size_t n = 0;

    for (; n < text.len && (quoted || text.ptr[n] != ','); n++)
        if (text.ptr[n] == '"')
            quoted = !quoted;
    return n;
}

/* Find it in one field: `<URL>; rel="next", <URL>; rel="first"`. */
static bool next_link_of(struct slice field, struct slice *url)
{
    struct slice before, target;

    while (cut_at(&field, '<', &before) && cut_at(&field, '>', &target)) {
        const size_t n = parameters_len(field);

        if (is_next(slice_of(field.ptr, n))) {
            *url = slice_trim(target);
            return url->len > 0;
        }
        field = slice_of(field.ptr + n, field.len - n);
    }
    return false;
}

bool headers_next_link(const struct headers *headers, struct slice *url)
{
    size_t pos = 0;

    for (;;) {
        const struct slice field = headers_next(headers, "Link", &pos);

        if (!field.ptr)
            return false;
        if (next_link_of(field, url))
            return true;
    }
}

/* The value of a parameter with a number: t of `"resolvers";r=0;t=55`. */
static bool number_parameter(struct slice text, char name, uint64_t *out)
{
    struct slice part;
    bool more = true;

    while (more) {
        more = cut_at(&text, ';', &part);
        if (!more)
            part = text;
        part = slice_trim(part);
        if (part.len > 2 && part.ptr[0] == name && part.ptr[1] == '=')
            return headers_number(slice_of(part.ptr + 2, part.len - 2), out);
    }
    return false;
}

/* The longest t of the policies that have no requests left: `"api";r=3;t=9, "pages";r=0;t=55`.
 */
static bool rate_limit_ms(struct slice value, uint64_t *out)
{
    bool found = false;

    while (value.len > 0) {
        const size_t n = parameters_len(value);
        const struct slice policy = slice_of(value.ptr, n);
        uint64_t left, seconds;

        if (number_parameter(policy, 'r', &left) && left == 0 &&
            number_parameter(policy, 't', &seconds) && seconds < UINT32_MAX) {
            const uint64_t ms = (seconds + 1) * 1000;

            *out = found && *out > ms ? *out : ms;
            found = true;
        }
        value = slice_of(value.ptr + n, value.len - n);
        if (value.len > 0)
            value = slice_of(value.ptr + 1, value.len - 1);
    }
    return found;
}

/* "Wed, 21 Oct 2015 07:28:00 GMT" in ms since 1970. strptime() would read names of the month in
 * the language of the user. */
static bool parse_date(struct slice value, int64_t *unix_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char form[] = "Www, 00 Mmm 0000 00:00:00 GMT";
    struct tm when = { 0 };
    int month = 0;

    if (value.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (form[i] == '0' ? !is_digit_char(value.ptr[i])
                           : memchr(" ,:", form[i], 3) && value.ptr[i] != form[i])
            return false;
    const char *digits = value.ptr;

    while (month < 12 && memcmp(value.ptr + 8, months + 3 * month, 3) != 0)
        month++;
    when.tm_mday = 10 * (digits[5] - '0') + digits[6] - '0';
    when.tm_year = 1000 * (digits[12] - '0') + 100 * (digits[13] - '0') +
                   10 * (digits[14] - '0') + digits[15] - '0' - 1900;
    when.tm_mon = month;
    when.tm_hour = 10 * (digits[17] - '0') + digits[18] - '0';
    when.tm_min = 10 * (digits[20] - '0') + digits[21] - '0';
    when.tm_sec = 10 * (digits[23] - '0') + digits[24] - '0';
    if (month == 12 || when.tm_mday < 1 || when.tm_mday > 31 || when.tm_hour > 23 ||
        when.tm_min > 59 || when.tm_sec > 60)
        return false;
    *unix_ms = (int64_t)timegm(&when) * 1000;
    return true;
}

bool headers_wait_ms(const struct headers *headers, int64_t now_unix_ms, uint64_t *wait_ms)
{
    const struct slice after = headers_find(headers, "Retry-After");
    const struct slice limit = headers_find(headers, "RateLimit");
    uint64_t seconds;
    int64_t date_ms;

    if (limit.ptr && rate_limit_ms(limit, wait_ms))
        return true;
    if (!after.ptr)
        return false;
    if (headers_number(after, &seconds) && seconds <= UINT32_MAX) {
        *wait_ms = seconds * 1000;
        return true;
    }
    if (!parse_date(after, &date_ms))
        return false;
    *wait_ms = date_ms > now_unix_ms ? (uint64_t)(date_ms - now_unix_ms) : 0;
    return true;
}
