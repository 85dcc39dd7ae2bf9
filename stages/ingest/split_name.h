/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split_name.h - what the path of a file in a dataset says about its split.
 */
#ifndef CURATE_SPLIT_NAME_H
#define CURATE_SPLIT_NAME_H

#include <stdbool.h>

#include "base/slice.h"

/* The splits that words in names stand for: "train", "validation", "test". */
extern const char *const split_names[];
enum { N_SPLIT_NAMES = 3, NO_SPLIT = -1 };

/* The SPLIT of the path data/SPLIT-00000-of-00001[...].EXT. ptr is NULL if the path is another.
 */
struct slice split_of_shard(struct slice path);
/* The index of the split that a folder of the path stands for, the innermost that stands for
 * one; or NO_SPLIT. A name stands for a split if it holds one of its words between '-', '.',
 * '_', blanks, digits or its ends: "train", "my-dev.2". */
int split_of_folders(struct slice path);
/* The same for the name of the file. */
int split_of_file_name(struct slice path);
/* The config and split of the path CONFIG/SPLIT/0000.parquet. The Hub converts datasets to it.
 * Returns false if the path is another. */
bool split_of_conversion(struct slice path, struct slice *config, struct slice *split);

#endif
