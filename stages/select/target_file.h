/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target_file.h - a target that is a file: its texts are read, and nothing of it is stored.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_TARGET_FILE_H
#define CURATE_TARGET_FILE_H

#include <stdbool.h>

struct error;
struct id_list;
struct making;
struct store;

/* Does a name of --target mean a file? A selection of that name comes first. */
int target_is_file(struct store *store, const char *name, bool *out, struct error *err);
/* Add the texts of the files among the targets to the target side of making->dsir. *same, which
 * is empty, gets the samples of the database with the same content, in any order. ERR_INPUT if
 * a file holds no sample; as reading files fails. */
int target_read_files(struct making *making, struct id_list *same, struct error *err);

#endif
