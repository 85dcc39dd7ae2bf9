/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/net/headers.h"

/* Parse lines that are joined by newlines. */
static void parse_lines(struct headers *headers, const char *lines)
{
    struct error err;

    headers_init(headers);
    while (*lines) {
        const size_t n = strcspn(lines, "\n");

        assert_ok(headers_add(headers, slice_of(lines, n), &err));
        lines += n + (lines[n] == '\n');
    }
}

static void assert_value(const struct headers *headers, const char *name, const char *want)
{
    const struct slice got = headers_find(headers, name);

    if (!want)
        assert_null(got.ptr);
    else if (!slice_equal(got, slice_text(want)))
        fail_msg("%s: '%.*s' is not '%s'", name, (int)got.len, got.ptr, want);
}

static void fields_are_found_in_any_case(void **state)
{
    struct headers headers;
    size_t pos = 0;

    (void)state;
    parse_lines(&headers, "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nx-repo-commit:  abc \t\r\n"
                          "Link: 1\nno colon\n continued: x\nLINK: 2\nEmpty:\n\r\n");
    assert_int_equal(headers.status, 200);
    assert_value(&headers, "etag", "\"x\"");
    assert_value(&headers, "X-Repo-Commit", "abc");
    assert_value(&headers, "X-Repo", NULL);
    assert_value(&headers, "continued", NULL);
    assert_value(&headers, "Empty", "");
    assert_int_equal(headers_next(&headers, "Link", &pos).ptr[0], '1');
    assert_int_equal(headers_next(&headers, "Link", &pos).ptr[0], '2');
    assert_null(headers_next(&headers, "Link", &pos).ptr);
    headers_release(&headers);
}

static void a_status_line_starts_a_new_answer(void **state)
{
    struct headers headers;
    struct error err;

    (void)state;
    parse_lines(&headers, "HTTP/1.1 100 Continue\nA: 1\n\nHTTP/2 404\nB: 2\n");
    assert_int_equal(headers.status, 404);
    assert_value(&headers, "A", NULL);
    assert_value(&headers, "B", "2");
    assert_fails(headers_add(&headers, slice_text("HTTP/1.1 20 OK"), &err), ERR_INPUT,
                 "status");
    assert_fails(headers_add(&headers, slice_text("HTTP/1.1 2000"), &err), ERR_INPUT, "status");
    assert_fails(headers_add(&headers, slice_text("HTTP/1.1"), &err), ERR_INPUT, "status");
    assert_fails(headers_add(&headers, slice_text("HTTP/1.1 099 x"), &err), ERR_INPUT,
                 "status");
    headers_release(&headers);
}

static void too_many_and_too_long_headers_are_refused(void **state)
{
    static char line[HEADERS_MAX_BYTES + 1];
    struct headers headers;
    struct error err;

    (void)state;
    headers_init(&headers);
    for (int i = 0; i < HEADERS_MAX_LINES; i++)
        assert_ok(headers_add(&headers, slice_text("a: b"), &err));
    assert_fails(headers_add(&headers, slice_text("a: b"), &err), ERR_INPUT, "256 lines");
    headers_clear(&headers);
    memset(line, 'x', HEADERS_MAX_BYTES);
    line[1] = ':';
    assert_fails(headers_add(&headers, slice_text(line), &err), ERR_INPUT, "65536 bytes");
    line[HEADERS_MAX_BYTES - 1] = '\0';
    headers_clear(&headers);
    assert_ok(headers_add(&headers, slice_text(line), &err));
    assert_fails(headers_add(&headers, slice_text("a: b"), &err), ERR_INPUT, "65536 bytes");
    headers_release(&headers);
}

static void numbers_are_digits_only(void **state)
{
    static const char *const bad[] = {
        "", "-1", "+1", "1 ", "0x1", "1.5", "18446744073709551615", "99999999999999999999"
    };
    uint64_t n = 7;

    (void)state;
    assert_true(headers_number(slice_text("18446744073709551614"), &n));
    assert_true(n == UINT64_MAX - 1);
    assert_true(headers_number(slice_text("007"), &n));
    assert_int_equal(n, 7);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(headers_number(slice_text(bad[i]), &n));
    assert_int_equal(n, 7);
    assert_false(headers_number(slice_of(NULL, 0), &n));
}

static void etags_are_strong_or_weak(void **state)
{
    static const char *const bad[] = { "",     "\"",      "x",        "W/",
                                       "W/\"", "w/\"x\"", "\"a\"b\"", "\"a b\"" };
    struct slice tag;
    bool weak;

    (void)state;
    assert_true(headers_etag(slice_text("\"9650\""), &tag, &weak));
    assert_true(slice_equal(tag, slice_text("9650")) && !weak);
    assert_true(headers_etag(slice_text("W/\"\""), &tag, &weak));
    assert_true(tag.len == 0 && weak);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(headers_etag(slice_text(bad[i]), &tag, &weak));
    assert_false(headers_etag(slice_of(NULL, 0), &tag, &weak));
}

static void content_ranges_are_checked(void **state)
{
    static const char *const bad[] = {
        "",
        "bytes",
        "bytes 0-9",
        "bytes 9-0/100",
        "bytes 0-9/9",
        "bytes 0-/9",
        "bytes -9/99",
        "bytes */*",
        "items 0-9/100",
        "bytes 0-9/x",
        "bytes=0-9/10",
        "bytes 0-9/10/10",
        "bytes 0-18446744073709551616/*",
    };
    struct content_range range;

    (void)state;
    assert_true(headers_content_range(slice_text("Bytes 5-9/10"), &range));
    assert_true(range.has_range && range.first == 5 && range.last == 9 && range.total == 10);
    assert_true(headers_content_range(slice_text("bytes 0-0/*"), &range));
    assert_true(range.has_range && range.total == UINT64_MAX);
    assert_true(headers_content_range(slice_text("bytes */300"), &range));
    assert_true(!range.has_range && range.total == 300);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (headers_content_range(slice_text(bad[i]), &range))
            fail_msg("'%s' is accepted", bad[i]);
}

static void assert_next(const char *fields, const char *want)
{
    struct headers headers;
    struct slice url = slice_of(NULL, 0);

    parse_lines(&headers, fields);
    const bool found = headers_next_link(&headers, &url);

    if (found != (want != NULL) || (want && !slice_equal(url, slice_text(want))))
        fail_msg("%s: '%.*s'", fields, (int)url.len, url.ptr ? url.ptr : "");
    headers_release(&headers);
}

static void the_next_page_is_found_among_links(void **state)
{
    (void)state;
    assert_next("Link: <https://h/x?a=1,2;3&cursor=5>; rel=\"next\"",
                "https://h/x?a=1,2;3&cursor=5");
    assert_next("Link: <a>; rel=first, <b>; title=\"x, <c>; rel=next\"; REL=\"prev NEXT\"",
                "b");
    assert_next("Link: <a>; rel=last\nLink: <b>;rel=next", "b");
    assert_next("Link: <a>; rel=nextpage", NULL);
    assert_next("Link: <a>; rel=\"nextpage\"; x=\"rel=next\"", NULL);
    assert_next("Link: <a>, <b>; rel=first", NULL);
    assert_next("Link: <a; rel=next", NULL);
    assert_next("Link: <>; rel=next", NULL);
    assert_next("Link: rel=next", NULL);
    assert_next("X-Link: <a>; rel=next", NULL);
}

static void assert_wait(const char *fields, uint64_t want)
{
    struct headers headers;
    uint64_t wait_ms = UINT64_MAX;

    parse_lines(&headers, fields);
    /* 2015-10-21 07:28:00 UTC */
    const bool found = headers_wait_ms(&headers, INT64_C(1445412480000), &wait_ms);

    if (found != (want != UINT64_MAX) || wait_ms != want)
        fail_msg("%s: %llu", fields, (unsigned long long)wait_ms);
    headers_release(&headers);
}

static void servers_say_how_long_to_wait(void **state)
{
    (void)state;
    assert_wait("Retry-After: 7", 7000);
    assert_wait("Retry-After: Wed, 21 Oct 2015 07:28:09 GMT", 9000);
    assert_wait("Retry-After: Wed, 21 Oct 2015 07:27:00 GMT", 0);
    assert_wait("Retry-After: Thu, 29 Feb 2016 07:28:00 GMT", (uint64_t)131 * 86400000);
    assert_wait("RateLimit: \"resolvers\";r=0;t=55\nRetry-After: 7", 56000);
    assert_wait("RateLimit: \"resolvers\";r=3;t=55\nRetry-After: 7", 7000);
    assert_wait("RateLimit: \"api\";r=0;t=3, \"resolvers\"; r=0; t=9", 10000);
    assert_wait("RateLimit: \"resolvers\";r=3;t=55", UINT64_MAX);
    assert_wait("RateLimit: limit=100, remaining=0, reset=50", UINT64_MAX);
    assert_wait("RateLimit: \"x\";r=0;t=99999999999", UINT64_MAX);
    assert_wait("Retry-After: -1", UINT64_MAX);
    assert_wait("Retry-After: soon", UINT64_MAX);
    assert_wait("Retry-After: Wed, 21 Okt 2015 07:28:09 GMT", UINT64_MAX);
    assert_wait("Retry-After: Wed, 41 Oct 2015 07:28:09 GMT", UINT64_MAX);
    assert_wait("Retry-After: Wed, 21 Oct 2015 07:28:09 GMT+1", UINT64_MAX);
    assert_wait("Date: x", UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_in_any_case),
        cmocka_unit_test(a_status_line_starts_a_new_answer),
        cmocka_unit_test(too_many_and_too_long_headers_are_refused),
        cmocka_unit_test(numbers_are_digits_only),
        cmocka_unit_test(etags_are_strong_or_weak),
        cmocka_unit_test(content_ranges_are_checked),
        cmocka_unit_test(the_next_page_is_found_among_links),
        cmocka_unit_test(servers_say_how_long_to_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
