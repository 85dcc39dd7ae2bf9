/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repository_private.h - from the configs of a repository to the files that belong to them.
 */
#ifndef CURATE_REPOSITORY_PRIVATE_H
#define CURATE_REPOSITORY_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/ingest/card.h"
#include "stages/ingest/repository.h"

/* Kinds of data files. If two are equally common in a config, it is read from the later one. */
enum data_kind { KIND_NONE, KIND_TEXT, KIND_CSV, KIND_JSON, KIND_ARROW, KIND_PARQUET, N_KINDS };

struct listed_path {
    struct slice path;
    size_t number; /* in the query */
    enum data_kind kind;
};

/* A file belongs to a split of a config. */
struct part {
    size_t file; /* in the sorted list */
    const char *config;
    const char *split;
    bool is_exact; /* named so that its kind is not in doubt */
};

/* A pattern of the card that matches no data file. */
struct unmatched {
    const char *config;
    const char *pattern;
};

enum { UNMATCHED_MAX = 3 };

struct repository_parts {
    struct arena *arena;
    struct listed_path *files; /* sorted by path */
    size_t n_files;
    struct part *parts; /* those of a config stand together */
    size_t n;
    size_t cap;
    struct unmatched unmatched[UNMATCHED_MAX]; /* the first of them */
    size_t n_unmatched;
    uint64_t work; /* bytes compared so far by patterns */
};

/* The kind of a data file by its name, perhaps compressed. */
enum data_kind repository_kind(struct slice path);
/* Is the file data by its name: of a known kind, not hidden, in no folder such as "__pycache__"
 * and no file of settings such as dataset_info.json? */
bool repository_is_data(const struct listed_path *file);

/* Add the parts of all configs of the card, or of the config "default" if it has none. */
int repository_find_parts(struct repository_parts *parts, const struct card *card,
                          struct error *err);

#endif
