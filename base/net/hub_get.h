/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_get.h - bring one file of the Hub to this machine: into the cache, or as a copy
 * elsewhere.
 *
 * Threads may get different files at the same time, each with its own struct http. Processes
 * that want the same content wait for each other and receive it once.
 */
#ifndef CURATE_HUB_GET_H
#define CURATE_HUB_GET_H

#include <stdint.h>

#include "base/net/hub_cache.h"

struct http;
struct net_settings;

/* How to get files of one commit. All is borrowed. */
struct hub_get {
    const struct net_settings *settings;
    const char *folder; /* write copies there, it is locked; NULL: use the cache */
    const struct hub_name *name;
    const char *commit;
    struct http *http; /* NULL: offline */
    const volatile int *stop_signal;
    /* Both are called on this thread. n_bytes is what is there of the file. May be NULL. */
    void (*on_progress)(void *arg, uint64_t n_bytes);
    void (*on_note)(void *arg, const char *text);
    void *arg;
};

/* Get a file, verified, and append its local path to *local. Returns 0, or -1 with err set as
 * transfer_run(), and
 *   ERR_NOT_FOUND   offline, and the file is not there
 *   ERR_CANTCREATE  a file of another content is in the way of a copy
 *   ERR_CANCELLED   stopped while waiting for another process */
int hub_get_file(const struct hub_get *get, const struct hub_entry *entry, struct buf *local,
                 struct error *err);

/* A lock that processes wait for: flock(2) on a file that stays. */
struct hub_lock {
    int fd;            /* -1: not locked */
    bool is_exclusive; /* false: the file system has no locks */
};
/* Lock the file, which is made if it is missing; what names the content in messages. */
int hub_lock(const struct hub_get *get, const char *path, const char *what,
             struct hub_lock *out, struct error *err);
/* Lock a folder, which is made if it is missing: one process writes copies into it at a time.
 */
int hub_lock_folder(const struct hub_get *get, const char *folder, struct hub_lock *out,
                    struct error *err);
void hub_unlock(struct hub_lock *lock);

/* Find out whether a file has this content. The first time it is read in full; later its
 * stamp, noted in the cache, is compared. Returns 1, 0 if not or if there is no file, or -1. */
int hub_verify(const struct hub_get *get, const struct hub_entry *entry, const char *path,
               struct error *err);
/* Note that the file has this content. Failures are ignored: it is verified again then. */
void hub_note_verified(const struct hub_get *get, const struct hub_entry *entry,
                       const char *path);

#endif
