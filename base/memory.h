/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - how much memory there is to be had.
 */
#ifndef CURATE_MEMORY_H
#define CURATE_MEMORY_H

#include <stdint.h>

/*
 * Bytes that this process may still take without swapping: the least of what the machine has
 * available (/proc/meminfo: MemAvailable) and what the limits of its control groups leave
 * (version 2, or 1), where the page cache of a group counts as free. Files that are mapped are
 * page cache. root stands before the paths of the system, "" for the real ones. UINT64_MAX when
 * the system tells nothing.
 */
uint64_t memory_available(const char *root);

#endif
