/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap_limit.h - limit the memory of SQLite, in all its connections.
 */
#ifndef CURATE_HEAP_LIMIT_H
#define CURATE_HEAP_LIMIT_H

#include <stdint.h>

/* 0 for no limit. */
void heap_limit(int64_t bytes);

#endif
