/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.h - lets the n-th allocation of a call fail.
 *
 * For the programs in `oom_tests` of tests/meson.build: the linker routes the allocations of
 * their code and of our libraries in them through here. Foreign libraries, which are shared,
 * keep the real ones, and so does what libc allocates by itself (asprintf, fopen). Injection is
 * the calling thread's own affair.
 *
 *     for (size_t n = 0; ; n++) {
 *         oom_begin(n);
 *         rc = thing_parse(data, len, &thing, &err);
 *         if (!oom_end())
 *             break;               (the call made no more than n allocations)
 *         assert_fails(rc, ERR_NOMEM, "");
 *     }
 *     assert_ok(rc);
 */
#ifndef CURATE_OOM_H
#define CURATE_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation of this thread from here on, counted from 0, fails; the others do not, so
 * that code which goes on without what it asked for is found out. */
void oom_begin(size_t n);

/* Allocations work again. Was one refused since oom_begin()? */
bool oom_end(void);

#endif
