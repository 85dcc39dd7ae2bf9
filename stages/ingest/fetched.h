/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetched.h - which of the files that a URL names are the data of a dataset.
 */
#ifndef CURATE_FETCHED_H
#define CURATE_FETCHED_H

#include "stages/ingest/repository.h"

struct error;
struct fetcher;
struct remote_files;

/* Choose by saved_dataset.h and repository.h among the files that remote_find() found, whose
 * numbers are the paths of the query; name, config, split and report of the query are set by
 * the caller. README.md and the like are fetched if they are needed. Fails as
 * repository_choose() and remote_get() do. */
int fetched_data_choose(struct fetcher *fetcher, struct remote_files *files,
                        const struct repository_query *query, struct repository *out,
                        struct error *err);

#endif
