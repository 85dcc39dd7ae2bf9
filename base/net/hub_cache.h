/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_cache.h - the cache of the Hub, shared with Python's huggingface_hub.
 *
 *   HUB/datasets--OWNER--NAME/refs/REVISION            40 hex digits of the commit
 *   HUB/datasets--OWNER--NAME/blobs/ID                 content; ID is its SHA-256 or git SHA-1
 *   HUB/datasets--OWNER--NAME/snapshots/COMMIT/PATH    relative link to the blob
 *   HUB/datasets--OWNER--NAME/.no_exist/COMMIT/PATH    empty: the commit has no such file
 *   HUB/datasets--OWNER--NAME/trees/COMMIT.json        complete listing of the commit
 *   HUB/.locks/datasets--OWNER--NAME/ID.lock           locked while the blob is received
 *   HUB/.locks/datasets--OWNER--NAME/ID.curate         our own: which files were verified
 *
 * Models have models--OWNER--NAME. huggingface_hub trusts the names of blobs; curate verifies a
 * blob before it uses it for the first time, and notes size, times and inode then.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_HUB_CACHE_H
#define CURATE_HUB_CACHE_H

#include <stdbool.h>

#include "base/net/hub_api.h"

struct buf;
struct error;

enum { HUB_PATH_BUF_BYTES = 16 * 1024 };

enum hub_place {
    HUB_BLOBS,
    HUB_REFS,
    HUB_SNAPSHOTS,
    HUB_ABSENT,
    HUB_TREES,
    HUB_LOCKS,
};

/* Append the path of a part of a place: that of the repository's refs/main, for example. folder
 * is HUB. */
int hub_cache_path(const char *folder, const struct hub_name *name, enum hub_place place,
                   const char *part, struct buf *out, struct error *err);
/* Make the folders above the path. */
int hub_make_folders(const char *path, struct error *err);
/* Replace a file by rename, by way of PATH.<8 hex>.tmp. */
int hub_write_file(const char *path, struct slice content, struct error *err);

/* Get the commit of the name's revision from refs/. Returns 1, 0 if it is not known, or -1. */
int hub_cache_commit(const char *folder, const struct hub_name *name,
                     char commit[HUB_COMMIT_BYTES], struct error *err);
/* Store it, unless the revision is the commit. */
int hub_cache_set_commit(const char *folder, const struct hub_name *name, const char *commit,
                         struct error *err);
/* Store that the commit has no such file. */
int hub_cache_set_absent(const char *folder, const struct hub_name *name, const char *commit,
                         const char *path, struct error *err);

/* Add the files of a commit, sorted: those of its tree, else those that the cache has; of the
 * latter is_complete is false. Returns 1, 0 if the cache has nothing of the commit, or -1. A
 * malformed tree is ignored. */
int hub_cache_list(const char *folder, const struct hub_name *name, const char *commit,
                   struct hub_listing *listing, bool *is_complete, struct error *err);
/* Only the tree: returns 1, 0 if there is none, or -1. */
int hub_cache_read_tree(const char *folder, const struct hub_name *name, const char *commit,
                        struct hub_listing *listing, struct error *err);
/* Store a listing of the whole repository. */
int hub_cache_write_tree(const char *folder, const struct hub_name *name, const char *commit,
                         const struct hub_listing *listing, struct error *err);

#endif
