/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - make the n-th file operation fail.
 *
 * A VFS between SQLite and the system fails SQLite's operations. The linker routes those of our
 * own code through here, in the programs of `fault_tests` in tests/meson.build.
 *
 * Only operations of the kind's family are counted, those of all threads together:
 *
 *   FAULT_FULL    writing; the n-th and all later ones fail, as on a full disk
 *   FAULT_IO      reading, writing, syncing, renaming; the n-th fails once with EIO
 *   FAULT_DENIED  opening; the n-th and all later ones fail with EACCES
 *   FAULT_BUSY    locking, by SQLite; the n-th fails once, as if another process held it
 */
#ifndef CURATE_FAULT_H
#define CURATE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind { FAULT_FULL, FAULT_IO, FAULT_DENIED, FAULT_BUSY };

/* Call once, before SQLite opens anything. */
void fault_install(void);
/* Make the n-th operation from now on fail, counted from 0. SIZE_MAX only counts. */
void fault_begin(enum fault_kind kind, size_t n);
/* Stop failing. Returns the number of operations of the family since fault_begin(). */
size_t fault_end(void);
/* True if an operation failed since fault_begin(). */
bool fault_was_hit(void);

#endif
