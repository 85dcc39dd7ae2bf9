/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_process.h - starts tests/support/hub.py, a Hub and a CDN on this machine.
 *
 * Every error fails the test. A struct hub that was not stopped, because a test failed, ends by
 * itself after five minutes.
 */
#ifndef CURATE_HUB_PROCESS_H
#define CURATE_HUB_PROCESS_H

#include <sys/types.h>

#include <stddef.h>

struct buf;

struct hub {
    pid_t pid;
    unsigned hub_port, cdn_port;
    char url[64]; /* "http://127.0.0.1:PORT", or https */
    char cdn[64]; /* "http://localhost:PORT" */
};

/* Start it and wait until it answers. cert and key are files for TLS, NULL for plain HTTP. */
void hub_start(struct hub *hub, const char *cert, const char *key);
void hub_stop(struct hub *hub);

/* Forget the log and all counters. Not with TLS. */
void hub_reset(const struct hub *hub);
/* Read the requests since hub_reset(), as JSON. Not with TLS. */
void hub_log(const struct hub *hub, struct buf *out);
/* Count how often a text occurs in that log. */
size_t hub_count(const struct hub *hub, const char *text);

/* Is there a python3 to run it? */
int hub_is_possible(void);

#endif
