/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.h - lets the n-th allocation of a call fail.
 *
 * For the programs in `oom_tests` of tests/meson.build: the linker routes the allocations of
 * their code and of our libraries in them through here. Foreign libraries, which are shared,
 * keep the real ones, and so does what libc allocates by itself (asprintf, fopen). Injection is
 * the calling thread's own affair.
 *
 * Most tests want oom_survive(); what it does by hand is oom_begin(n), the call, oom_end(), for
 * n = 0, 1, 2, ... until no allocation was refused any more.
 */
#ifndef CURATE_OOM_H
#define CURATE_OOM_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* The n-th allocation of this thread from here on, counted from 0, fails; the others do not, so
 * that code which goes on without what it asked for is found out. */
void oom_begin(size_t n);

/* Allocations work again. Was one refused since oom_begin()? */
bool oom_end(void);

/* Does something that allocates, undoes it, and returns what it came to. */
typedef int oom_scenario(const void *input, struct error *err);

/* Lets each allocation of the scenario fail once, which it must report as ERR_NOMEM; then it
 * must succeed. Returns how many allocations it makes. */
size_t oom_survive(oom_scenario *run, const void *input);

#endif
