/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/net/hub_cache.h"
#include "tests/support/fetches.h"
#include "tests/support/tmp.h"

#define COMMIT   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BIG      "6914e2c56c9ac2463c1a9ec138fe32ae7926748a0aa2148e57fcc13a159a998b"
#define SMALL    "9650c5d8d23a7616a74aa53796fcb43b77984299"
#define REPO     "hub/datasets--org--d/"
#define SNAPSHOT REPO "snapshots/" COMMIT "/"

/* Written down from huggingface_hub 2.4.0: hf_hub_download() of big.bin, data/small.jsonl and,
 * with EntryNotFoundError, nope.txt. */
static const char python_layout[] =
    "hub/.locks/datasets--org--d/" BIG ".lock empty\n"
    "hub/.locks/datasets--org--d/" SMALL ".lock empty\n"
    "hub/CACHEDIR.TAG file\n" REPO ".no_exist/" COMMIT "/nope.txt empty\n" REPO "blobs/" BIG
    " file\n" REPO "blobs/" SMALL " file\n" REPO "refs/main file\n" SNAPSHOT
    "big.bin -> ../../blobs/" BIG "\n" SNAPSHOT "data/small.jsonl -> ../../../blobs/" SMALL
    "\n";

static void the_cache_has_the_layout_of_python(void **state)
{
    struct tmp *tmp = *state;
    struct error err = { 0 };
    struct buf ref;
    struct stat st;

    fetch_one("hf://datasets/org/d/big.bin");
    fetch_one("hf://datasets/org/d/data/small.jsonl");
    fetch_fails("hf://datasets/org/d/nope.txt", ERR_NOT_FOUND, "no such file or folder");
    fetch_list_layout(tmp);
    assert_string_equal(fetches.layout, python_layout);
    assert_true(fetch_has_content(tmp_path(tmp, SNAPSHOT "big.bin"), BIG));
    assert_true(fetch_has_content(tmp_path(tmp, SNAPSHOT "data/small.jsonl"), SMALL));
    buf_init(&ref, 100);
    assert_ok(file_read(tmp_path(tmp, REPO "refs/main"), &ref, &err));
    assert_string_equal(ref.data, COMMIT);
    buf_release(&ref);
    assert_int_equal(stat(tmp_path(tmp, "hub/.locks/datasets--org--d/" BIG ".lock"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0664);
}

/* A cache that huggingface_hub has filled: the same files, without ours. */
static void write_python_cache(struct tmp *tmp, const char *big)
{
    struct error err = { 0 };

    assert_ok(hub_write_file(tmp_path(tmp, REPO "refs/main"), slice_text(COMMIT), &err));
    assert_ok(hub_write_file(tmp_path(tmp, REPO "blobs/" SMALL), slice_text(big), &err));
    assert_ok(hub_make_folders(tmp_path(tmp, SNAPSHOT "data/small.jsonl"), &err));
    assert_int_equal(
        symlink("../../../blobs/" SMALL, tmp_path(tmp, SNAPSHOT "data/small.jsonl")), 0);
}

static const char ten_records[] = "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n"
                                  "{\"instruction\":\"a\",\"output\":\"b\"}\n";

static void what_python_cached_is_verified_and_used(void **state)
{
    struct tmp *tmp = *state;

    write_python_cache(tmp, ten_records);
    fetch_one("hf://datasets/org/d/data/small.jsonl");
    assert_int_equal(hub_count(&fetches.hub, "\"GET\""), 0);
    assert_true(fetch_has(tmp, "hub/.locks/datasets--org--d/" SMALL ".curate"));
    fetches.offline = "1";
    fetch_one("hf://datasets/org/d/data/small.jsonl");
    fetch_one("hf://datasets/org/d/**/*.jsonl");
}

static void a_damaged_file_of_python_is_fetched_again(void **state)
{
    struct tmp *tmp = *state;

    write_python_cache(tmp, "wrong");
    fetches.offline = "on";
    fetch_fails("hf://datasets/org/d/data/small.jsonl", ERR_NOT_FOUND, "damaged there");
    fetches.offline = NULL;
    fetch_one("hf://datasets/org/d/data/small.jsonl");
    assert_non_null(strstr(fetches.notes, "the file in the cache is damaged"));
    assert_true(fetch_has_content(tmp_path(tmp, SNAPSHOT "data/small.jsonl"), SMALL));
}

static void a_file_that_was_verified_is_not_read_again_until_it_changes(void **state)
{
    struct tmp *tmp = *state;
    struct error err = { 0 };
    const char *blob;
    struct buf bytes;

    fetch_one("hf://datasets/org/d/data/small.jsonl");
    blob = tmp_path(tmp, REPO "blobs/" SMALL);
    buf_init(&bytes, 1000);
    assert_ok(file_read(blob, &bytes, &err));
    bytes.data[3] = '!';
    assert_ok(hub_write_file(blob, buf_slice(&bytes), &err)); /* same size, other inode */
    buf_release(&bytes);
    fetch_one("hf://datasets/org/d/data/small.jsonl");
    assert_non_null(strstr(fetches.notes, "the file in the cache is damaged"));
    assert_true(fetch_has_content(blob, SMALL));
}

static void a_wrong_content_is_not_kept(void **state)
{
    struct tmp *tmp = *state;

    fetch_fails("hf://datasets/org/d/wronghash.bin", ERR_INPUT, "expected a3d85529299");
    fetch_list_layout(tmp);
    assert_string_equal(fetches.layout,
                        "hub/.locks/datasets--org--d/"
                        "a3d8552929911c2dda09824377b4538a01b8ccee9125502f27043d62d8531563.lock "
                        "empty\n");
}

static void offline_no_request_is_sent(void **state)
{
    struct fetch_session session;
    struct error err = { 0 };

    (void)state;
    fetch_one("hf://datasets/org/d/big.bin");
    hub_reset(&fetches.hub);
    assert_ok(fetch_with(&session, &(struct remote_settings){ .offline = true },
                         "hf://datasets/org/d/big.bin", &err));
    assert_true(fetch_has_content(remote_file(session.files, 0)->local_path, BIG));
    fetch_session_end(&session);
    fetches.offline = "YES";
    fetch_one("hf://datasets/org/d@" COMMIT "/big.bin");
    fetch_one("hf://datasets/org/d/*.bin");
    fetch_fails("hf://datasets/org/d/data/small.jsonl", ERR_NOT_FOUND, "offline is on");
    fetch_fails("hf://datasets/org/d@v2/big.bin", ERR_NOT_FOUND, "@v2: not in the cache");
    fetch_fails("hf://org/m/big.bin", ERR_NOT_FOUND, "offline is on");
    assert_int_equal(hub_count(&fetches.hub, "\"method\""), 0);
}

static void offline_a_tree_says_what_is_missing(void **state)
{
    struct fetch_session session;
    struct error err = { 0 };

    (void)state;
    assert_ok(
        fetch_find(&session, &(struct remote_settings){ 0 }, "hf://datasets/org/d", &err));
    fetch_session_end(&session);
    fetch_one("hf://datasets/org/d/big.bin");
    fetches.offline = "1";
    fetch_fails("hf://datasets/org/d/**/*.jsonl", ERR_NOT_FOUND, "2 of 2 files are missing");
    fetch_fails("hf://datasets/org/d/[a-b]*.bin", ERR_NOT_FOUND, "2 of 3 files are missing");
}

static void a_commit_in_the_cache_needs_no_request(void **state)
{
    (void)state;
    fetch_one("hf://datasets/org/d/big.bin");
    hub_reset(&fetches.hub);
    fetch_one("hf://datasets/org/d@" COMMIT "/big.bin");
    assert_int_equal(hub_count(&fetches.hub, "\"method\""), 0);
}

static void without_links_the_snapshot_has_the_file(void **state)
{
    struct tmp *tmp = *state;
    struct stat st;

    fetches.no_links = "1";
    fetch_one("hf://datasets/org/d/data/small.jsonl");
    assert_false(fetch_has(tmp, REPO "blobs/" SMALL));
    assert_int_equal(lstat(tmp_path(tmp, SNAPSHOT "data/small.jsonl"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
    hub_reset(&fetches.hub);
    fetch_one("hf://datasets/org/d/data/small.jsonl");
    assert_int_equal(hub_count(&fetches.hub, "\"GET\""), 0);
    fetches.offline = "1";
    fetch_one("hf://datasets/org/d/data/small.jsonl");
}

static void copies_go_into_a_folder_and_nothing_into_the_cache(void **state)
{
    struct tmp *tmp = *state;
    const struct remote_settings given = { .folder = tmp_path(tmp, "out/new") };
    struct fetch_session session;
    struct error err = { 0 };

    for (int i = 0; i < 2; i++) {
        assert_ok(fetch_with(&session, &given, "hf://datasets/org/d/**/*.jsonl", &err));
        fetch_session_end(&session);
        fetch_list_layout(tmp);
        assert_string_equal(fetches.layout,
                            "out/new/data/small.jsonl file\nout/new/\xc3\xa9 x.jsonl file\n");
    }
    tmp_write(tmp, "out/new/README.md", "mine", 4);
    assert_fails(fetch_with(&session, &given, "hf://datasets/org/d/README.md", &err),
                 ERR_CANTCREATE, "exists with another content");
    fetch_session_end(&session);
    assert_true(fetch_has(tmp, "out/new/README.md"));
}

static void what_the_cache_has_is_copied_without_a_transfer(void **state)
{
    struct tmp *tmp = *state;
    struct fetch_session session;
    struct error err = { 0 };

    fetch_one("hf://datasets/org/d/big.bin");
    hub_reset(&fetches.hub);
    assert_ok(fetch_with(
        &session, &(struct remote_settings){ .folder = tmp_path(tmp, "out"), .offline = true },
        "hf://datasets/org/d/big.bin", &err));
    fetch_session_end(&session);
    assert_true(fetch_has_content(tmp_path(tmp, "out/big.bin"), BIG));
    assert_int_equal(hub_count(&fetches.hub, "\"method\""), 0);
}

/* Leave the first n bytes of a fetched file as its partial file, and nothing else of it. */
static void make_partial(struct tmp *tmp, const char *id, const char *file, off_t n)
{
    char blob[200], partial[240];

    snprintf(blob, sizeof blob, REPO "blobs/%s", id);
    snprintf(partial, sizeof partial, "%s.curate.incomplete", blob);
    assert_int_equal(rename(tmp_path(tmp, blob), tmp_path(tmp, partial)), 0);
    assert_int_equal(truncate(tmp_path(tmp, partial), n), 0);
    assert_int_equal(unlink(tmp_path(tmp, file)), 0);
}

static void a_partial_file_of_an_earlier_process_is_continued(void **state)
{
    static const char no_range[] =
        "b21ed2bd8d3a6554c38b7e3e502e7080a02e4ce61af2ab67320af094a799028e";
    struct tmp *tmp = *state;

    fetch_one("hf://datasets/org/d/big.bin");
    make_partial(tmp, BIG, SNAPSHOT "big.bin", 123456);
    fetch_one("hf://datasets/org/d/big.bin");
    assert_true(hub_count(&fetches.hub, "bytes=123456-") > 0);
    assert_true(fetch_has_content(tmp_path(tmp, SNAPSHOT "big.bin"), BIG));
    fetch_one("hf://datasets/org/d/norange.bin");
    make_partial(tmp, no_range, SNAPSHOT "norange.bin", 123457);
    fetch_one("hf://datasets/org/d/norange.bin");
    assert_true(hub_count(&fetches.hub, "bytes=123457-") > 0);
    assert_true(fetch_has_content(tmp_path(tmp, SNAPSHOT "norange.bin"), no_range));
    assert_false(fetch_has(tmp, REPO "blobs/" BIG ".curate.incomplete"));
}

static void a_signal_ends_the_wait_for_another_process(void **state)
{
    volatile int signal = SIGTERM;
    struct tmp *tmp = *state;
    struct fetch_session session;
    struct error err = { 0 };
    const char *path = tmp_path(tmp, "hub/.locks/datasets--org--d/" BIG ".lock");
    const size_t number = 0;

    assert_ok(hub_make_folders(path, &err));
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0664);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_ok(fetch_find(&session, &(struct remote_settings){ 0 },
                         "hf://datasets/org/d/big.bin", &err));
    session.remote->watch.stop_signal = &signal;
    assert_fails(remote_get(session.remote, session.files, &number, 1, &err), ERR_CANCELLED,
                 "while waiting for another process");
    assert_int_equal(err.sys, SIGTERM);
    fetch_session_end(&session);
    close(fd);
    fetch_one("hf://datasets/org/d/big.bin");
}

/* Fetch in another process. */
static pid_t start_fetch(const char *url)
{
    const pid_t pid = fork();

    if (pid == 0) {
        struct fetch_session session;
        struct error err = { 0 };

        _exit(fetch_all(&session, url, &err) == 0 ? 0 : 1);
    }
    assert_true(pid > 0);
    return pid;
}

static void two_processes_receive_a_file_once(void **state)
{
    pid_t pids[4];
    int status = -1;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        pids[i] = start_fetch("hf://datasets/org/d/slow.bin");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(hub_count(&fetches.hub, "/cdn/slow.bin"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_cache_has_the_layout_of_python, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(what_python_cached_is_verified_and_used,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(a_damaged_file_of_python_is_fetched_again,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(
            a_file_that_was_verified_is_not_read_again_until_it_changes, fetch_open_home,
            fetch_close_home),
        cmocka_unit_test_setup_teardown(a_wrong_content_is_not_kept, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(offline_no_request_is_sent, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(offline_a_tree_says_what_is_missing, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(a_commit_in_the_cache_needs_no_request, fetch_open_home,
                                        fetch_close_home),
        cmocka_unit_test_setup_teardown(without_links_the_snapshot_has_the_file,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(copies_go_into_a_folder_and_nothing_into_the_cache,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(what_the_cache_has_is_copied_without_a_transfer,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(a_partial_file_of_an_earlier_process_is_continued,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(a_signal_ends_the_wait_for_another_process,
                                        fetch_open_home, fetch_close_home),
        cmocka_unit_test_setup_teardown(two_processes_receive_a_file_once, fetch_open_home,
                                        fetch_close_home),
    };

    if (!hub_is_possible())
        return SKIP_ALL("no python3");
    return cmocka_run_group_tests(tests, fetch_start_hub, fetch_stop_hub);
}
