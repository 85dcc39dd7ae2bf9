/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/io/file.h"
#include "base/net/hub_cache.h"
#include "tests/support/fetches.h"
#include "tests/support/tmp.h"

#define COMMIT   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define REPO     "hub/datasets--org--d/"
#define SNAPSHOT REPO "snapshots/" COMMIT "/"

static void the_token_goes_to_the_hub_only(void **state)
{
    char cdn[64];

    (void)state;
    fetches.token = "hf_secret";
    fetch_one("hf://datasets/org/d/big.bin");
    fetch_one("hf://datasets/org/d/*.md");
    snprintf(cdn, sizeof cdn, "\"port\": %u", fetches.hub.cdn_port);
    const size_t n_requests = hub_count(&fetches.hub, "\"method\"");
    assert_int_equal(hub_count(&fetches.hub, cdn), 1);
    assert_int_equal(hub_count(&fetches.hub, "\"auth\": \"Bearer hf_secret\""), n_requests - 1);
    assert_null(strstr(fetches.notes, "secret"));
}

static void a_listing_has_all_pages_sorted(void **state)
{
    struct fetch_session session;
    struct error err = { 0 };
    struct tmp *tmp = *state;

    assert_ok(
        fetch_find(&session, &(struct remote_settings){ 0 }, "hf://datasets/org/d", &err));
    const size_t n = remote_n_files(session.files);
    assert_true(n >= 12);
    assert_true(hub_count(&fetches.hub, "cursor=5") == 1 &&
                hub_count(&fetches.hub, "cursor=10") == 1);
    for (size_t i = 1; i < n; i++)
        assert_true(strcmp(remote_file(session.files, i - 1)->path,
                           remote_file(session.files, i)->path) < 0);
    assert_string_equal(remote_file(session.files, n - 1)->path, "\xc3\xa9 x.jsonl");
    assert_string_equal(remote_file(session.files, n - 1)->public_name,
                        "hf://datasets/org/d@" COMMIT "/\xc3\xa9 x.jsonl");
    assert_int_equal(remote_file(session.files, n - 1)->size_bytes, 3);
    assert_true(remote_is_repository(session.files) && remote_is_dataset(session.files));
    assert_string_equal(remote_commit(session.files), COMMIT);
    fetch_session_end(&session);
    assert_true(fetch_has(tmp, REPO "trees/" COMMIT ".json"));
    fetch_one("hf://datasets/org/d/\xc3\xa9 x.jsonl");
    assert_true(hub_count(&fetches.hub, "%C3%A9%20x.jsonl") >= 2);
    assert_int_equal(hub_count(&fetches.hub, "%25"), 0);
}

static void patterns_folders_and_pages_of_the_web_name_files(void **state)
{
    static const struct {
        const char *url;
        size_t n;
        bool is_repository;
    } cases[] = {
        { "hf://datasets/org/d/**/*.jsonl", 2, false },
        { "hf://datasets/org/d/data", 1, true },
        { "hf://datasets/org/d/data/", 1, true },
        { "hf://datasets/org/d/data/*", 1, false },
        { "hf://datasets/org/d/data/small.jsonl", 1, false },
        { "hf://datasets/org/d@" COMMIT "/big.bin", 1, false },
        { "https://huggingface.co/datasets/org/d/tree/main/data", 1, true },
        { "https://huggingface.co/datasets/org/d/blob/main/big.bin?x=y", 1, false },
        { "hf://org/m/big.bin", 1, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fetch_session session;
        struct error err = { 0 };

        assert_ok(fetch_all(&session, cases[i].url, &err));
        assert_int_equal(remote_n_files(session.files), cases[i].n);
        assert_int_equal(remote_is_repository(session.files), cases[i].is_repository);
        fetch_session_end(&session);
    }
}

static void a_digest_is_not_given_for_files_of_the_hub(void **state)
{
    const struct remote_settings given = { .sha256 = "00" };
    struct fetch_session session;
    struct error err = { 0 };

    (void)state;
    assert_fails(fetch_find(&session, &given, "hf://datasets/org/d/big.bin", &err), ERR_USAGE,
                 "files of the Hub are always verified");
    fetch_session_end(&session);
}

static void answers_of_the_hub_get_their_sentence(void **state)
{
    struct tmp *tmp = *state;

    fetch_fails("hf://datasets/org/d/nope.txt", ERR_NOT_FOUND, "no such file or folder");
    fetch_fails("hf://datasets/org/d@v9/x", ERR_NOT_FOUND, "no branch, tag or commit 'v9'");
    fetch_fails("hf://datasets/org/none", ERR_NOT_FOUND, "no dataset of this name");
    fetch_fails("hf://org/none/x.gguf", ERR_NOT_FOUND, "no model of this name");
    fetch_fails("hf://datasets/org/d/*.parquet", ERR_NOT_FOUND, "matches the pattern");
    fetch_fails("hf://datasets/org/gated/x", ERR_DENIED, "then set HF_TOKEN");
    fetches.token = "hf_secret";
    fetch_fails("hf://datasets/org/gated", ERR_DENIED, "(the server: not on the list)");
    assert_false(fetch_has(tmp, "hub/datasets--org--gated"));
    assert_false(fetch_has(tmp, REPO "refs"));
}

static void transient_failures_are_waited_out(void **state)
{
    (void)state;
    fetch_one("hf://datasets/org/d/flaky503.bin");
    fetch_one("hf://datasets/org/d/truncate.bin");
    fetch_one("hf://datasets/org/d/expired.*");
    assert_int_equal(hub_count(&fetches.hub, "/cdn/truncate.bin"), 3);
    assert_true(hub_count(&fetches.hub, "bytes=100000-") > 0);
    assert_true(hub_count(&fetches.hub, "bytes=200000-") > 0);
    assert_true(hub_count(&fetches.hub, "resolve/" COMMIT "/expired.bin") == 2);
}

static void a_set_is_complete_or_fails_and_keeps_what_is_complete(void **state)
{
    struct fetch_session session;
    struct error err = { 0 };
    struct tmp *tmp = *state;

    assert_fails(fetch_with(&session, &(struct remote_settings){ .n_jobs = 1 },
                            "hf://datasets/org/d/*g*.bin", &err),
                 ERR_INPUT, " files are missing: hf://datasets/org/d@");
    for (size_t i = 0; i < remote_n_files(session.files); i++)
        assert_null(remote_file(session.files, i)->local_path);
    fetch_session_end(&session);
    assert_true(fetch_has(tmp, SNAPSHOT "big.bin"));
}

/* A listing without a server. */
static void list_paths(struct remote_files *files, const char *path, const char *const *paths)
{
    struct error err = { 0 };

    *files = (struct remote_files){ .name = { .id = "o/n" } };
    snprintf(files->name.path, sizeof files->name.path, "%s", path);
    hub_listing_init(&files->listing);
    for (; *paths; paths++)
        assert_ok(
            hub_listing_add(&files->listing, &(struct hub_entry){ .path = *paths }, &err));
}

static void the_first_part_of_a_model_brings_all_parts(void **state)
{
    static const char *const paths[] = { "q4/m-00001-of-00003.gguf", "q4/m-00002-of-00003.gguf",
                                         "q4/m-00003-of-00003.gguf", "q4/n-00002-of-00003.gguf",
                                         "q8/m-00002-of-00003.gguf", NULL };
    struct remote_files files;
    struct error err = { 0 };
    unsigned n = 0;

    (void)state;
    list_paths(&files, paths[0], paths);
    assert_int_equal(remote_select(&files, &err), 1);
    assert_int_equal(files.listing.n, 3);
    assert_false(files.is_repository);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(files.listing.entries[i].path, paths[i]);
    hub_listing_release(&files.listing);
    list_paths(&files, paths[1], paths);
    assert_int_equal(remote_select(&files, &err), 1);
    assert_int_equal(files.listing.n, 1);
    hub_listing_release(&files.listing);
    assert_true(remote_is_first_part("-00001-of-00002.gguf", &n) == false);
    assert_true(remote_is_first_part("a-00001-of-00012.gguf", &n) && n == 12);
    assert_false(remote_is_first_part("a-00001-of-00001.gguf", &n));
    assert_false(remote_is_first_part("a-00001-of-0000x.gguf", &n));
    assert_false(remote_is_first_part("a-00001-of-00002.txt", &n));
}

static void a_missing_part_of_a_model_is_named(void **state)
{
    static const char *const paths[] = { "m-00001-of-00003.gguf", "m-00003-of-00003.gguf",
                                         NULL };
    static const char *const too_many[] = { "m-00000-of-00002.gguf", "m-00001-of-00002.gguf",
                                            "m-00002-of-00002.gguf", NULL };
    struct remote_files files;
    struct error err = { 0 };

    (void)state;
    list_paths(&files, paths[0], paths);
    assert_fails(remote_select(&files, &err), ERR_NOT_FOUND,
                 "m-00002-of-00003.gguf: the model has 3 parts");
    hub_listing_release(&files.listing);
    list_paths(&files, too_many[1], too_many);
    assert_fails(remote_select(&files, &err), ERR_INPUT, "has 3 parts, not 2");
    hub_listing_release(&files.listing);
}

static const struct {
    const char *url;
    const char *phrase;
} hostile[] = {
    { "hf://datasets/org/bad-path", "unsafe path" },
    { "hf://datasets/org/bad-next", "leads to another server, 'localhost'" },
    { "hf://datasets/org/bad-same", "leads to the same page" },
    { "hf://datasets/org/bad-empty", "too many pages" },
    { "hf://datasets/org/bad-twice", "twice" },
    { "hf://datasets/org/bad-commit", "no valid commit" },
    { "hf://datasets/org/bad-commit/x.txt", "no valid X-Repo-Commit" },
    { "hf://datasets/org/bad-other@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/x.txt",
      "answers for another commit, bbbbbbbb" },
    { "hf://datasets/org/bad-etag/x.txt", "no ETag that is a SHA-1" },
    { "hf://datasets/org/bad-loop/x.txt", "redirects" },
    { "hf://datasets/org/bad-html", "no valid JSON" },
    { "hf://datasets/org/bad-huge", "" },
    { "hf://datasets/org/bad-size/x.txt", "bytes" },
    { "hf://datasets/org/bad-size", "bytes" },
};

static void a_hostile_hub_is_refused_and_leaves_nothing(void **state)
{
    struct tmp *tmp = *state;

    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        fetch_fails(hostile[i].url, ERR_INPUT, hostile[i].phrase);
        assert_false(fetch_has(tmp, "x.txt"));
    }
    fetch_list_layout(tmp);
    assert_null(strstr(fetches.layout, "blobs/"));
    assert_null(strstr(fetches.layout, "snapshots/"));
}

static void urls_are_checked_and_printed_without_a_network(void **state)
{
    struct error err = { 0 };
    struct buf text;

    (void)state;
    assert_true(remote_is_url("hf://x") && remote_is_url("s3://x/y"));
    assert_false(remote_is_url("a.jsonl") || remote_is_url("dir/a:b"));
    assert_ok(remote_check_url("hf://datasets/o/n/x", &err));
    assert_ok(remote_check_url("https://example.org/x?sig=y", &err));
    assert_fails(remote_check_url("hf://gpt2", &err), ERR_USAGE, "write hf://OWNER/gpt2");
    assert_fails(remote_check_url("s3://b/x", &err), ERR_USAGE, "aws s3 presign");
    assert_fails(remote_check_url("gs://b/x", &err), ERR_USAGE, "gs:// is not supported");
    assert_ok(remote_check_url("file:///x", &err));
    buf_init(&text, 1000);
    assert_ok(remote_public_url("https://u:p@example.org/x?sig=secret#f", &text, &err));
    assert_string_equal(text.data, "https://example.org/x");
    buf_clear(&text);
    assert_ok(remote_public_url("hf://datasets/o/n/a?.json", &text, &err));
    assert_string_equal(text.data, "hf://datasets/o/n/a?.json");
    buf_release(&text);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_token_goes_to_the_hub_only, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(a_listing_has_all_pages_sorted, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(patterns_folders_and_pages_of_the_web_name_files,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(a_digest_is_not_given_for_files_of_the_hub,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(answers_of_the_hub_get_their_sentence, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(transient_failures_are_waited_out, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(a_set_is_complete_or_fails_and_keeps_what_is_complete,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test(the_first_part_of_a_model_brings_all_parts),
        cmocka_unit_test(a_missing_part_of_a_model_is_named),
        cmocka_unit_test_setup_teardown(a_hostile_hub_is_refused_and_leaves_nothing,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(urls_are_checked_and_printed_without_a_network,
                                        fetch_open_home, fetch_close_home),
    };

    if (!hub_is_possible())
        return SKIP_ALL("no python3");
    return cmocka_run_group_tests(tests, fetch_start_hub, fetch_stop_hub);
}
