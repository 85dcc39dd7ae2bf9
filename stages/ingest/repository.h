/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repository.h - which files of a dataset repository are its data, and to which config and
 * split each belongs.
 *
 * The rules are those of Python's `datasets`:
 * - `configs` in README.md (card.h) names the files of each config and split.
 * - Without it there is one config, "default". Its splits are the SPLIT of
 *   data/SPLIT-00000-of-00001.parquet; else folders named train, test, dev and the like; else
 *   such words in file names; else all files are the split "train".
 * - A config that mixes kinds of files is read from the most common kind.
 * Besides, a repository of CONFIG/SPLIT/0000.parquet only, as the Hub converts datasets, has
 * these configs and splits.
 *
 * Nothing is read but what the callback brings. Paths are not trusted.
 */
#ifndef CURATE_REPOSITORY_H
#define CURATE_REPOSITORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct buf;
struct error;
struct report;

struct repository_query {
    const char *name;         /* of the repository, for messages: a folder or a URL */
    const char *const *paths; /* of its files, relative to it, each once */
    size_t n_paths;
    /* Choose files by the rules above. False: all corpus files are chosen, and only what their
     * names say about their splits is added. */
    bool is_whole;
    bool is_folder;     /* not whole, but all files of a folder: only data files are chosen */
    const char *config; /* --config: only this one; NULL: all */
    const char *split;  /* --split: only this one; NULL: all */
    /* Append the bytes of a file, at most the first CARD_MAX_BYTES. Called at most once, for
     * README.md. NULL: there is no README.md to read. */
    int (*read_file)(void *state, size_t number, struct buf *out, struct error *err);
    void *state;
    struct report *report; /* of corpus files that are passed over; may be NULL */
};

struct repository_file {
    size_t number;      /* index in paths */
    const char *config; /* NULL: unknown */
    const char *split;  /* NULL: unknown */
};

struct repository {
    struct arena arena;
    struct repository_file *files; /* those to read, each once, in the order of paths */
    size_t n;
};

/* Choose the files to read. Returns 0, or -1 with err set: ERR_NOT_FOUND if there is no such
 * config or split, with what there is, or no data; ERR_INPUT for an invalid card; ERR_NOMEM;
 * or what read_file() sets. A file that belongs to several configs or splits is read once, for
 * the first of them that is asked for. The texts live as long as the repository. */
int repository_choose(const struct repository_query *query, struct repository *out,
                      struct error *err);
void repository_release(struct repository *repository);

/* Do these files look like a dataset repository even without `configs`: is one of them
 * data/SPLIT-00000-of-00001.EXT? */
bool repository_has_shards(const char *const *paths, size_t n_paths);

#endif
