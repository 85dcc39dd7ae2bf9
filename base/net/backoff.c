/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/backoff.h"

#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/net/headers.h"
#include "base/net/http.h"

enum { SLICE_MS = 50 }; /* a signal may arrive on another thread, so that sleep goes on */

bool backoff_is_transient(const struct error *err)
{
    return err->code == ERR_BUSY && http_may_retry(err->sys);
}

bool backoff_is_transient_status(int status)
{
    return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

void backoff_progress(struct backoff *backoff)
{
    backoff->n_failed = 0;
}

/* min(60, 2^k) units times a factor of 0.5 to 1, which spreads the clients of a server that was
 * busy. The hash of the time is random enough for that. */
static uint64_t wait_of(unsigned k, unsigned unit_ms)
{
    const uint64_t most = k < 6 ? (uint64_t)1 << k : BACKOFF_MAX_WAIT_S;
    const uint64_t whole = (most < BACKOFF_MAX_WAIT_S ? most : BACKOFF_MAX_WAIT_S) * unit_ms;
    const int64_t now = clock_mono_ns();
    const uint64_t random = hash_u64(slice_of((const char *)&now, sizeof now)) % 1024;

    return whole - whole / 2 * random / 1024;
}

int backoff_sleep(const struct http_watch *watch, uint64_t wait_ms, struct error *err)
{
    const int64_t end = clock_mono_ns() + (int64_t)wait_ms * 1000000;

    for (;;) {
        const int64_t left = end - clock_mono_ns();
        const int64_t step = left < SLICE_MS * 1000000 ? left : SLICE_MS * 1000000;
        const struct timespec pause = { .tv_nsec = step > 0 ? step : 0 };

        if (watch && watch->stop_signal && *watch->stop_signal)
            return error_set_sys(err, ERR_CANCELLED, *watch->stop_signal,
                                 "stopped by a signal");
        if (left <= 0)
            return 0;
        nanosleep(&pause, NULL);
    }
}

int backoff_wait(struct backoff *backoff, const char *why, const struct headers *headers,
                 struct error *err)
{
    const struct http_watch *watch = backoff->watch;
    const unsigned unit_ms = watch && watch->backoff_ms ? watch->backoff_ms : 1000;
    uint64_t wait_ms;

    if (++backoff->n_failed >= BACKOFF_TRIES)
        return 0;
    if (!headers || !headers_wait_ms(headers, clock_unix_ms(), &wait_ms))
        wait_ms = wait_of(backoff->n_failed - 1, unit_ms);
    if (wait_ms > (uint64_t)BACKOFF_MAX_ASKED_S * 1000)
        return 0;
    if (watch && watch->on_wait)
        watch->on_wait(watch->arg, why, wait_ms);
    return backoff_sleep(watch, wait_ms, err) < 0 ? -1 : 1;
}
