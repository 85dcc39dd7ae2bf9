/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name the sources of files that the user has not named with --source.
 *
 * A source is the name of the file. If another file has this name, in the database or among the
 * files of the run, it is the shortest end of the path that no other file has: "b/train.jsonl".
 * A file that is in the database keeps its source, also where older versions gave one to
 * several files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "stages/ingest/ingest_private.h"
#include "stages/stage.h"
#include "store/source.h"

enum { NUMBER_BYTES = 16, NUMBERS_MAX = 1000000 };

/* The names that files of the run have: a hash table. */
struct source_names {
    const struct ingest_file **slots;
    size_t mask;
};

/* The slot of a name, or the free one where it belongs. */
static const struct ingest_file **slot_of(const struct source_names *names, const char *name)
{
    size_t i = (size_t)hash_u64(slice_text(name)) & names->mask;

    while (names->slots[i] && strcmp(names->slots[i]->source, name) != 0)
        i = (i + 1) & names->mask;
    return &names->slots[i];
}

static int make_names(size_t n_files, struct source_names *out, struct error *err)
{
    size_t n = 16;

    while (n < 2 * n_files)
        n *= 2;
    out->slots = calloc(n, sizeof *out->slots);
    out->mask = n - 1;
    return out->slots ? 0 : error_nomem(err);
}

/* The next longer end of a path that begins a part of it; NULL when `end` is the whole path. */
static const char *longer_end(const char *path, const char *end)
{
    if (end == path)
        return NULL;
    end--; /* the slash */
    while (end > path && end[-1] != '/')
        end--;
    return end;
}

/* Find the name that the file has in the database. Returns 1, 0 or -1. */
static int find_stored_name(struct ingest *ingest, struct ingest_file *file, struct error *err)
{
    const bool is_end =
        file->source >= file->path && file->source <= file->path + strlen(file->path);

    for (const char *name = file->source; name;
         name = is_end ? longer_end(file->path, name) : NULL) {
        const int found = source_find_file(ingest->context->store, name, file->path, err);

        if (found < 0)
            return -1;
        if (found == 1) {
            file->source = name;
            return 1;
        }
    }
    return 0;
}

/* Is the name free for the file? Returns 1, 0 or -1. */
static int is_free(struct ingest *ingest, const struct source_names *names,
                   const struct ingest_file *file, const char *name, struct error *err)
{
    const struct ingest_file *holder = *slot_of(names, name);

    if (holder)
        return strcmp(holder->path, file->path) == 0;
    const int found = source_find_file(ingest->context->store, name, file->path, err);
    return found < 0 ? -1 : found != 2;
}

/* Name the source if every end of the file's path is another file's: its name is the path with
 * "./" in front, or with a number. */
static int number_source(struct ingest *ingest, const struct source_names *names,
                         struct ingest_file *file, struct error *err)
{
    const size_t size = strlen(file->path) + NUMBER_BYTES;
    char *name = arena_alloc(&ingest->files.arena, size, 1);
    int rc = 0;

    if (!name)
        return error_nomem(err);
    for (int i = file->path[0] == '/' ? 2 : 1; rc == 0 && i < NUMBERS_MAX; i++) {
        if (i == 1)
            snprintf(name, size, "./%s", file->path);
        else
            snprintf(name, size, "%s#%d", file->path, i);
        rc = is_free(ingest, names, file, name, err);
    }
    file->source = name;
    return rc < 0 ? -1 : 0;
}

static int name_source(struct ingest *ingest, const struct source_names *names,
                       struct ingest_file *file, struct error *err)
{
    int rc = find_stored_name(ingest, file, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    for (const char *name = file->source; name; name = longer_end(file->path, name)) {
        rc = is_free(ingest, names, file, name, err);
        if (rc == 1)
            file->source = name;
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    return number_source(ingest, names, file, err);
}

/* The sources that are chosen already count as names that other files have. */
int ingest_name_sources(struct ingest *ingest, struct error *err)
{
    struct source_names names;
    int rc = 0;

    if (make_names(ingest->files.n, &names, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < ingest->files.n; i++) {
        struct ingest_file *file = &ingest->files.items[i];

        if (strcmp(file->path, "-") == 0)
            continue; /* standard input is always "stdin" */
        if (!file->has_chosen_source)
            rc = name_source(ingest, &names, file, err);
        if (rc == 0)
            *slot_of(&names, file->source) = file;
    }
    free(names.slots);
    return rc;
}
