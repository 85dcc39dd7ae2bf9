/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/net/headers.h"
#include "base/net/http.h"

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

static bool is_within(struct slice part, struct slice text)
{
    return part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len;
}

/* Add the lines of a text, as libcurl does. Returns false where a limit is exceeded. */
static bool add_lines(struct headers *headers, struct slice text)
{
    struct error err;

    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        const size_t n = end ? (size_t)(end - text.ptr) + 1 : text.len;

        if (headers_add(headers, slice_of(text.ptr, n), &err) < 0) {
            require(err.code == ERR_INPUT, "bad headers are bad input");
            return false;
        }
        text = slice_of(text.ptr + n, text.len - n);
    }
    return true;
}

/* Parse a value in every way, wherever it stood. */
static void check_value(struct slice value)
{
    struct content_range range;
    struct slice tag;
    uint64_t number;
    bool is_weak;

    if (headers_content_range(value, &range)) {
        require(range.has_range || range.total != UINT64_MAX, "a range says something");
        require(!range.has_range || (range.first <= range.last && range.last < range.total),
                "a range lies within the file");
    }
    if (headers_number(value, &number))
        require(number < UINT64_MAX, "the greatest number stands for an unknown one");
    if (headers_etag(value, &tag, &is_weak))
        require(is_within(tag, value) && (tag.len == 0 || !memchr(tag.ptr, '"', tag.len)),
                "a tag stands between its quotes");
}

static void check_headers(const struct headers *headers)
{
    static const char *const names[] = { "ETag",     "Content-Range", "Content-Length",
                                         "Location", "Retry-After",   "RateLimit",
                                         "X" };
    const struct slice text = buf_slice(&headers->text);
    struct slice url = slice_of(NULL, 0);
    uint64_t wait_ms = UINT64_MAX;

    require(headers->text.len <= HEADERS_MAX_BYTES && headers->n_lines <= HEADERS_MAX_LINES,
            "headers have limits");
    require(headers->status == 0 || (headers->status >= 100 && headers->status <= 999),
            "a status has three digits");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct slice value = headers_find(headers, names[i]);

        require(!value.ptr || is_within(value, text), "a value is in the text");
        check_value(value);
    }
    if (headers_next_link(headers, &url))
        require(url.len > 0 && is_within(url, text), "a link is in the text");
    if (headers_wait_ms(headers, INT64_C(1445412480000), &wait_ms))
        require(wait_ms != UINT64_MAX, "a wait has an end");
}

/* The words of the server are one printable line without a query string. */
static void check_words(struct http_response *response)
{
    char words[480];

    http_server_words(response, words);
    require(memchr(words, '\0', sizeof words), "words end");
    for (const char *c = words; *c; c++) {
        require((unsigned char)*c >= ' ' && *c != 0x7f, "words have no control characters");
        require(*c != '?' || c[1] == '\0' || strchr(" \"'<>)", c[1]) ||
                    (unsigned char)c[1] > 127,
                "words have no query string");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct slice text = slice_of((const char *)data, len);
    struct http_response response;
    struct headers again;
    struct error err;

    http_response_init(&response);
    headers_init(&again);
    buf_init(&response.error_body, 16 * 1024);
    const bool complete = add_lines(&response.headers, text);

    check_headers(&response.headers);
    if (complete) {
        require(add_lines(&again, buf_slice(&response.headers.text)), "headers fit once more");
        require(slice_equal(buf_slice(&again.text), buf_slice(&response.headers.text)),
                "headers that were added stay as they are");
    }
    if (len > 0 && len < 16 * 1024)
        require(buf_add(&response.error_body, data, len, &err) == 0, "memory suffices");
    check_words(&response);
    check_value(text);
    headers_release(&again);
    http_response_release(&response);
    return 0;
}
