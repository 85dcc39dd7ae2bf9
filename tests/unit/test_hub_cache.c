/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/net/hub_cache.h"
#include "tests/support/tmp.h"

#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GIT_ID "0123456789012345678901234567890123456789"
#define SHA256 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct hub_name dataset = { .kind = HUB_DATASET, .id = "o/n", .revision = "main" };

static void expect_file(struct tmp *tmp, const char *name, const char *content)
{
    struct error err = { 0 };
    struct buf text;

    buf_init(&text, 4096);
    assert_ok(file_read(tmp_path(tmp, name), &text, &err));
    assert_int_equal(text.len, strlen(content));
    assert_memory_equal(text.len ? text.data : "", content, text.len);
    buf_release(&text);
}

/* Add a blob and its link in a snapshot, as huggingface_hub does. */
static void add_cached(struct tmp *tmp, const char *path, const char *id)
{
    char name[400], link[200];
    struct error err = { 0 };
    int depth = 2;

    for (const char *c = path; *c; c++)
        depth += *c == '/';
    snprintf(link, sizeof link, "%.*sblobs/%s", 3 * depth, "../../../../../../", id);
    snprintf(name, sizeof name, "datasets--o--n/blobs/%s", id);
    assert_ok(hub_write_file(tmp_path(tmp, name), slice_text("abc"), &err));
    snprintf(name, sizeof name, "datasets--o--n/snapshots/" COMMIT "/%s", path);
    assert_ok(hub_make_folders(tmp_path(tmp, name), &err));
    assert_int_equal(symlink(link, tmp_path(tmp, name)), 0);
}

static void refs_and_absent_files_are_stored_as_python_stores_them(void **state)
{
    struct hub_name pull = { .kind = HUB_MODEL, .id = "o/n", .revision = "refs/pr/1" };
    char commit[HUB_COMMIT_BYTES] = "";
    struct error err = { 0 };
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    assert_int_equal(hub_cache_commit(tmp.root, &dataset, commit, &err), 0);
    assert_ok(hub_cache_set_commit(tmp.root, &dataset, COMMIT, &err));
    assert_int_equal(hub_cache_commit(tmp.root, &dataset, commit, &err), 1);
    assert_string_equal(commit, COMMIT);
    expect_file(&tmp, "datasets--o--n/refs/main", COMMIT);
    assert_ok(hub_cache_set_commit(tmp.root, &dataset, GIT_ID, &err));
    expect_file(&tmp, "datasets--o--n/refs/main", GIT_ID);
    assert_ok(hub_cache_set_commit(tmp.root, &pull, COMMIT, &err));
    expect_file(&tmp, "models--o--n/refs/refs/pr/1", COMMIT);
    assert_ok(hub_cache_set_absent(tmp.root, &dataset, COMMIT, "d/x", &err));
    expect_file(&tmp, "datasets--o--n/.no_exist/" COMMIT "/d/x", "");
    assert_int_equal(access(tmp_path(&tmp, "CACHEDIR.TAG"), F_OK), 0);
    tmp_close(&tmp);
}

static void a_revision_that_is_a_commit_needs_no_ref(void **state)
{
    struct hub_name name = { .kind = HUB_DATASET, .id = "o/n", .revision = COMMIT };
    char commit[HUB_COMMIT_BYTES] = "";
    struct error err = { 0 };
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    assert_ok(hub_cache_set_commit(tmp.root, &name, COMMIT, &err));
    assert_int_equal(access(tmp_path(&tmp, "datasets--o--n"), F_OK), -1);
    assert_int_equal(hub_cache_commit(tmp.root, &name, commit, &err), 1);
    assert_string_equal(commit, COMMIT);
    tmp_close(&tmp);
}

static void a_ref_that_is_no_commit_is_not_used(void **state)
{
    char commit[HUB_COMMIT_BYTES] = "";
    struct error err = { 0 };
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    assert_ok(hub_write_file(tmp_path(&tmp, "datasets--o--n/refs/main"),
                             slice_text("../../../../../../../../../../../../../x"), &err));
    assert_int_equal(hub_cache_commit(tmp.root, &dataset, commit, &err), 0);
    tmp_close(&tmp);
}

static void a_tree_is_read_as_it_was_written(void **state)
{
    const struct hub_entry small = {
        .path = "d/\xc3\xa9 \"x\"", .size_bytes = 3, .id = GIT_ID, .git_id = GIT_ID
    };
    const struct hub_entry large = {
        .path = "a", .size_bytes = 5, .id = SHA256, .git_id = GIT_ID, .xet_id = SHA256
    };
    struct hub_listing before, after;
    struct error err = { 0 };
    struct tmp tmp = { 0 };
    bool is_complete = false;

    (void)state;
    tmp_open(&tmp);
    hub_listing_init(&before);
    hub_listing_init(&after);
    assert_ok(hub_listing_add(&before, &large, &err));
    assert_ok(hub_listing_add(&before, &small, &err));
    assert_ok(hub_cache_write_tree(tmp.root, &dataset, COMMIT, &before, &err));
    expect_file(&tmp, "datasets--o--n/trees/" COMMIT ".json",
                "{\"format_version\":1,\"files\":{\"a\":{\"size\":5,\"blob_id\":\"" GIT_ID
                "\",\"lfs_sha256\":\"" SHA256 "\",\"lfs_size\":5,\"xet_hash\":\"" SHA256
                "\"},\"d/\xc3\xa9 \\\"x\\\"\":{\"size\":3,\"blob_id\":\"" GIT_ID "\"}}}");
    assert_int_equal(hub_cache_list(tmp.root, &dataset, COMMIT, &after, &is_complete, &err), 1);
    assert_true(is_complete);
    assert_int_equal(after.n, 2);
    assert_string_equal(after.entries[0].id, SHA256);
    assert_string_equal(after.entries[0].xet_id, SHA256);
    assert_string_equal(after.entries[1].path, small.path);
    assert_string_equal(after.entries[1].id, GIT_ID);
    assert_int_equal(after.entries[1].size_bytes, 3);
    hub_listing_release(&before);
    hub_listing_release(&after);
    tmp_close(&tmp);
}

static void a_malformed_tree_is_ignored(void **state)
{
    static const char *const trees[] = {
        "",
        "[]",
        "{\"format_version\":2,\"files\":{}}",
        "{\"format_version\":1}",
        "{\"format_version\":1,\"files\":{\"a\":{\"size\":5,\"blob_id\":\"" GIT_ID
        "\"},\"../x\":{\"size\":5,\"blob_id\":\"" GIT_ID "\"}}}",
        "{\"format_version\":1,\"files\":{\"a\":{\"size\":-5,\"blob_id\":\"" GIT_ID "\"}}}",
        "{\"format_version\":1,\"files\":{\"a\":{\"size\":5,\"blob_id\":\"x\"}}}",
    };
    struct hub_listing listing;
    struct error err = { 0 };
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    hub_listing_init(&listing);
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        assert_ok(hub_write_file(tmp_path(&tmp, "datasets--o--n/trees/" COMMIT ".json"),
                                 slice_text(trees[i]), &err));
        assert_int_equal(hub_cache_read_tree(tmp.root, &dataset, COMMIT, &listing, &err), 0);
        assert_int_equal(listing.n, 0);
    }
    hub_listing_release(&listing);
    tmp_close(&tmp);
}

static void without_a_tree_the_files_of_the_snapshot_are_listed(void **state)
{
    struct hub_listing listing;
    struct error err = { 0 };
    struct tmp tmp = { 0 };
    bool is_complete = true;

    (void)state;
    tmp_open(&tmp);
    hub_listing_init(&listing);
    assert_int_equal(hub_cache_list(tmp.root, &dataset, COMMIT, &listing, &is_complete, &err),
                     0);
    add_cached(&tmp, "d/e/x", SHA256);
    add_cached(&tmp, "a", GIT_ID);
    assert_int_equal(symlink("../../blobs/missing",
                             tmp_path(&tmp, "datasets--o--n/snapshots/" COMMIT "/broken")),
                     0);
    assert_ok(hub_write_file(tmp_path(&tmp, "datasets--o--n/snapshots/" COMMIT "/copy"),
                             slice_text("x"), &err));
    assert_int_equal(hub_cache_list(tmp.root, &dataset, COMMIT, &listing, &is_complete, &err),
                     1);
    assert_false(is_complete);
    assert_int_equal(listing.n, 3);
    assert_string_equal(listing.entries[0].path, "a");
    assert_string_equal(listing.entries[0].id, GIT_ID);
    assert_string_equal(listing.entries[1].path, "copy");
    assert_string_equal(listing.entries[1].id, "");
    assert_string_equal(listing.entries[2].path, "d/e/x");
    assert_string_equal(listing.entries[2].id, SHA256);
    assert_int_equal(listing.entries[2].size_bytes, 3);
    hub_listing_release(&listing);
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refs_and_absent_files_are_stored_as_python_stores_them),
        cmocka_unit_test(a_revision_that_is_a_commit_needs_no_ref),
        cmocka_unit_test(a_ref_that_is_no_commit_is_not_used),
        cmocka_unit_test(a_tree_is_read_as_it_was_written),
        cmocka_unit_test(a_malformed_tree_is_ignored),
        cmocka_unit_test(without_a_tree_the_files_of_the_snapshot_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
