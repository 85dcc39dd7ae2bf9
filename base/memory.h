/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - how much memory is available, and what happens to freed memory.
 */
#ifndef CURATE_MEMORY_H
#define CURATE_MEMORY_H

#include <stdint.h>

/*
 * Get the number of bytes that this process can still allocate without swapping. This is the
 * minimum of MemAvailable in /proc/meminfo and of what the limits of the process's control
 * groups (version 1 or 2) leave. The page cache of a group, which includes mapped files, counts
 * as free. Returns UINT64_MAX if nothing is known. root is put before the system's paths; it is
 * "" except in tests.
 */
uint64_t memory_available(const char *root);

/* Make free() return large blocks to the kernel at once, so that a limit on memory holds. */
void memory_return_blocks(void);

#endif
