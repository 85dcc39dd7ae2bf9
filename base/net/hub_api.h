/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_api.h - what the Hub answers about repositories: commits, listings, single files.
 *
 * All answers are untrusted. A path is stored only if hub_path_is_safe(); commits and content
 * ids are hex digits; the numbers of pages, files and bytes have limits.
 */
#ifndef CURATE_HUB_API_H
#define CURATE_HUB_API_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/net/hub_name.h"

struct error;
struct http;
struct http_response;
struct net_settings;
struct url;

enum {
    HUB_ID_HEX = 64, /* digits of a SHA-256; a git SHA-1 has 40 */
    HUB_MAX_FILES = 1000000,
    HUB_MAX_PAGES = 20000,
    HUB_MAX_EMPTY_PAGES = 100, /* pages in a row without a file */
    HUB_MAX_ANSWER_BYTES = 64 * 1024 * 1024,
};

/* A file of a repository at a commit. */
struct hub_entry {
    const char *path;    /* in the arena of the listing */
    uint64_t size_bytes; /* UINT64_MAX: not known (offline) */
    char id[HUB_ID_HEX +
            1]; /* of the content: SHA-256 or git SHA-1; empty: not known (offline) */
    char git_id[HUB_COMMIT_BYTES]; /* git SHA-1 of the blob or of its pointer; may be empty */
    char xet_id[HUB_ID_HEX + 1];   /* may be empty; kept for other programs */
};

struct hub_listing {
    struct arena arena;
    struct hub_entry *entries;
    size_t n, cap;
};

void hub_listing_init(struct hub_listing *listing);
void hub_listing_release(struct hub_listing *listing);
/* Add a copy of the entry. Returns 0, or -1 with err set: ERR_INPUT above HUB_MAX_FILES. */
int hub_listing_add(struct hub_listing *listing, const struct hub_entry *entry,
                    struct error *err);
/* Sort by the bytes of the paths. Returns 0, or -1 with err set: ERR_INPUT if a path occurs
 * twice. */
int hub_listing_sort(struct hub_listing *listing, struct error *err);
/* Find a path in a sorted listing; NULL if it is not there. */
const struct hub_entry *hub_listing_find(const struct hub_listing *listing, const char *path);

/* Parse one page of a listing: files are added, folders left out. Returns 0, or -1 with err
 * set: ERR_INPUT for what is malformed or unsafe. */
int hub_parse_page(struct slice text, struct hub_listing *listing, struct error *err);
/* Parse the answer about a revision. Returns 0, or -1 with err set: ERR_INPUT. */
int hub_parse_commit(struct slice text, char commit[HUB_COMMIT_BYTES], struct error *err);
/* Make the URL of the next page from a link. Of a mirror, the Hub's own address in the link is
 * replaced by that of the mirror. Returns 0, or -1 with err set: ERR_INPUT if it leads to
 * another server. */
int hub_next_page(const char *page_url, struct slice link, const char *endpoint,
                  struct buf *next, struct error *err);

/* What the functions below need; all borrowed. */
struct hub_api {
    struct http *http;
    const struct net_settings *settings;
};

/* Resolve the revision of a name. Returns 0, or -1 with err set as hub_status_error() and
 * http_send_patiently(). */
int hub_api_commit(const struct hub_api *api, const struct hub_name *name,
                   char commit[HUB_COMMIT_BYTES], struct error *err);
/* Add all files below a folder ("": the repository), and sort. */
int hub_api_list(const struct hub_api *api, const struct hub_name *name, const char *commit,
                 const char *folder, struct hub_listing *listing, struct error *err);
/* Get one file and the commit of the name's revision with a single request. Returns 1; 0 if
 * the repository has no such file, then commit is empty if the server did not name it; or -1.
 */
int hub_api_file(const struct hub_api *api, const struct hub_name *name, const char *path,
                 struct hub_listing *listing, char commit[HUB_COMMIT_BYTES], struct error *err);

/* Set err for a status that is not 2xx: what it means on the Hub, and what to do. Codes as
 * http_status_error(). what is the public name of the file or repository. Returns -1. */
int hub_status_error(const struct http_response *response, const struct hub_name *name,
                     const struct net_settings *settings, const char *what, struct error *err);
/* Is a redirect followed when the server is asked about a file? Yes within the Hub; the
 * redirect to the server of the content is where the answer ends. arg is the endpoint. */
bool hub_may_follow(const void *endpoint, const struct url *from, const struct url *to);

#endif
