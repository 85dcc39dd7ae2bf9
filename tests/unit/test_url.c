/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/net/url.h"

static struct url parsed(const char *text)
{
    struct url url = { 0 };
    struct error err;

    assert_ok(url_parse(slice_text(text), &url, &err));
    return url;
}

static void assert_slice(struct slice got, const char *want)
{
    if (!want)
        assert_null(got.ptr);
    else if (!slice_equal(got, slice_text(want)))
        fail_msg("'%.*s' is not '%s'", (int)got.len, got.ptr, want);
}

static void the_parts_of_a_url_are_found(void **state)
{
    const struct url url = parsed("HTTPS://me:pw@Host.example:8443/a/b%20c.jsonl?x=1?&y#top#");

    (void)state;
    assert_true(url.is_https);
    assert_slice(url.user_info, "me:pw");
    assert_slice(url.host, "Host.example");
    assert_int_equal(url.port, 8443);
    assert_slice(url.path, "/a/b%20c.jsonl");
    assert_slice(url.query, "x=1?&y");
    assert_slice(url.fragment, "top#");
    assert_slice(url_last_part(&url), "b%20c.jsonl");
}

static void absent_parts_are_absent(void **state)
{
    const struct url url = parsed("http://[::1]");

    (void)state;
    assert_slice(url.user_info, NULL);
    assert_slice(url.host, "[::1]");
    assert_int_equal(url.port, 80);
    assert_slice(url.path, "");
    assert_slice(url.query, NULL);
    assert_slice(url.fragment, NULL);
    assert_int_equal(parsed("https://h:/").port, 443);
    assert_int_equal(parsed("http://[::1]:81/").port, 81);
    assert_slice(parsed("https://h?").query, "");
    assert_slice(url_last_part(&url), "");
}

static void malformed_urls_are_refused_and_not_repeated(void **state)
{
    static const char *const bad[] = {
        "",
        "huggingface.co/x",
        "ftp://secret.example/",
        "https:/secret.example/",
        "https://",
        "https:///secret",
        "https://user@/secret",
        "https://:80/secret",
        "https://secret.example:0/",
        "https://secret.example:65536/",
        "https://secret.example:123456/",
        "https://secret.example:8o/",
        "https://secret.example/a b",
        "https://secret.example/a\nb",
        "https://secret.example\\@other.example/",
        "https://secret%2eexample/",
        "https://secret.ex\xc3\xa4mple/",
        "https://[secret]/",
        "https://[::1/",
        "https://[]/",
        "https://[::1]secret/",
    };
    struct error err;
    struct url url;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_fails(url_parse(slice_text(bad[i]), &url, &err), ERR_USAGE, "invalid URL: ");
        assert_null(strstr(err.msg, "secret"));
    }
}

static void an_overlong_url_is_refused(void **state)
{
    static char text[URL_MAX_BYTES + 2];
    struct error err;
    struct url url;

    (void)state;
    memset(text, 'a', URL_MAX_BYTES + 1);
    memcpy(text, "https://h/", 10);
    assert_fails(url_parse(slice_text(text), &url, &err), ERR_USAGE, "16385 bytes");
    text[URL_MAX_BYTES] = '\0';
    assert_ok(url_parse(slice_text(text), &url, &err));
}

static void a_scheme_is_recognised(void **state)
{
    (void)state;
    assert_true(url_has_scheme("https://x"));
    assert_true(url_has_scheme("s3://bucket/key"));
    assert_true(url_has_scheme("a+b-c.d9://"));
    assert_false(url_has_scheme("data/x.jsonl"));
    assert_false(url_has_scheme("c:/x"));
    assert_false(url_has_scheme("9p://x"));
    assert_false(url_has_scheme("://x"));
    assert_false(url_has_scheme("a b://x"));
    assert_false(url_has_scheme(""));
}

static void only_this_machine_is_loopback(void **state)
{
    static const char *const local[] = { "http://localhost:1/", "http://LOCALHOST",
                                         "http://127.0.0.1", "http://127.255.3.4:80/x",
                                         "http://[::1]/" };
    static const char *const remote[] = {
        "http://128.0.0.1/",         "http://127.0.0.256/", "http://127.1/",
        "http://127.0.0.1.example/", "http://127.0.0/",     "http://127.0.0.1.2/",
        "http://localhost.example/", "http://127.0.0./",    "http://127.0..1/",
        "http://127.0.0.0001/",      "http://[::2]/",       "http://2130706433/",
        "http://localhost@example/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        const struct url url = parsed(local[i]);

        assert_true(url_is_loopback(&url));
    }
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
        const struct url url = parsed(remote[i]);

        if (url_is_loopback(&url))
            fail_msg("%s counts as this machine", remote[i]);
    }
}

static bool same(const char *a, const char *b)
{
    const struct url first = parsed(a), second = parsed(b);

    return url_same_origin(&first, &second);
}

static void origins_differ_by_scheme_host_and_port(void **state)
{
    (void)state;
    assert_true(same("https://Hub.co/x", "https://hub.co:443/y?z"));
    assert_false(same("https://hub.co/", "http://hub.co/"));
    assert_false(same("https://hub.co/", "http://hub.co:443/"));
    assert_false(same("https://hub.co/", "https://hub.co:444/"));
    assert_false(same("https://hub.co/", "https://hub.co.example/"));
    assert_false(same("https://hub.co/", "https://hub.co@example/"));
}

static void what_is_printed_has_no_secrets(void **state)
{
    const struct url url = parsed("https://me:pw@host.co:9/a%20b?X-Amz-Signature=s#f");
    struct error err;
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    assert_ok(url_add_public(&url, &out, &err));
    assert_string_equal(out.data, "https://host.co:9/a%20b");
    buf_release(&out);
}

static void assert_resolved(const char *base, const char *reference, const char *want)
{
    const struct url url = parsed(base);
    struct error err;
    struct buf out;

    buf_init(&out, URL_MAX_BYTES);
    assert_ok(url_resolve(&url, slice_text(reference), &out, &err));
    if (strcmp(out.data, want) != 0)
        fail_msg("%s on %s: %s is not %s", reference, base, out.data, want);
    buf_release(&out);
}

/* From RFC 3986, 5.4, without the fragments. */
static void references_resolve_as_in_the_rfc(void **state)
{
    static const char *const pairs[][2] = {
        { "g", "http://a/b/c/g" },
        { "./g", "http://a/b/c/g" },
        { "g/", "http://a/b/c/g/" },
        { "/g", "http://a/g" },
        { "//g", "http://g" },
        { "?y", "http://a/b/c/d;p?y" },
        { "g?y", "http://a/b/c/g?y" },
        { "#s", "http://a/b/c/d;p?q" },
        { "g#s", "http://a/b/c/g" },
        { ";x", "http://a/b/c/;x" },
        { "g;x?y#s", "http://a/b/c/g;x?y" },
        { "", "http://a/b/c/d;p?q" },
        { ".", "http://a/b/c/" },
        { "./", "http://a/b/c/" },
        { "..", "http://a/b/" },
        { "../", "http://a/b/" },
        { "../g", "http://a/b/g" },
        { "../..", "http://a/" },
        { "../../g", "http://a/g" },
        { "../../../g", "http://a/g" },
        { "/./g", "http://a/g" },
        { "/../g", "http://a/g" },
        { "g.", "http://a/b/c/g." },
        { "..g", "http://a/b/c/..g" },
        { "./../g", "http://a/b/g" },
        { "./g/.", "http://a/b/c/g/" },
        { "g/./h", "http://a/b/c/g/h" },
        { "g/../h", "http://a/b/c/h" },
        { "g?y/../x", "http://a/b/c/g?y/../x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_resolved("http://a/b/c/d;p?q", pairs[i][0], pairs[i][1]);
}

static void a_location_is_repaired_as_servers_write_it(void **state)
{
    (void)state;
    assert_resolved("https://h", "x y\xc3\xa9?a b", "https://h/x%20y%C3%A9?a%20b");
    assert_resolved("https://h", " https://g:8/%20 ", "https://g:8/%20");
    assert_resolved("https://u:p@h:9/a", "b", "https://u:p@h:9/b");
    assert_resolved("https://h/a?q", "", "https://h/a?q");
}

static void a_location_of_another_scheme_is_malformed_input(void **state)
{
    static const char *const bad[] = {
        "file:///etc/passwd", "ftp://h/", "javascript:x", "http://", "//", "https:x", "a\tb"
    };
    const struct url url = parsed("https://h/a");
    struct error err;
    struct buf out;

    (void)state;
    buf_init(&out, URL_MAX_BYTES);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(url_resolve(&url, slice_text(bad[i]), &out, &err), ERR_INPUT,
                     "invalid URL");
    buf_release(&out);
}

static void text_is_encoded_and_decoded(void **state)
{
    struct error err;
    struct buf out, back;

    (void)state;
    buf_init(&out, 1000);
    buf_init(&back, 1000);
    assert_ok(url_encode(slice_text("refs/pr/1"), "", &out, &err));
    assert_string_equal(out.data, "refs%2Fpr%2F1");
    buf_clear(&out);
    assert_ok(url_encode(slice_text("d/\xc3\xa9 x~%.jsonl"), "/", &out, &err));
    assert_string_equal(out.data, "d/%C3%A9%20x~%25.jsonl");
    assert_ok(url_decode(buf_slice(&out), &back, &err));
    assert_string_equal(back.data, "d/\xc3\xa9 x~%.jsonl");
    assert_fails(url_decode(slice_text("a%2"), &back, &err), ERR_USAGE, "hex digits");
    assert_fails(url_decode(slice_text("a%"), &back, &err), ERR_USAGE, "hex digits");
    assert_fails(url_decode(slice_text("%zz"), &back, &err), ERR_USAGE, "hex digits");
    assert_fails(url_decode(slice_text("%00"), &back, &err), ERR_USAGE, "%00");
    buf_release(&out);
    buf_release(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_url_are_found),
        cmocka_unit_test(absent_parts_are_absent),
        cmocka_unit_test(malformed_urls_are_refused_and_not_repeated),
        cmocka_unit_test(an_overlong_url_is_refused),
        cmocka_unit_test(a_scheme_is_recognised),
        cmocka_unit_test(only_this_machine_is_loopback),
        cmocka_unit_test(origins_differ_by_scheme_host_and_port),
        cmocka_unit_test(what_is_printed_has_no_secrets),
        cmocka_unit_test(references_resolve_as_in_the_rfc),
        cmocka_unit_test(a_location_is_repaired_as_servers_write_it),
        cmocka_unit_test(a_location_of_another_scheme_is_malformed_input),
        cmocka_unit_test(text_is_encoded_and_decoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
