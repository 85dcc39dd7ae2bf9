/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - one writer at a time, by flock(2) on a file beside the database.
 *
 * The lock goes away with the process, however it ends. The file holds pid, host, command and
 * run of the holder for the message a second writer gets; its content is never trusted for
 * locking.
 */
#ifndef CURATE_LOCK_H
#define CURATE_LOCK_H

#include <stdint.h>

struct error;
struct lock;

enum lock_policy {
    LOCK_WAIT, /* until it is free, or timeout_ms has passed: ERR_BUSY */
    LOCK_FAIL, /* ERR_BUSY at once */
    LOCK_SKIP, /* *out is NULL and 0 is returned when somebody else has it */
};

/* timeout_ms 0 waits for ever. path is of the lock file itself: created when missing. A signal
 * that comes while waiting ends it: ERR_CANCELLED, with sys 0, as only its handler knows which.
 */
int lock_take(const char *path, enum lock_policy policy, int64_t timeout_ms,
              const char *command, struct lock **out, struct error *err);
/* Once the run has a number, the message names it. */
void lock_tell_run(struct lock *lock, int64_t run_id);
void lock_release(struct lock *lock);

#endif
