/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff.h - whether to try a request again, and when.
 *
 * A try fails by an error of the network or by a status. After BACKOFF_TRIES failed tries in a
 * row the last failure is final; a try that brings new bytes resets the count. Waits double
 * from one second to one minute, times a random factor of 0.5 to 1, unless the server says how
 * long.
 */
#ifndef CURATE_BACKOFF_H
#define CURATE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct headers;
struct http_watch;

/* A server that asks for a longer wait is not waited for. */
enum { BACKOFF_TRIES = 6, BACKOFF_MAX_WAIT_S = 60, BACKOFF_MAX_ASKED_S = 900 };

struct backoff {
    const struct http_watch *watch; /* borrowed */
    unsigned n_failed;              /* in a row, without progress; 0 at first */
};

/* Can another try succeed after this failure of http_send()? */
bool backoff_is_transient(const struct error *err);
bool backoff_is_transient_status(int status);

/* Note that new bytes came. */
void backoff_progress(struct backoff *backoff);
/* Wait before the next try; why is for on_wait. headers are those of the failed answer, NULL if
 * there was none. Returns 1 to try again, 0 if the tries are used up or the server asks for too
 * long a wait, or -1 with err set: ERR_CANCELLED. */
int backoff_wait(struct backoff *backoff, const char *why, const struct headers *headers,
                 struct error *err);
/* Sleep. A signal ends it at once. Returns 0, or -1 with err set: ERR_CANCELLED. */
int backoff_sleep(const struct http_watch *watch, uint64_t wait_ms, struct error *err);

#endif
