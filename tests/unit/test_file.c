/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "tests/support/tmp.h"

static int setup(void **state)
{
    struct tmp *tmp = test_calloc(1, sizeof *tmp);

    tmp_open(tmp);
    *state = tmp;
    return 0;
}

static int teardown(void **state)
{
    tmp_close(*state);
    test_free(*state);
    return 0;
}

static size_t count_entries(const struct tmp *tmp)
{
    DIR *dir = opendir(tmp->root);
    size_t n = 0;

    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void assert_holds(const char *path, const char *want)
{
    struct buf buf;
    struct error err;

    buf_init(&buf, 1 << 20);
    assert_ok(file_read(path, &buf, &err));
    assert_string_equal(buf_slice(&buf).ptr, want);
    buf_release(&buf);
}

static void maps_the_bytes_of_a_file(void **state)
{
    struct tmp *tmp = *state;
    struct file_map map = { 0 };
    struct error err;
    const char *path = tmp_write(tmp, "a", "a\0bc", 4);

    assert_ok(file_map_open(path, &map, &err));
    assert_int_equal(map.len, 4);
    assert_memory_equal(map.data, "a\0bc", 4);
    file_map_close(&map);
    assert_null(map.data);
    file_map_close(&map);
}

static void maps_nothing_but_files_with_bytes(void **state)
{
    struct tmp *tmp = *state;
    struct file_map map = { 0 };
    struct error err;
    const char *pipe_path = tmp_path(tmp, "pipe");

    assert_fails(file_map_open(tmp_path(tmp, "none"), &map, &err), ERR_NOT_FOUND, "none");
    assert_fails(file_map_open(tmp_write(tmp, "empty", "", 0), &map, &err), ERR_INPUT, "empty");
    assert_fails(file_map_open(tmp->root, &map, &err), ERR_INPUT, "regular");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_fails(file_map_open(pipe_path, &map, &err), ERR_INPUT, "regular");
}

static void stamps_a_file_that_changes(void **state)
{
    struct tmp *tmp = *state;
    struct file_stamp one, two;
    struct error err;
    const char *path = tmp_write(tmp, "a", "abc", 3);

    assert_ok(file_stamp(path, &one, &err));
    assert_ok(file_stamp(path, &two, &err));
    assert_memory_equal(&one, &two, sizeof one);
    assert_int_equal(one.size_bytes, 3);

    tmp_write(tmp, "a", "abcd", 4);
    assert_ok(file_stamp(path, &two, &err));
    assert_int_equal(two.size_bytes, 4);
    assert_fails(file_stamp(tmp_path(tmp, "none"), &one, &err), ERR_NOT_FOUND, "none");
}

static void knows_network_file_systems(void **state)
{
    struct tmp *tmp = *state;

    assert_string_equal(file_network_type(0x6969), "NFS");
    assert_string_equal(file_network_type(0xff534d42), "SMB");
    assert_null(file_network_type(0xef53));     /* ext4 */
    assert_null(file_network_type(0x01021994)); /* tmpfs */
    assert_null(file_network_name("/proc/self/stat"));
    assert_null(file_network_name("/proc/none"));
    assert_null(file_network_name(tmp_path(tmp, "no/such/folder")));
}

static void reads_no_more_than_the_buffer_takes(void **state)
{
    struct tmp *tmp = *state;
    struct buf buf;
    struct error err;
    const char *path = tmp_write(tmp, "a", "0123456789", 10);

    buf_init(&buf, 9);
    assert_fails(file_read(path, &buf, &err), ERR_INPUT, path);
    assert_fails(file_read(tmp->root, &buf, &err), ERR_IO, tmp->root);
    buf_release(&buf);
    assert_holds(path, "0123456789");
}

static void writes_appear_whole_at_the_commit(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;
    const char *path = tmp_write(tmp, "out", "old", 3);

    assert_ok(file_out_open(path, &file, &err));
    assert_ok(file_out_add(file, slice_text("new "), &err));
    assert_ok(file_out_add(file, slice_text("text"), &err));
    assert_holds(path, "old");
    assert_ok(file_out_commit(file, &err));
    file_out_close(file);

    assert_holds(path, "new text");
    assert_int_equal(count_entries(tmp), 1);
}

static void leaves_no_trace_without_a_commit(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;

    assert_ok(file_out_open(tmp_path(tmp, "out"), &file, &err));
    assert_ok(file_out_add(file, slice_text("text"), &err));
    assert_int_equal(count_entries(tmp), 1);
    file_out_close(file);

    assert_int_equal(count_entries(tmp), 0);
    file_out_close(NULL);
}

static void uses_up_what_a_killed_process_left(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;

    tmp_write(tmp, "out.curate-tmp", "half of something longer", 24);
    assert_ok(file_out_open(tmp_path(tmp, "out"), &file, &err));
    assert_ok(file_out_add(file, slice_text("text"), &err));
    assert_ok(file_out_commit(file, &err));
    file_out_close(file);

    assert_holds(tmp_path(tmp, "out"), "text");
    assert_int_equal(count_entries(tmp), 1);
}

static void lets_one_process_write_at_a_time(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL, *other = NULL;
    struct error err;

    assert_ok(file_out_open(tmp_path(tmp, "out"), &file, &err));
    assert_fails(file_out_open(tmp_path(tmp, "out"), &other, &err), ERR_BUSY,
                 "another process");
    assert_int_equal(count_entries(tmp), 1);
    file_out_close(file);

    assert_int_equal(symlink("elsewhere", tmp_path(tmp, "out.curate-tmp")), 0);
    assert_fails(file_out_open(tmp_path(tmp, "out"), &other, &err), ERR_CANTCREATE, "out");
    assert_int_equal(count_entries(tmp), 1);
}

static void writes_more_than_it_holds(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;
    struct buf want;
    char block[7001];
    const char *path = tmp_path(tmp, "out");

    buf_init(&want, 1 << 20);
    memset(block, 'x', sizeof block);
    assert_ok(file_out_open(path, &file, &err));
    for (size_t n = 1; n < 300000; n = n * 3 + 1) { /* below and above what is held */
        for (size_t done = 0; done < n; done += sizeof block) {
            const size_t left = n - done < sizeof block ? n - done : sizeof block;
            assert_ok(buf_add(&want, block, left, &err));
        }
        const struct slice all = buf_slice(&want);
        assert_ok(file_out_add(file, slice_of(all.ptr + all.len - n, n), &err));
        assert_ok(buf_add(&want, "|", 1, &err));
        assert_ok(file_out_add(file, slice_text("|"), &err));
    }
    assert_ok(file_out_commit(file, &err));
    file_out_close(file);

    assert_holds(path, buf_slice(&want).ptr);
    buf_release(&want);
}

static void replaces_what_a_link_points_to(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;
    struct stat st;
    const char *target = tmp_write(tmp, "target", "old", 3);
    const char *link = tmp_path(tmp, "link");

    assert_int_equal(symlink("target", link), 0);
    assert_ok(file_out_open(link, &file, &err));
    assert_ok(file_out_add(file, slice_text("new"), &err));
    assert_ok(file_out_commit(file, &err));
    file_out_close(file);

    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_holds(target, "new");
}

static void writes_to_a_device_in_place(void **state)
{
    struct file_out *file = NULL;
    struct error err;
    struct stat st;

    (void)state;
    assert_ok(file_out_open("/dev/null", &file, &err));
    assert_ok(file_out_add(file, slice_text("gone"), &err));
    assert_ok(file_out_commit(file, &err));
    file_out_close(file);

    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void says_when_it_cannot_create(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;

    assert_fails(file_out_open(tmp->root, &file, &err), ERR_CANTCREATE, "directory");
    assert_fails(file_out_open(tmp_path(tmp, "no/out"), &file, &err), ERR_CANTCREATE, "no/out");
    assert_null(file);
}

static void says_when_the_disk_is_full(void **state)
{
    struct file_out *file = NULL;
    struct error err;

    (void)state;
    assert_ok(file_out_open("/dev/full", &file, &err));
    assert_ok(file_out_add(file, slice_text("text"), &err));
    assert_fails(file_out_commit(file, &err), ERR_IO, "/dev/full");
    file_out_close(file);
}

/* A dash is standard output, which stays open. */
static void a_dash_is_standard_output(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;
    const char *path = tmp_write(tmp, "stdout", "", 0);

    fflush(stdout);
    const int keep = dup(STDOUT_FILENO);
    assert_non_null(freopen(path, "w", stdout));
    const int opened = file_out_open("-", &file, &err);
    if (opened == 0 && file_out_add(file, slice_text("text"), &err) == 0)
        file_out_commit(file, &err);
    file_out_close(file);
    const int alive = write(STDOUT_FILENO, "!", 1) == 1;
    dup2(keep, STDOUT_FILENO);
    close(keep);

    assert_true(alive);
    assert_holds(path, "text!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(maps_the_bytes_of_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(maps_nothing_but_files_with_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(stamps_a_file_that_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_network_file_systems, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_no_more_than_the_buffer_takes, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_appear_whole_at_the_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_no_trace_without_a_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(uses_up_what_a_killed_process_left, setup, teardown),
        cmocka_unit_test_setup_teardown(lets_one_process_write_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_more_than_it_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(replaces_what_a_link_points_to, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_to_a_device_in_place, setup, teardown),
        cmocka_unit_test_setup_teardown(says_when_it_cannot_create, setup, teardown),
        cmocka_unit_test_setup_teardown(says_when_the_disk_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dash_is_standard_output, setup, teardown),
    };

    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
