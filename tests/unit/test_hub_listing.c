/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/net/hub_api.h"

#define GIT_ID "0123456789012345678901234567890123456789"
#define SHA256 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FILE_OF(path)                                                                          \
    "[{\"type\":\"file\",\"oid\":\"" GIT_ID "\",\"size\":3,\"path\":\"" path "\"}]"

static int parse_page(const char *text, struct hub_listing *listing, struct error *err)
{
    hub_listing_init(listing);
    return hub_parse_page(slice_text(text), listing, err);
}

static void large_and_small_files_are_listed_and_folders_are_not(void **state)
{
    struct hub_listing listing;
    struct error err = { 0 };

    (void)state;
    assert_ok(parse_page(
        "[{\"type\":\"directory\",\"oid\":\"" GIT_ID "\",\"size\":0,\"path\":\"data\"},"
        "{\"type\":\"file\",\"oid\":\"" GIT_ID "\",\"size\":330,\"path\":\"data/b\"},"
        "{\"type\":\"file\",\"oid\":\"" GIT_ID
        "\",\"size\":5,\"path\":\"a\",\"xetHash\":\"" SHA256 "\",\"lfs\":{\"oid\":\"" SHA256
        "\",\"size\":5,\"pointerSize\":131}}]",
        &listing, &err));
    assert_ok(hub_listing_sort(&listing, &err));
    assert_int_equal(listing.n, 2);
    assert_string_equal(listing.entries[0].path, "a");
    assert_string_equal(listing.entries[0].id, SHA256);
    assert_string_equal(listing.entries[0].git_id, GIT_ID);
    assert_string_equal(listing.entries[0].xet_id, SHA256);
    assert_string_equal(listing.entries[1].id, GIT_ID);
    assert_int_equal(listing.entries[1].size_bytes, 330);
    assert_ptr_equal(hub_listing_find(&listing, "data/b"), &listing.entries[1]);
    assert_null(hub_listing_find(&listing, "data"));
    hub_listing_release(&listing);
}

static const struct {
    const char *text;
    const char *phrase;
} malformed[] = {
    { "", "no valid JSON" },
    { "[", "no valid JSON" },
    { "{}", "no JSON array" },
    { FILE_OF("../x"), "unsafe path: '../x'" },
    { FILE_OF("a/../../x"), "unsafe path" },
    { FILE_OF("/etc/passwd"), "unsafe path" },
    { FILE_OF("a\\\\b"), "unsafe path" },
    { FILE_OF("a\\u0000b"), "unsafe path" },
    { FILE_OF("a\\nb"), "unsafe path" },
    { FILE_OF("a//b"), "unsafe path" },
    { FILE_OF(""), "unsafe path" },
    { "[{\"type\":\"file\"}]", "unsafe path" },
    { "[{\"type\":\"file\",\"path\":\"a\",\"size\":3}]", "no valid oid and size of 'a'" },
    { "[{\"type\":\"file\",\"path\":\"a\",\"size\":3,\"oid\":\"../../x\"}]", "no valid oid" },
    { "[{\"type\":\"file\",\"path\":\"a\",\"oid\":\"" GIT_ID "\"}]", "no valid oid and size" },
    { "[{\"type\":\"file\",\"path\":\"a\",\"size\":-1,\"oid\":\"" GIT_ID "\"}]",
      "no valid oid" },
    { "[{\"type\":\"file\",\"path\":\"a\",\"size\":1e30,\"oid\":\"" GIT_ID "\"}]",
      "no valid oid" },
    { "[{\"type\":\"file\",\"path\":\"a\",\"size\":3,\"oid\":\"" GIT_ID
      "\",\"lfs\":{\"oid\":\"x\",\"size\":3}}]",
      "no valid SHA-256 of 'a'" },
    { "[{\"type\":\"file\",\"path\":\"a\",\"size\":3,\"oid\":\"" GIT_ID
      "\",\"lfs\":{\"oid\":\"" SHA256 "\",\"size\":\"3\"}}]",
      "no valid oid and size" },
};

static void malformed_and_unsafe_pages_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        struct hub_listing listing;
        struct error err = { 0 };

        assert_fails(parse_page(malformed[i].text, &listing, &err), ERR_INPUT,
                     malformed[i].phrase);
        hub_listing_release(&listing);
    }
}

static void a_path_that_is_listed_twice_is_refused(void **state)
{
    struct hub_listing listing;
    struct error err = { 0 };

    (void)state;
    assert_ok(parse_page(FILE_OF("b"), &listing, &err));
    assert_ok(hub_parse_page(slice_text(FILE_OF("a")), &listing, &err));
    assert_ok(hub_parse_page(slice_text(FILE_OF("b")), &listing, &err));
    assert_fails(hub_listing_sort(&listing, &err), ERR_INPUT, "has the file 'b' twice");
    hub_listing_release(&listing);
}

static void a_listing_has_a_largest_number_of_files(void **state)
{
    struct hub_entry entry = { .path = "a" };
    struct hub_listing listing;
    struct error err = { 0 };
    int rc = 0;

    (void)state;
    hub_listing_init(&listing);
    for (size_t i = 0; i < HUB_MAX_FILES && rc == 0; i++)
        rc = hub_listing_add(&listing, &entry, &err);
    assert_int_equal(rc, 0);
    assert_fails(hub_listing_add(&listing, &entry, &err), ERR_INPUT, "more than 1000000 files");
    hub_listing_release(&listing);
}

static void a_commit_is_forty_hex_digits(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"sha\":null}",
        "{\"sha\":\"main\"}",
        "{\"sha\":\"../../../../../../../../../../../../../x\"}",
        "{\"sha\":\"0123456789012345678901234567890123456789a\"}",
        "{\"sha\":\"ABCDEF7890123456789012345678901234567890\"}",
    };
    char commit[HUB_COMMIT_BYTES] = "";
    struct error err = { 0 };

    (void)state;
    assert_ok(
        hub_parse_commit(slice_text("{\"id\":\"o/n\",\"sha\":\"" GIT_ID "\"}"), commit, &err));
    assert_string_equal(commit, GIT_ID);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(hub_parse_commit(slice_text(wrong[i]), commit, &err), -1);
    assert_fails(hub_parse_commit(slice_text("{\"sha\":\"x\"}"), commit, &err), ERR_INPUT,
                 "no valid commit");
}

static void the_next_page_is_on_the_same_server(void **state)
{
    static const char page[] = "https://mirror.example/api/datasets/o/n/tree/x?recursive=true";
    static const char endpoint[] = "https://mirror.example";
    struct error err = { 0 };
    struct buf next;

    (void)state;
    buf_init(&next, 4096);
    assert_ok(hub_next_page(page, slice_text("https://mirror.example/api/y?cursor=a%3D"),
                            endpoint, &next, &err));
    assert_string_equal(next.data, "https://mirror.example/api/y?cursor=a%3D");
    assert_ok(hub_next_page(page, slice_text("https://huggingface.co/api/y?cursor=1"), endpoint,
                            &next, &err));
    assert_string_equal(next.data, "https://mirror.example/api/y?cursor=1");
    assert_ok(hub_next_page(page, slice_text("?cursor=2"), endpoint, &next, &err));
    assert_string_equal(next.data, "https://mirror.example/api/datasets/o/n/tree/x?cursor=2");
    assert_fails(
        hub_next_page(page, slice_text("https://evil.example/y"), endpoint, &next, &err),
        ERR_INPUT, "leads to another server, 'evil.example'");
    assert_fails(
        hub_next_page(page, slice_text("http://mirror.example/y"), endpoint, &next, &err),
        ERR_INPUT, "leads to another server");
    assert_fails(
        hub_next_page(page, slice_text("https://mirror.example:444/y"), endpoint, &next, &err),
        ERR_INPUT, "leads to another server");
    assert_fails(hub_next_page(page, slice_text("https://huggingface.co@evil.example/y"),
                               endpoint, &next, &err),
                 ERR_INPUT, "leads to another server");
    assert_fails(hub_next_page(page, slice_text(page), endpoint, &next, &err), ERR_INPUT,
                 "leads to the same page");
    buf_release(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_and_small_files_are_listed_and_folders_are_not),
        cmocka_unit_test(malformed_and_unsafe_pages_are_refused),
        cmocka_unit_test(a_path_that_is_listed_twice_is_refused),
        cmocka_unit_test(a_listing_has_a_largest_number_of_files),
        cmocka_unit_test(a_commit_is_forty_hex_digits),
        cmocka_unit_test(the_next_page_is_on_the_same_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
