/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - wall-clock time and monotonic time.
 */
#ifndef CURATE_CLOCK_H
#define CURATE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970 (UTC), for timestamps. */
int64_t clock_unix_ms(void);
/* Nanoseconds of a clock that is never set back, for durations. */
int64_t clock_mono_ns(void);

#endif
