/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - whole files: map for reading, replace atomically when writing.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_FILE_H
#define CURATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct error;

struct file_map {
    const uint8_t *data; /* NULL: nothing is mapped */
    size_t len;
};

/* Map a regular file read-only. ERR_INPUT if it is empty or not a regular file. */
int file_map_open(const char *path, struct file_map *out, struct error *err);
void file_map_close(struct file_map *map);

/* Identifies a file without reading it. Two equal stamps mean that the file is unchanged. */
struct file_stamp {
    int64_t size_bytes;
    int64_t mtime_ns;
    int64_t inode;
};
int file_stamp(const char *path, struct file_stamp *out, struct error *err);

/* Remove a file. A missing file is no error. */
int file_remove(const char *path, struct error *err);

/* Get the name of the network file system ("NFS") that holds the path, or its folder if the
 * path does not exist. NULL if it is a local one. */
const char *file_network_name(const char *path);
/* Get the name of a network file system by the f_type of statfs(2), or NULL. */
const char *file_network_type(uint32_t type);

/* Append a file to the buffer. */
int file_read(const char *path, struct buf *out, struct error *err);

/*
 * Writes a file that appears complete or not at all. Bytes go to a temporary file in the same
 * folder. If the process is killed, the next one that writes the same path overwrites the
 * temporary file. A symbolic link stays; its target is replaced. Standard output (path "-"),
 * devices and pipes are written directly. On a terminal, text is escaped (base/text/escape.h).
 */
struct file_out;
/* ERR_CANTCREATE if the file cannot be created, ERR_BUSY if another process is writing it. */
int file_out_open(const char *path, struct file_out **out, struct error *err);
/* ERR_IO if writing fails (disk full). */
int file_out_add(struct file_out *file, struct slice bytes, struct error *err);
/* Sync the temporary file, rename it to its path and sync the folder. */
int file_out_commit(struct file_out *file, struct error *err);
/* Without a commit, the temporary file is removed. */
void file_out_close(struct file_out *file);

#endif
