/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetches.h - tests that fetch from a hub on this machine into a cache of their own.
 *
 * Use fetch_start_hub() and fetch_stop_hub() for the group of tests, fetch_open_home() and
 * fetch_close_home() for each test. *state is its struct tmp, whose root is HF_HOME. Waits
 * between tries are 50 times as short as usual. Functions without err fail the test.
 */
#ifndef CURATE_FETCHES_H
#define CURATE_FETCHES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/net/remote_private.h"
#include "tests/support/hub_process.h"

struct tmp;

/* What the variables of the environment are, and what was seen. */
struct fetches {
    struct hub hub;
    char home[200];
    const char *token, *offline, *no_links; /* NULL: not set */
    char notes[8192];                       /* of all sessions of the test, a line each */
    char layout[16384];                     /* of fetch_list_layout() */
};
extern struct fetches fetches;

int fetch_start_hub(void **state);
int fetch_stop_hub(void **state);
int fetch_open_home(void **state);
int fetch_close_home(void **state);

struct fetch_session {
    struct report report;
    struct remote *remote;
    struct remote_files *files; /* NULL if they were not found */
};
/* Open a session and find a URL. End it in any case. */
int fetch_find(struct fetch_session *session, const struct remote_settings *given,
               const char *url, struct error *err);
/* Get all files that were found, too; at most 64. */
int fetch_with(struct fetch_session *session, const struct remote_settings *given,
               const char *url, struct error *err);
/* The same with the default settings. */
int fetch_all(struct fetch_session *session, const char *url, struct error *err);
void fetch_session_end(struct fetch_session *session);

/* The URL is that of one file, which is fetched. */
void fetch_one(const char *url);
/* Fetching the URL fails in this way, and the message has no secret. */
void fetch_fails(const char *url, enum error_code code, const char *phrase);

/* True if there is a file or link, even a broken one, of this name in the home. */
bool fetch_has(struct tmp *tmp, const char *name);
/* True if the file has the content that the SHA-256 or git SHA-1 names. */
bool fetch_has_content(const char *path, const char *id);
/* List the files and links of the home in fetches.layout, sorted, without those that only
 * curate writes: "NAME file", "NAME empty", "NAME -> TARGET". */
void fetch_list_layout(const struct tmp *tmp);

#endif
