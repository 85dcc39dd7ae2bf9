/* SPDX-License-Identifier: Apache-2.0 */
/* As test_oom.c, for listings and for the cache of the Hub. */
#include "tests/support/test.h"

#include <unistd.h>

#include "base/net/hub_cache.h"
#include "base/net/remote.h"
#include "tests/support/oom.h"
#include "tests/support/tmp.h"

#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GIT_ID "ad471007bd7f5983d273b9584e5629230150fd54" /* of "0123456789" */

enum { MAX_ALLOCATIONS = 1000 };

static const struct hub_name dataset = { .kind = HUB_DATASET, .id = "o/n", .revision = "main" };
static const char page[] =
    "[{\"type\":\"file\",\"path\":\"d/x\",\"size\":10,\"oid\":\"" GIT_ID
    "\"},{\"type\":\"file\",\"path\":\"a\",\"size\":10,\"oid\":\"" GIT_ID "\"}]";
static const char *home;

static const char *variable(const char *name)
{
    return strcmp(name, "HF_HOME") == 0 ? home : NULL;
}

static int parse_listing(const void *input, struct error *err)
{
    struct hub_listing listing;
    int rc;

    hub_listing_init(&listing);
    rc = hub_parse_page(slice_text(input), &listing, err);
    if (rc == 0)
        rc = hub_listing_sort(&listing, err);
    hub_listing_release(&listing);
    return rc;
}

static int parse_commit(const void *input, struct error *err)
{
    char commit[HUB_COMMIT_BYTES];

    return hub_parse_commit(slice_text(input), commit, err);
}

/* Write and read all small files of the cache. */
static int use_cache(const void *input, struct error *err)
{
    const struct tmp *tmp = input;
    struct hub_listing before, after;
    char commit[HUB_COMMIT_BYTES];
    bool is_complete = false;
    int rc = -1;

    hub_listing_init(&before);
    hub_listing_init(&after);
    if (hub_parse_page(slice_text(page), &before, err) == 0 &&
        hub_cache_set_commit(tmp->root, &dataset, COMMIT, err) == 0 &&
        hub_cache_commit(tmp->root, &dataset, commit, err) == 1 &&
        hub_cache_set_absent(tmp->root, &dataset, commit, "x", err) == 0 &&
        hub_cache_write_tree(tmp->root, &dataset, commit, &before, err) == 0 &&
        hub_cache_list(tmp->root, &dataset, commit, &after, &is_complete, err) == 1)
        rc = 0;
    hub_listing_release(&before);
    hub_listing_release(&after);
    return rc;
}

/* Use a file of the cache offline, from the settings to its path. */
static int fetch_offline(const void *input, struct error *err)
{
    const struct remote_settings settings = { .variable = variable, .offline = true };
    struct remote_files *files = NULL;
    struct remote *remote = NULL;
    const size_t number = 0;
    int rc = -1;

    if (remote_new(&settings, &remote, err) == 0 &&
        remote_find(remote, input, &files, err) == 0)
        rc = remote_get(remote, files, &number, 1, err);
    remote_files_free(files);
    remote_free(remote);
    return rc;
}

static void without_memory_a_listing_fails_and_leaks_nothing(void **state)
{
    (void)state;
    assert_in_range(oom_survive(parse_listing, page), 1, MAX_ALLOCATIONS - 1);
    assert_in_range(oom_survive(parse_commit, "{\"sha\":\"" COMMIT "\"}"), 1,
                    MAX_ALLOCATIONS - 1);
}

static void without_memory_the_cache_fails_and_leaks_nothing(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    assert_in_range(oom_survive(use_cache, &tmp), 1, MAX_ALLOCATIONS - 1);
    tmp_close(&tmp);
}

static void without_memory_an_offline_fetch_fails_and_leaks_nothing(void **state)
{
    static const char snapshot[] = "hub/datasets--o--n/snapshots/" COMMIT "/d/x";
    struct error err = { 0 };
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    home = tmp.root;
    assert_ok(hub_write_file(tmp_path(&tmp, "hub/datasets--o--n/refs/main"), slice_text(COMMIT),
                             &err));
    assert_ok(hub_write_file(tmp_path(&tmp, "hub/datasets--o--n/blobs/" GIT_ID),
                             slice_text("0123456789"), &err));
    assert_ok(hub_make_folders(tmp_path(&tmp, snapshot), &err));
    assert_int_equal(symlink("../../../blobs/" GIT_ID, tmp_path(&tmp, snapshot)), 0);
    assert_in_range(oom_survive(fetch_offline, "hf://datasets/o/n/d/x"), 1,
                    MAX_ALLOCATIONS - 1);
    assert_in_range(oom_survive(fetch_offline, "hf://datasets/o/n/**/x"), 1,
                    MAX_ALLOCATIONS - 1);
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_a_listing_fails_and_leaks_nothing),
        cmocka_unit_test(without_memory_the_cache_fails_and_leaks_nothing),
        cmocka_unit_test(without_memory_an_offline_fetch_fails_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
