/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
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

static bool ends_with(const char *name, size_t len, const char *end)
{
    const size_t n = strlen(end);

    return len > n && strncasecmp(name + len - n, end, n) == 0;
}

/* Does the name of a file in a folder say that it holds JSON, perhaps compressed? */
static bool is_corpus_name(const char *name)
{
    static const char *const packed[] = { ".gz", ".zst", ".xz", ".bz2" };
    static const char *const json[] = { ".json", ".jsonl", ".ndjson" };
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        if (ends_with(name, len, packed[i])) {
            len -= strlen(packed[i]);
            break;
        }
    }
    for (size_t i = 0; i < sizeof json / sizeof json[0]; i++)
        if (ends_with(name, len, json[i]))
            return true;
    return false;
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

/* st is NULL for standard input. */
static int add_file(struct ingest_files *files, const char *path, const char *source,
                    const struct stat *st, struct error *err)
{
    if (files->n == files->cap && grow_files(files, err) < 0)
        return -1;
    const struct slice copy = arena_copy(&files->arena, slice_text(path));
    if (!copy.ptr)
        return error_nomem(err);
    if (!source)
        source = is_stdin(path) ? "stdin" : base_name(copy.ptr);
    files->items[files->n++] = (struct ingest_file){
        .path = copy.ptr,
        .source = source,
        .has_size = st && S_ISREG(st->st_mode),
        .size_bytes = st && S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
    };
    return 0;
}

static int compare_fts_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Add an entry of a folder if it is a corpus file. */
static int add_entry(struct ingest_files *files, FTS *walk, FTSENT *entry, const char *source,
                     struct error *err)
{
    const bool hidden = entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.';

    switch (entry->fts_info) {
    case FTS_D:
        if (hidden)
            fts_set(walk, entry, FTS_SKIP);
        return 0;
    case FTS_F:
        if (hidden || !is_corpus_name(entry->fts_name))
            return 0;
        return add_file(files, entry->fts_path, source, entry->fts_statp, err);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return error_errno(err, entry->fts_errno, entry->fts_path);
    default: /* sockets, dangling links, folders after their entries */
        return 0;
    }
}

/* Returns 1 and the next entry, 0 at the end, -1. */
static int next_entry(FTS *walk, const char *path, FTSENT **entry, struct error *err)
{
    errno = 0; /* the end of the walk and a failure both give NULL */
    *entry = fts_read(walk);
    if (*entry)
        return 1;
    return errno == 0 ? 0 : error_errno(err, errno, path);
}

static int add_folder(struct ingest_files *files, const char *path, const char *source,
                      struct error *err)
{
    char *const roots[] = { (char *)path, NULL };
    const size_t before = files->n;
    FTSENT *entry;
    int rc;
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_fts_names);

    if (!walk)
        return error_errno(err, errno, path);
    while ((rc = next_entry(walk, path, &entry, err)) == 1)
        if (add_entry(files, walk, entry, source, err) < 0) {
            rc = -1;
            break;
        }
    fts_close(walk);
    if (rc == 0 && files->n == before)
        rc = error_set(err, ERR_NOT_FOUND,
                       "%s: no file in this folder ends in .json, .jsonl or .ndjson, perhaps "
                       "followed by .gz, .zst, .xz or .bz2: name other files one by one",
                       path);
    return rc;
}

static int add_path(struct ingest_files *files, const char *path, const char *source,
                    struct error *err)
{
    struct stat st;

    if (is_stdin(path))
        return add_file(files, path, source, NULL, err);
    if (stat(path, &st) < 0)
        return error_errno(err, errno, path);
    if (S_ISDIR(st.st_mode))
        return add_folder(files, path, source, err);
    if (access(path, R_OK) < 0)
        return error_errno(err, errno, path);
    return add_file(files, path, source, &st, err);
}

/* Expand a glob pattern: in a recipe, no shell does. */
static int add_pattern(struct ingest_files *files, const char *pattern, const char *source,
                       struct error *err)
{
    glob_t found = { 0 };
    const int rc = glob(pattern, 0, NULL, &found);
    int result = 0;

    if (rc == GLOB_NOSPACE)
        result = error_nomem(err);
    else if (rc != 0)
        result = error_set(err, ERR_NOT_FOUND, "%s: no file matches the pattern", pattern);
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
        result = add_path(files, found.gl_pathv[i], source, err);
    globfree(&found);
    return result;
}

static int add_argument(struct ingest_files *files, const char *name, const char *source,
                        struct error *err)
{
    struct stat st;

    if (strpbrk(name, "*?[") && stat(name, &st) < 0 && errno == ENOENT)
        return add_pattern(files, name, source, err);
    return add_path(files, name, source, err);
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

int ingest_files_find(const struct text_list *names, const char *source,
                      struct ingest_files *out, struct error *err)
{
    struct ingest_files files = { .n = 0 };

    arena_init(&files.arena);
    for (unsigned i = 0; i < names->n; i++) {
        if (add_argument(&files, names->items[i], source, err) < 0) {
            ingest_files_release(&files);
            return -1;
        }
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
