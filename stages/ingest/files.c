/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/net/remote.h"
#include "stages/ingest/ingest_private.h"

enum { FIRST_FILES = 16 };

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] != '\0' ? slash + 1 : path;
}

static int grow_files(struct ingest_files *files, struct error *err)
{
    const size_t cap = files->cap ? files->cap * 2 : FIRST_FILES;
    struct ingest_file *items = arena_alloc(&files->arena, cap, sizeof *items);

    if (!items)
        return error_nomem(err);
    if (files->n > 0)
        memcpy(items, files->items, files->n * sizeof *items);
    files->items = items;
    files->cap = cap;
    return 0;
}

int ingest_files_add(struct ingest_files *files, const char *path, const char *source,
                     const struct stat *st, struct error *err)
{
    if (files->n == files->cap && grow_files(files, err) < 0)
        return -1;
    const struct slice copy = arena_copy(&files->arena, slice_text(path));
    if (!copy.ptr)
        return error_nomem(err);
    const bool is_chosen = source != NULL;
    if (!is_chosen)
        source = is_stdin(path) ? "stdin" : base_name(copy.ptr);
    files->items[files->n++] = (struct ingest_file){
        .path = copy.ptr,
        .local_path = copy.ptr,
        .source = source,
        .has_chosen_source = is_chosen,
        .has_size = st && S_ISREG(st->st_mode),
        .size_bytes = st && S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
    };
    return 0;
}

/* Add a file, or the members of an archive. */
static int add_file(struct ingest_files *files, const char *path, const struct stat *st,
                    const struct ingest_query *query, struct error *err)
{
    const size_t first = files->n;

    if (access(path, R_OK) < 0)
        return error_errno(err, errno, path);
    int rc = S_ISREG(st->st_mode) ? ingest_archive_add(files, path, path, query, err) : 0;
    if (rc == 0)
        rc = ingest_files_add(files, path, query->source, st, err);
    return rc < 0 ? -1 : ingest_split_named(files, first, query, err);
}

static int add_path(struct ingest_files *files, const char *path,
                    const struct ingest_query *query, struct error *err)
{
    struct stat st;

    if (is_stdin(path)) /* of no config and no split */
        return query->config || query->split
                   ? 0
                   : ingest_files_add(files, path, query->source, NULL, err);
    if (stat(path, &st) < 0)
        return error_errno(err, errno, path);
    return S_ISDIR(st.st_mode) ? ingest_folder_add(files, path, query, err)
                               : add_file(files, path, &st, query, err);
}

/* Expand a glob pattern: in a recipe, no shell does. */
static int add_pattern(struct ingest_files *files, const char *pattern,
                       const struct ingest_query *query, struct error *err)
{
    glob_t found = { 0 };
    const int rc = glob(pattern, 0, NULL, &found);
    int result = 0;

    if (rc == GLOB_NOSPACE)
        result = error_nomem(err);
    else if (rc != 0)
        result = error_set(err, ERR_NOT_FOUND, "%s: no file matches the pattern", pattern);
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
        result = add_path(files, found.gl_pathv[i], query, err);
    globfree(&found);
    return result;
}

static int add_argument(struct ingest_files *files, const char *name,
                        const struct ingest_query *query, struct error *err)
{
    struct stat st;

    if (remote_is_url(name))
        return ingest_url_add(files, name, query, err);
    if (strpbrk(name, "*?[") && stat(name, &st) < 0 && errno == ENOENT)
        return add_pattern(files, name, query, err);
    return add_path(files, name, query, err);
}

static uint64_t total_size_bytes(const struct ingest_files *files)
{
    uint64_t total = 0;

    for (size_t i = 0; i < files->n; i++) {
        if (!files->items[i].has_size)
            return 0;
        total += files->items[i].size_bytes;
    }
    return total;
}

int ingest_files_find(const struct ingest_query *query, struct ingest_files *out,
                      struct error *err)
{
    struct ingest_files files = { .n = 0 };

    arena_init(&files.arena);
    for (unsigned i = 0; i < query->names->n; i++) {
        if (add_argument(&files, query->names->items[i], query, err) < 0) {
            ingest_files_release(&files);
            return -1;
        }
    }
    if (files.n == 0 && (query->config || query->split)) {
        ingest_files_release(&files);
        return error_set(err, ERR_NOT_FOUND, "none of the files is of %s '%s'",
                         query->split ? "split" : "config",
                         query->split ? query->split : query->config);
    }
    files.total_bytes = total_size_bytes(&files);
    *out = files;
    return 0;
}

void ingest_files_release(struct ingest_files *files)
{
    arena_release(&files->arena);
    *files = (struct ingest_files){ .n = 0 };
}
