/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of remote.h share. */
#ifndef CURATE_REMOTE_PRIVATE_H
#define CURATE_REMOTE_PRIVATE_H

#include "base/net/http.h"
#include "base/net/hub_api.h"
#include "base/net/plain.h"
#include "base/net/remote.h"
#include "base/net/settings.h"
#include "base/report.h"

struct remote {
    struct remote_settings given;
    struct net_settings net;
    struct report no_report; /* if none is given */
    struct report *report;
    struct http_watch watch; /* of the calling thread */
    struct http *http;       /* of the calling thread; NULL: offline */
};

struct remote_files {
    struct hub_name name; /* id is empty for a plain URL */
    bool is_plain;
    struct plain plain; /* of a plain URL */
    char commit[HUB_COMMIT_BYTES];
    bool is_repository;
    struct hub_listing listing; /* entries belong to files; texts of files are in its arena */
    struct remote_file *files;
};

/* Print that a request is tried again later, as one line. */
void remote_wait_text(const char *why, uint64_t wait_ms, char *out, size_t size);

/* Fill in the files of a name of the Hub. Returns 0, or -1 with err set. */
int remote_find_hub(struct remote *remote, struct remote_files *files, struct error *err);
/* Replace the listing by the entries that the name of the files means: its file, all parts of
 * a model of several, the files of a folder, those that match a pattern. Returns 1, 0 if there
 * is none, or -1 with err set: ERR_NOT_FOUND if a part of a model is missing. */
int remote_select(struct remote_files *files, struct error *err);
/* True if the path is that of the first part of a model of several parts: "m-00001-of-
 * 00003.gguf". n is the number of parts. */
bool remote_is_first_part(const char *path, unsigned *n);

#endif
