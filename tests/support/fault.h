/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - lets the n-th operation on files fail: those of SQLite, by a VFS between it and the
 * system, and those of our own code, which the linker routes through here in the programs of
 * `fault_tests` in tests/meson.build.
 *
 * Operations are counted over all threads, only those of the kind's family:
 *
 *   FAULT_FULL    writing; from the n-th on there is no space, as on a full disk
 *   FAULT_IO      reading, writing, syncing, renaming; the n-th fails once with EIO
 *   FAULT_DENIED  opening; from the n-th on EACCES, as after a loss of permission
 *   FAULT_BUSY    locking, by SQLite; the n-th is refused once, as beside another process
 */
#ifndef CURATE_FAULT_H
#define CURATE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind { FAULT_FULL, FAULT_IO, FAULT_DENIED, FAULT_BUSY };

/* Once, before SQLite opens anything. */
void fault_install(void);
/* The n-th operation from here on, counted from 0, fails; SIZE_MAX counts only. */
void fault_begin(enum fault_kind kind, size_t n);
/* Nothing fails any more. How many operations of the family there were. */
size_t fault_end(void);
/* Did one fail? */
bool fault_was_hit(void);

#endif
