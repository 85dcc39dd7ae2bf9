/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmp.h - a folder for one test, removed when the test ends.
 *
 * A struct tmp must not move between tmp_open() and tmp_close(). Every error fails the test, so
 * no function returns one.
 */
#ifndef CURATE_TMP_H
#define CURATE_TMP_H

#include <stddef.h>

enum { TMP_MAX_PATHS = 64, TMP_MAX_PATH_BYTES = 192 };

struct tmp {
    char root[64];
    size_t n_paths;
    char paths[TMP_MAX_PATHS][TMP_MAX_PATH_BYTES];
};

/* Make an empty folder under $TMPDIR or /tmp; its path is tmp->root. */
void tmp_open(struct tmp *tmp);

/* Remove the folder and everything in it. Allowed on a zeroed struct. */
void tmp_close(struct tmp *tmp);

/* The path of a name in the folder, valid until tmp_close(). Creates nothing. */
const char *tmp_path(struct tmp *tmp, const char *name);

/* Write a file in the folder, replacing an existing one. Returns its path, as tmp_path(). */
const char *tmp_write(struct tmp *tmp, const char *name, const void *data, size_t len);

#endif
