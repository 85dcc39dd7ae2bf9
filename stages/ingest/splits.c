/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Config and split of the files of an ingest run: what --config and --split do not ask for is
 * dropped from the list.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "stages/ingest/card.h"
#include "stages/ingest/ingest_private.h"
#include "stages/ingest/repository.h"
#include "stages/ingest/saved_dataset.h"

enum { BLOCK_BYTES = 1 << 16 };

/* The files from one number on, with their paths in the repository. */
struct listed_files {
    struct ingest_files *files;
    size_t first;
    const char **paths;
    size_t n;
};

static int list_files(const struct ingest_files *files, size_t first, struct listed_files *out,
                      struct error *err)
{
    *out = (struct listed_files){ .files = (struct ingest_files *)files, .first = first };
    out->n = files->n - first;
    out->paths = calloc(out->n + 1, sizeof *out->paths);
    return out->paths ? 0 : error_nomem(err);
}

/* The path of a file below its folder. */
static const char *path_below(const char *folder, const char *path)
{
    const size_t len = strlen(folder);

    if (strncmp(path, folder, len) == 0)
        path += len;
    while (*path == '/')
        path++;
    return path;
}

/* The part of the path of a file named on the command line that may name its split: its last
 * part, for a folder above may be called "test" for any reason; in "data" the part of shards.
 */
static const char *end_of_path(const struct ingest_file *file)
{
    const char *member = file->archive ? strchr(file->path + strlen(file->archive), '!') : NULL;
    const char *slash = strrchr(file->path, '/');

    if (member)
        return member + 1;
    if (!slash)
        return file->path;
    const size_t n = (size_t)(slash - file->path);
    const bool in_data =
        n >= 4 && memcmp(slash - 4, "data", 4) == 0 && (n == 4 || slash[-5] == '/');
    return in_data ? slash - 4 : slash + 1;
}

int ingest_read_start(const char *path, struct buf *out, struct error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = 0;

    if (fd < 0)
        return error_errno(err, errno, path);
    while (rc == 0 && out->len < CARD_MAX_BYTES) {
        const size_t left = CARD_MAX_BYTES - out->len;
        const size_t wanted = left < BLOCK_BYTES ? left : BLOCK_BYTES;

        if (buf_reserve(out, wanted, err) < 0) {
            rc = -1;
            break;
        }
        const ssize_t n = read(fd, out->data + out->len, wanted);
        if (n < 0 && errno != EINTR)
            rc = error_errno(err, errno, path);
        if (n == 0)
            break;
        if (n > 0)
            out->len += (size_t)n;
    }
    close(fd);
    return rc;
}

static int read_listed_start(void *state, size_t number, struct buf *out, struct error *err)
{
    const struct listed_files *listed = state;

    return ingest_read_start(listed->files->items[listed->first + number].local_path, out, err);
}

/* Keep the chosen files, in the order of the choice. */
static int keep_chosen(struct listed_files *listed, const struct repository *chosen,
                       struct error *err)
{
    struct ingest_files *files = listed->files;
    struct ingest_file *all = arena_alloc(&files->arena, listed->n + 1, sizeof *all);

    if (!all)
        return error_nomem(err);
    if (listed->n > 0)
        memcpy(all, &files->items[listed->first], listed->n * sizeof *all);
    for (size_t i = 0; i < chosen->n; i++) {
        const struct repository_file *from = &chosen->files[i];
        struct ingest_file *file = &files->items[listed->first + i];

        *file = all[from->number];
        file->config = NULL;
        file->split = NULL;
        if (from->config)
            file->config = arena_copy(&files->arena, slice_text(from->config)).ptr;
        if (from->split)
            file->split = arena_copy(&files->arena, slice_text(from->split)).ptr;
        if ((from->config && !file->config) || (from->split && !file->split))
            return error_nomem(err);
    }
    files->n = listed->first + chosen->n;
    return 0;
}

static int choose_listed(struct listed_files *listed, const struct repository_query *query,
                         struct error *err)
{
    struct repository chosen = { .n = 0 };

    if (repository_choose(query, &chosen, err) < 0)
        return -1;
    const int rc = keep_chosen(listed, &chosen, err);
    repository_release(&chosen);
    return rc;
}

static bool is_asked_for(const char *asked, const char *name)
{
    return !asked || (name && strcmp(asked, name) == 0);
}

int ingest_split_named(struct ingest_files *files, size_t first,
                       const struct ingest_query *query, struct error *err)
{
    struct listed_files listed;
    size_t n = first;

    if (list_files(files, first, &listed, err) < 0)
        return -1;
    for (size_t i = 0; i < listed.n; i++)
        listed.paths[i] = end_of_path(&files->items[first + i]);
    const struct repository_query named = { .paths = listed.paths, .n_paths = listed.n };
    const int rc = choose_listed(&listed, &named, err);
    free(listed.paths);
    if (rc < 0)
        return -1;
    for (size_t i = first; i < files->n; i++)
        if (is_asked_for(query->config, files->items[i].config) &&
            is_asked_for(query->split, files->items[i].split))
            files->items[n++] = files->items[i];
    files->n = n;
    return 0;
}

/* Does the folder have a README.md with configs? Returns 1, 0 or -1. */
static int has_configs(const struct listed_files *listed, struct error *err)
{
    struct card card = { .n_configs = 0 };
    struct arena arena;
    struct buf readme;
    size_t number = 0;
    int rc = 0;

    while (number < listed->n && strcmp(listed->paths[number], "README.md") != 0)
        number++;
    if (number == listed->n)
        return 0;
    buf_init(&readme, CARD_MAX_BYTES + 1);
    arena_init(&arena);
    const char *path = listed->files->items[listed->first + number].local_path;
    if (ingest_read_start(path, &readme, err) < 0) {
        rc = -1;
    } else if (readme.len > 0 && card_parse(buf_slice(&readme), &arena, &card, err) < 0) {
        rc = error_prefix(err, "%s", path);
    }
    buf_release(&readme);
    arena_release(&arena);
    return rc < 0 ? -1 : card.n_configs > 0;
}

int ingest_folder_is_plain(const struct ingest_files *files, size_t first, const char *folder,
                           struct error *err)
{
    struct listed_files listed;

    if (list_files(files, first, &listed, err) < 0)
        return -1;
    for (size_t i = 0; i < listed.n; i++)
        listed.paths[i] = path_below(folder, files->items[first + i].path);
    int rc = has_configs(&listed, err);
    if (rc == 0)
        rc = repository_has_shards(listed.paths, listed.n);
    free(listed.paths);
    return rc < 0 ? -1 : !rc;
}

static struct repository_query folder_query(struct listed_files *listed, const char *folder,
                                            const struct ingest_query *query, bool is_whole)
{
    return (struct repository_query){ .name = folder,
                                      .paths = listed->paths,
                                      .n_paths = listed->n,
                                      .is_whole = is_whole,
                                      .config = query->config,
                                      .split = query->split,
                                      .read_file = read_listed_start,
                                      .state = listed,
                                      .report = query->report };
}

int ingest_split_folder(struct ingest_files *files, size_t first, const char *folder,
                        bool is_plain, const struct ingest_query *query, struct error *err)
{
    struct listed_files listed;

    if (list_files(files, first, &listed, err) < 0)
        return -1;
    for (size_t i = 0; i < listed.n; i++)
        listed.paths[i] = path_below(folder, files->items[first + i].path);
    const struct repository_query repository = folder_query(&listed, folder, query, !is_plain);
    const int rc = choose_listed(&listed, &repository, err);
    free(listed.paths);
    return rc;
}

int ingest_split_saved(struct ingest_files *files, size_t first, const char *folder,
                       const struct ingest_query *query, struct error *err)
{
    struct repository chosen = { .n = 0 };
    struct listed_files listed;

    if (list_files(files, first, &listed, err) < 0)
        return -1;
    for (size_t i = 0; i < listed.n; i++)
        listed.paths[i] = path_below(folder, files->items[first + i].path);
    const struct repository_query repository = folder_query(&listed, folder, query, true);
    int rc = saved_dataset_choose(&repository, &chosen, err);
    if (rc == 1) {
        rc = keep_chosen(&listed, &chosen, err) < 0 ? -1 : 1;
        repository_release(&chosen);
    }
    free(listed.paths);
    return rc;
}
