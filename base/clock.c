/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

/* Both clocks exist on every Linux, so reading them cannot fail. */

int64_t clock_unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_mono_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
