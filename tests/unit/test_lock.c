/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io/lock.h"
#include "tests/support/tmp.h"

static const struct lock_wait at_once = { .policy = LOCK_FAIL };

static void a_held_lock_is_not_given_twice(void **state)
{
    struct tmp tmp = { 0 };
    struct lock *first = NULL, *second = NULL;
    const struct lock_wait skip = { .policy = LOCK_SKIP };
    struct error err;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "a.lock");
    assert_ok(lock_acquire(path, &at_once, "curate score nll", &first, &err));
    assert_non_null(first);

    /* For flock(), a second descriptor is another owner, within one process too. */
    assert_fails(lock_acquire(path, &at_once, "x", &second, &err), ERR_BUSY,
                 "curate score nll");
    assert_null(second);
    lock_set_run(first, 17);
    assert_fails(lock_acquire(path, &at_once, "x", &second, &err), ERR_BUSY,
                 "curate score nll, run 17");
    assert_ok(lock_acquire(path, &skip, "x", &second, &err));
    assert_null(second);

    assert_int_equal(lock_is_held(path), 1);
    lock_release(first);
    assert_int_equal(lock_is_held(path), 0);
    assert_int_equal(lock_is_held(tmp_path(&tmp, "none.lock")), 0);
    assert_ok(lock_acquire(path, &at_once, "x", &second, &err));
    assert_non_null(second);
    lock_release(second);
    lock_release(NULL);
    tmp_close(&tmp);
}

static void waiting_for_a_lock_ends_after_the_given_time(void **state)
{
    const struct lock_wait soon = { .policy = LOCK_WAIT, .timeout_ms = 120 };
    struct tmp tmp = { 0 };
    struct lock *first = NULL, *second = NULL;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "a.lock");
    assert_ok(lock_acquire(path, &at_once, "first", &first, &err));

    const int64_t before_ns = clock_mono_ns();
    assert_fails(lock_acquire(path, &soon, "second", &second, &err), ERR_BUSY, "after 0.1 s");
    assert_true(clock_mono_ns() - before_ns >= 120 * 1000000);
    lock_release(first);
    tmp_close(&tmp);
}

/* Start a child that holds the lock until it is killed. Returns once the child has the lock. */
static pid_t start_owner(const char *path)
{
    int ready[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct lock *lock = NULL;
        struct error err;

        if (lock_acquire(path, &at_once, "child", &lock, &err) < 0)
            _exit(1);
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(2);
    }
    assert_true(child > 0);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void a_lock_ends_with_its_process(void **state)
{
    struct tmp tmp = { 0 };
    struct lock *lock = NULL;
    struct error err;
    char owner[32];

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "a.lock");
    const pid_t child = start_owner(path);
    snprintf(owner, sizeof owner, "process %ld ", (long)child);
    assert_fails(lock_acquire(path, &at_once, "x", &lock, &err), ERR_BUSY, owner);

    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(lock_acquire(path, &at_once, "x", &lock, &err));
    lock_release(lock);
    tmp_close(&tmp);
}

static volatile sig_atomic_t stopped_by;

static void note_signal(int signal_number)
{
    stopped_by = signal_number;
}

static void a_signal_ends_waiting_for_a_lock(void **state)
{
    const struct lock_wait how = { .policy = LOCK_WAIT, .stop_signal = &stopped_by };
    const struct sigaction action = { .sa_handler = note_signal };
    const struct itimerval soon = { .it_value.tv_usec = 1000 };
    struct tmp tmp = { 0 };
    struct lock *first = NULL, *second = NULL;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_path(&tmp, "a.lock");
    assert_ok(lock_acquire(path, &at_once, "first", &first, &err));
    sigaction(SIGALRM, &action, NULL);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);

    assert_fails(lock_acquire(path, &how, "second", &second, &err), ERR_CANCELLED, path);
    assert_int_equal(err.sys, SIGALRM);

    /* Nor does a signal get lost that arrives before the wait. */
    assert_fails(lock_acquire(path, &how, "second", &second, &err), ERR_CANCELLED, path);
    lock_release(first);
    tmp_close(&tmp);
}

/* The content of the lock file is only quoted in messages, and may be anything. */
static void bytes_of_a_lock_file_are_escaped_in_messages(void **state)
{
    static const char junk[] = "process \x1b[31m\xff\nsecond line";
    struct tmp tmp = { 0 };
    struct lock *lock = NULL, *second = NULL;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_write(&tmp, "a.lock", junk, sizeof junk - 1);
    assert_ok(lock_acquire(path, &at_once, "first", &lock, &err));
    tmp_write(&tmp, "a.lock", junk, sizeof junk - 1);

    assert_fails(lock_acquire(path, &at_once, "x", &second, &err), ERR_BUSY,
                 "by process ?[31m?:");
    tmp_write(&tmp, "a.lock", "", 0);
    assert_fails(lock_acquire(path, &at_once, "x", &second, &err), ERR_BUSY, "unknown process");
    lock_release(lock);
    tmp_close(&tmp);
}

static void a_file_of_somebody_else_is_locked_but_not_written(void **state)
{
    static const char theirs[] = "dependencies\n";
    char held[sizeof theirs] = "";
    struct tmp tmp = { 0 };
    struct lock *lock = NULL;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    const char *path = tmp_write(&tmp, "yarn.lock", theirs, sizeof theirs - 1);
    assert_int_equal(symlink("yarn.lock", tmp_path(&tmp, "link.lock")), 0);
    assert_fails(lock_acquire(tmp_path(&tmp, "link.lock"), &at_once, "x", &lock, &err),
                 ERR_CANTCREATE, "link.lock");
    assert_ok(lock_acquire(path, &at_once, "x", &lock, &err));
    lock_set_run(lock, 1);
    lock_release(lock);

    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(held, 1, sizeof held, file), sizeof theirs - 1);
    fclose(file);
    assert_string_equal(held, theirs);
    tmp_close(&tmp);
}

static void a_lock_in_a_missing_folder_is_an_error(void **state)
{
    struct tmp tmp = { 0 };
    struct lock *lock = NULL;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    assert_fails(lock_acquire(tmp_path(&tmp, "none/a.lock"), &at_once, "x", &lock, &err),
                 ERR_NOT_FOUND, "none/a.lock");
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_lock_is_not_given_twice),
        cmocka_unit_test(waiting_for_a_lock_ends_after_the_given_time),
        cmocka_unit_test(a_lock_ends_with_its_process),
        cmocka_unit_test(a_signal_ends_waiting_for_a_lock),
        cmocka_unit_test(bytes_of_a_lock_file_are_escaped_in_messages),
        cmocka_unit_test(a_file_of_somebody_else_is_locked_but_not_written),
        cmocka_unit_test(a_lock_in_a_missing_folder_is_an_error),
    };

    return cmocka_run_group_tests_name("base/lock", tests, NULL, NULL);
}
