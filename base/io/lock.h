/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - one writer at a time, by flock(2) on a file beside the database.
 *
 * The kernel releases the lock when the process ends. The file contains process, host, command
 * and run of the writer, only for the message that a second writer gets. If another
 * program made the file, it is locked but not changed: the text is written only to an empty
 * file or to a file that begins like ours.
 */
#ifndef CURATE_LOCK_H
#define CURATE_LOCK_H

#include <stdint.h>

struct error;
struct lock;

/* What to do if another process holds the lock. */
enum lock_policy {
    LOCK_WAIT, /* wait until the lock is free; ERR_BUSY after timeout_ms */
    LOCK_FAIL, /* ERR_BUSY at once */
    LOCK_SKIP, /* return 0 and set *out to NULL */
};

/* How to wait. A signal handler sets *stop_signal to the signal that asks to stop. */
struct lock_wait {
    enum lock_policy policy;
    int64_t timeout_ms;              /* 0: no limit */
    const volatile int *stop_signal; /* NULL: nothing ends the wait early */
};

/* Acquire the lock. path is the lock file, which is created if missing. Returns 0, or -1 with
 * err set: ERR_CANTCREATE if the path is a symbolic link or no regular file, ERR_CANCELLED with
 * the signal as sys if a signal ended the wait. */
int lock_acquire(const char *path, const struct lock_wait *how, const char *command,
                 struct lock **out, struct error *err);
/* Find out whether a process holds the lock. Returns 1, 0, or -1 if that is unknown. */
int lock_is_held(const char *path);
/* Write the run into the lock file, so that messages name it. */
void lock_set_run(struct lock *lock, int64_t run_id);
void lock_release(struct lock *lock);

#endif
