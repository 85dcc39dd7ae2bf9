/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power.h - what a power cut leaves of SQLite's files: only what was synced.
 *
 * The VFS of fault.h reports each write and sync of a file here. Each file has two images: the
 * bytes as written, and the bytes as of its last sync. A cut writes the synced images to other
 * names. The pages that the system happens to write by itself are not in them, which is the
 * worst case. Nothing is recorded before power_record().
 */
#ifndef CURATE_TEST_POWER_H
#define CURATE_TEST_POWER_H

#include <stdbool.h>
#include <stddef.h>

/* Record from here on. Files that exist when they are opened count as synced. */
void power_record(void);
/* Forget all files, and stop recording. */
void power_forget(void);
/* Write what is left of a database and of its log as the database `to`. */
void power_cut(const char *path, const char *to);
/* Call a function before each rename() of our own code, with the new name; NULL for none. */
void power_before_rename(void (*hook)(const char *to));

/* For fault.c and the VFS. Files are never NULL, except that one of NULL is ignored. */
struct power_file;
struct power_file *power_open(const char *path);
void power_write(struct power_file *file, const void *bytes, size_t n, size_t at);
void power_truncate(struct power_file *file, size_t size);
void power_sync(struct power_file *file);
void power_delete(const char *path, bool folder_is_synced);
void power_rename(const char *to);

#endif
