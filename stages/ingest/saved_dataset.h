/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saved_dataset.h - folders that `save_to_disk` of Python's `datasets` wrote.
 *
 * A folder with state.json and dataset_info.json is a dataset. state.json lists its .arrow
 * files in their order. A folder with dataset_dict.json has a dataset for each split, in a
 * folder with the name of the split.
 */
#ifndef CURATE_SAVED_DATASET_H
#define CURATE_SAVED_DATASET_H

#include "stages/ingest/repository.h"

/* Choose the files to read, as repository_choose() does. Files of a dataset are in the order of
 * its state.json; other files of its folder are passed over. Data files outside of datasets
 * follow, without config and split. query->is_whole is not used, and read_file() is called for
 * each of the files named above. Returns 1, 0 if there is no saved dataset, or -1 with err set:
 * as repository_choose(), and ERR_UNSUPPORTED for a dataset with a mapping of indices. */
int saved_dataset_choose(const struct repository_query *query, struct repository *out,
                         struct error *err);

#endif
