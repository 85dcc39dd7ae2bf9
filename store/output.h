/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - files that no output may replace: the database, the files beside it, its inputs.
 */
#ifndef CURATE_OUTPUT_H
#define CURATE_OUTPUT_H

#include <stdbool.h>

struct error;
struct store;

/* Check an output path before anything is written to it; "-" is standard output. Files are
 * compared by device and inode. ERR_CANTCREATE if it is the database, its -wal, -shm, -journal
 * or .lock file, or a corpus or model that the database was made from. */
int output_check(struct store *store, const char *path, struct error *err);
/* True if standard output is the database or a file beside it. */
bool output_is_database(const char *db_path);

#endif
