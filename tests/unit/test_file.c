/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <dirent.h>
#include <fcntl.h>
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

static void file_map_holds_the_bytes_of_the_file(void **state)
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

static void file_map_refuses_empty_files_and_special_files(void **state)
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

/* As cp -p, rsync --inplace -t and tar write. */
static void file_stamp_changes_although_size_and_mtime_are_restored(void **state)
{
    struct tmp *tmp = *state;
    const char *path = tmp_write(tmp, "a", "abc", 3);
    const int fd = open(path, O_WRONLY);
    struct file_stamp one, two, of_fd;
    struct error err;
    struct stat st;

    assert_ok(file_stamp(path, &one, &err));
    assert_int_equal(fstat(fd, &st), 0);
    usleep(20000); /* a tick of the kernel's clock */
    assert_int_equal(write(fd, "xyz", 3), 3);
    assert_int_equal(futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }), 0);

    assert_ok(file_stamp(path, &two, &err));
    assert_int_equal(one.size_bytes, two.size_bytes);
    assert_int_equal(one.mtime_ns, two.mtime_ns);
    assert_int_equal(one.inode, two.inode);
    assert_false(file_stamp_equal(&one, &two));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(close(open(path, O_WRONLY | O_CREAT, 0600)), 0);
    assert_ok(file_stamp_fd(fd, "a", &of_fd, &err)); /* of the file, not of its path */
    assert_int_equal(of_fd.inode, one.inode);
    close(fd);
}

static void file_stamp_changes_with_the_file(void **state)
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
    assert_false(file_stamp_equal(&one, &two));
    assert_fails(file_stamp(tmp_path(tmp, "none"), &one, &err), ERR_NOT_FOUND, "none");
}

static void network_file_systems_are_named(void **state)
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

static void reading_a_file_larger_than_the_buffer_is_an_error(void **state)
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

static void written_bytes_appear_at_the_commit_only(void **state)
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

static void closing_without_a_commit_leaves_no_file(void **state)
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

static void a_temporary_file_of_a_killed_process_is_used_again(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;

    const char *left = tmp_write(tmp, "out.curate-tmp", "half of something longer", 24);
    assert_int_equal(chmod(left, S_ISVTX | 0600), 0);
    assert_ok(file_out_open(tmp_path(tmp, "out"), &file, &err));
    assert_ok(file_out_add(file, slice_text("text"), &err));
    assert_ok(file_out_commit(file, &err));
    file_out_close(file);

    assert_holds(tmp_path(tmp, "out"), "text");
    assert_int_equal(count_entries(tmp), 1);
}

static void a_temporary_file_of_somebody_else_is_left_alone(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;
    const char *theirs = tmp_write(tmp, "out.curate-tmp", "precious", 8);

    assert_fails(file_out_open(tmp_path(tmp, "out"), &file, &err), ERR_CANTCREATE,
                 "out.curate-tmp");
    assert_null(file);
    assert_holds(theirs, "precious");
}

static void a_replaced_file_keeps_its_mode(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;
    struct stat st;
    const char *path = tmp_write(tmp, "out", "old", 3);

    assert_int_equal(chmod(path, 0600), 0);
    assert_ok(file_out_open(path, &file, &err));
    assert_ok(file_out_add(file, slice_text("new"), &err));
    assert_ok(file_out_commit(file, &err));
    file_out_close(file);

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_holds(path, "new");
}

static void a_second_writer_of_the_same_file_is_refused(void **state)
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

static void writes_larger_than_the_buffer_are_complete(void **state)
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
    for (size_t n = 1; n < 300000; n = n * 3 + 1) { /* smaller and larger than the buffer */
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

static void writing_to_a_link_replaces_its_target(void **state)
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

static void links_are_followed_to_files_that_do_not_exist(void **state)
{
    struct tmp *tmp = *state;
    struct error err;
    char *end = NULL;

    assert_int_equal(symlink("second", tmp_path(tmp, "first")), 0);
    assert_int_equal(symlink("target", tmp_path(tmp, "second")), 0);
    assert_int_equal(symlink("loop", tmp_path(tmp, "loop")), 0);
    assert_ok(file_follow(tmp_path(tmp, "first"), &end, &err));
    assert_string_equal(end, tmp_path(tmp, "target"));
    free(end);
    assert_int_equal(file_is_same(tmp_path(tmp, "first"), tmp_path(tmp, "target"), &err), 1);
    assert_int_equal(file_is_same(tmp_path(tmp, "first"), tmp_path(tmp, "other"), &err), 0);
    assert_fails(file_follow(tmp_path(tmp, "loop"), &end, &err), ERR_IO, "loop");
}

static void hard_links_are_the_same_file(void **state)
{
    struct tmp *tmp = *state;
    const char *one = tmp_write(tmp, "one", "x", 1);
    struct error err;

    assert_int_equal(link(one, tmp_path(tmp, "two")), 0);
    tmp_write(tmp, "three", "x", 1);
    assert_int_equal(file_is_same(one, tmp_path(tmp, "two"), &err), 1);
    assert_int_equal(file_is_same(one, tmp_path(tmp, "three"), &err), 0);
    assert_int_equal(file_is_same(one, tmp_path(tmp, "none"), &err), 0);
}

static void a_device_is_written_in_place(void **state)
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

static void a_file_that_cannot_be_created_is_an_error(void **state)
{
    struct tmp *tmp = *state;
    struct file_out *file = NULL;
    struct error err;

    assert_fails(file_out_open(tmp->root, &file, &err), ERR_CANTCREATE, "directory");
    assert_fails(file_out_open(tmp_path(tmp, "no/out"), &file, &err), ERR_CANTCREATE, "no/out");
    assert_null(file);
}

static void a_full_disk_is_an_error_at_the_commit(void **state)
{
    struct file_out *file = NULL;
    struct error err;

    (void)state;
    assert_ok(file_out_open("/dev/full", &file, &err));
    assert_ok(file_out_add(file, slice_text("text"), &err));
    assert_fails(file_out_commit(file, &err), ERR_IO, "/dev/full");
    file_out_close(file);
}

/* Standard output stays open after the commit. */
static void a_dash_writes_to_standard_output(void **state)
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
        cmocka_unit_test_setup_teardown(file_map_holds_the_bytes_of_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(file_map_refuses_empty_files_and_special_files, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(file_stamp_changes_with_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(file_stamp_changes_although_size_and_mtime_are_restored,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(network_file_systems_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_a_file_larger_than_the_buffer_is_an_error,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(written_bytes_appear_at_the_commit_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(closing_without_a_commit_leaves_no_file, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_temporary_file_of_a_killed_process_is_used_again,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_temporary_file_of_somebody_else_is_left_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_replaced_file_keeps_its_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_writer_of_the_same_file_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(writes_larger_than_the_buffer_are_complete, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(writing_to_a_link_replaces_its_target, setup, teardown),
        cmocka_unit_test_setup_teardown(links_are_followed_to_files_that_do_not_exist, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hard_links_are_the_same_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_is_written_in_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_created_is_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_an_error_at_the_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dash_writes_to_standard_output, setup, teardown),
    };

    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
