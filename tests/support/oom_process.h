/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_process.h - lets the n-th allocation of a call fail, whoever makes it: also json-c,
 * SQLite, libyaml and the other shared libraries, which oom.h cannot reach.
 *
 * The program that links this has malloc() and its family from here, in front of libc's. Not
 * under a sanitizer, which has them itself; so leaks are found here, by counting.
 */
#ifndef CURATE_OOM_PROCESS_H
#define CURATE_OOM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The n-th allocation of this thread from here on, counted from 0, fails. */
void oom_process_begin(size_t n);
/* Allocations work again. Was one refused since? */
bool oom_process_end(void);
/* Blocks that are allocated now, by all threads. */
int64_t oom_process_blocks(void);

#endif
