/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - files as whole things: mapped for reading, replaced atomically when written.
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
    const uint8_t *data; /* NULL when nothing is mapped */
    size_t len;
};

/* Regular files only, read-only. An empty file is ERR_INPUT. */
int file_map_open(const char *path, struct file_map *out, struct error *err);
void file_map_close(struct file_map *map);

/* What identifies an unchanged file without reading it. */
struct file_stamp {
    int64_t size_bytes;
    int64_t mtime_ns;
    int64_t inode;
};
int file_stamp(const char *path, struct file_stamp *out, struct error *err);

/* Gone afterwards, also when it was not there. */
int file_remove(const char *path, struct error *err);

/* Is it, or would it be, on a file system that other machines write to as well? Its name, as
 * "NFS", or NULL. */
const char *file_network_name(const char *path);
/* The same of what statfs(2) calls f_type. */
const char *file_network_type(uint32_t type);

/* All of a file into buf (within the buf's limit). */
int file_read(const char *path, struct buf *out, struct error *err);

/*
 * Write a new file so that it appears whole or not at all: bytes go to a temporary file in the
 * same folder; file_out_commit() syncs it, renames it over path and syncs the folder;
 * file_out_close() without a commit removes it, and when the process is killed, the next one
 * that writes the same file uses it up. ERR_BUSY when two write it at a time. What a link
 * points to is replaced, not the link. path "-" writes to standard output, and a device or pipe
 * is written to, without such care; on a terminal what it would obey is written out
 * (visible.h). ERR_CANTCREATE when it cannot be made, ERR_IO when writing fails (disk full).
 */
struct file_out;
int file_out_open(const char *path, struct file_out **out, struct error *err);
int file_out_add(struct file_out *file, struct slice bytes, struct error *err);
int file_out_commit(struct file_out *file, struct error *err);
void file_out_close(struct file_out *file);

#endif
