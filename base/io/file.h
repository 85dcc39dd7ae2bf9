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

/* Identifies a file without reading it. Two equal stamps mean that the file is unchanged. The
 * opposite does not hold: a new name or mode changes ctime as well. Programs that copy files
 * restore mtime, but nothing restores ctime. */
struct file_stamp {
    int64_t size_bytes;
    int64_t mtime_ns;
    int64_t ctime_ns;
    int64_t inode;
};
int file_stamp(const char *path, struct file_stamp *out, struct error *err);
/* The same of an open file, whatever is at its path now. name is for messages. */
int file_stamp_fd(int fd, const char *name, struct file_stamp *out, struct error *err);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* Remove a file. A missing file is no error. */
int file_remove(const char *path, struct error *err);

/* Get the name of the network file system ("NFS") that holds the path, or its folder if the
 * path does not exist. NULL if it is a local one. */
const char *file_network_name(const char *path);
/* Get the name of a network file system by the f_type of statfs(2), or NULL. */
const char *file_network_type(uint32_t type);

/* Append a file to the buffer. */
int file_read(const char *path, struct buf *out, struct error *err);

/* Get the folder of a path; the caller frees it. NULL when memory runs out. */
char *file_folder(const char *path);
/* Follow the symbolic links that the last part of a path names, even to a file that does not
 * exist. Any other path stays as it is. The caller frees *out. ERR_IO: the links form a circle.
 */
int file_follow(const char *path, char **out, struct error *err);
/* True if an output path means standard output: "-", "/dev/stdout" or "/dev/fd/1". */
bool file_is_stdout(const char *path);
/* Compare two paths: 1 if they name one file, by whatever links, 0 if not, -1 with ERR_NOMEM.
 * Of files that do not exist, folder and name are compared. */
int file_is_same(const char *a, const char *b, struct error *err);
/* True if the descriptor is open on the file that the path names. */
bool file_is_open(int fd, const char *path);

/*
 * Writes a file that appears complete or not at all. Bytes go to the temporary file
 * PATH.curate-tmp. If the process is killed, the next one that writes the same path removes it;
 * a file of that name that is not ours is ERR_CANTCREATE. A file that is replaced passes on its
 * permission bits, owner and group; ERR_CANTCREATE if we may not pass on the owner. A symbolic
 * link stays; its target is replaced, or created. Other hard links keep the old content.
 * Standard output (file_is_stdout()), devices and pipes are written directly. On a terminal,
 * text is escaped (base/text/escape.h).
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
