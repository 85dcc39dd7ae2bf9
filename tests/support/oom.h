/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.h - make the n-th allocation of a call fail.
 *
 * For the programs of `oom_tests` in tests/meson.build. The linker routes the allocations of
 * their code, our libraries included, through here. Shared libraries keep the real allocator,
 * and so do functions of libc that allocate (asprintf, fopen). Failures are per thread.
 *
 * Most tests use oom_survive(). By hand, call oom_begin(n), the function under test and
 * oom_end(), for n = 0, 1, 2, ... until no allocation failed.
 */
#ifndef CURATE_OOM_H
#define CURATE_OOM_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Make the n-th allocation of this thread from now on fail, counted from 0. Later ones succeed,
 * so code that continues without its memory is found. */
void oom_begin(size_t n);

/* Stop failing. Returns true if an allocation failed since oom_begin(). */
bool oom_end(void);

/* Do something that allocates, undo it, and return 0 or -1 with err set. */
typedef int oom_scenario(const void *input, struct error *err);

/* Run the scenario once for each of its allocations, with that one failing. It must report
 * ERR_NOMEM, and succeed afterwards. Returns the number of its allocations. */
size_t oom_survive(oom_scenario *run, const void *input);

/* Count the memory of this thread from now on: allocated here, not freed yet. */
void oom_count_begin(void);

/* Stop counting. Returns the most bytes there were at once. */
size_t oom_count_end(void);

#endif
