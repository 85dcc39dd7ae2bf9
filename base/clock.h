/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - wall-clock time, monotonic time and processor time.
 *
 * These clocks exist on every Linux, so reading them cannot fail.
 */
#ifndef CURATE_CLOCK_H
#define CURATE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since 1970 (UTC), for timestamps. */
static inline int64_t clock_unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Nanoseconds of a clock that is never set back, for durations. */
static inline int64_t clock_mono_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds of processor time that all threads of this process have used. */
static inline int64_t clock_cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
