/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_process.h - make the n-th allocation of a call fail in any code, including json-c,
 * SQLite, libyaml and other shared libraries, which oom.h cannot reach.
 *
 * A program that links this file uses its malloc() family instead of libc's. It cannot run
 * under a sanitizer, which brings its own malloc(), so it finds leaks by counting blocks.
 */
#ifndef CURATE_OOM_PROCESS_H
#define CURATE_OOM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Make the n-th allocation of this thread from now on fail, counted from 0. */
void oom_process_begin(size_t n);
/* Stop failing. Returns true if an allocation failed since oom_process_begin(). */
bool oom_process_end(void);
/* The number of blocks that are allocated now, by all threads. */
int64_t oom_process_blocks(void);

#endif
