/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/gguf/gguf_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/gguf/gguf.h"

/* "-00001-of-00003.gguf" ends the name of a part. */
enum { DIGITS = 5, ENDING_BYTES = 1 + DIGITS + 4 + DIGITS + 5 };

/* Parse a number of five digits. Returns false if a character is not a digit. */
static bool parse_digits(const char *text, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (size_t)(text[i] - '0');
    }
    return true;
}

/* Is the path that of a part? Parts count from 1. "-00001-of-00001" is a whole model. */
static bool parse_part(const char *path, size_t *part, size_t *n_parts)
{
    const size_t len = strlen(path);

    if (len <= ENDING_BYTES)
        return false;
    const char *ending = path + len - ENDING_BYTES;
    return ending[0] == '-' && parse_digits(ending + 1, part) &&
           memcmp(ending + 1 + DIGITS, "-of-", 4) == 0 &&
           parse_digits(ending + 5 + DIGITS, n_parts) &&
           strcmp(ending + 5 + 2 * DIGITS, ".gguf") == 0 && *n_parts > 1 && *part > 0 &&
           *part <= *n_parts;
}

size_t gguf_part_number(const char *path)
{
    size_t part, n;

    return parse_part(path, &part, &n) ? part : 0;
}

bool gguf_is_part_of(const char *path, const char *first)
{
    const size_t len = strlen(path);
    size_t part, n, first_part, n_of_first;

    return parse_part(first, &first_part, &n_of_first) && parse_part(path, &part, &n) &&
           n == n_of_first && part > 1 && len == strlen(first) &&
           memcmp(path, first, len - ENDING_BYTES) == 0;
}

struct slice gguf_model_name(const char *path)
{
    static const char suffix[] = ".gguf";
    const char *slash = strrchr(path, '/');
    const struct slice name = slice_text(slash ? slash + 1 : path);
    size_t part, n;

    if (parse_part(name.ptr, &part, &n))
        return slice_of(name.ptr, name.len - ENDING_BYTES);
    if (name.len > sizeof suffix - 1 &&
        strcmp(name.ptr + name.len - (sizeof suffix - 1), suffix) == 0)
        return slice_of(name.ptr, name.len - (sizeof suffix - 1));
    return name;
}

/* Name part i, from 0, of the model of n parts whose first part has the path. */
static char *name_part(const char *path, size_t i, size_t n)
{
    char *name = NULL;

    if (n == 1)
        return strdup(path);
    const int len = (int)(strlen(path) - ENDING_BYTES);
    return asprintf(&name, "%.*s-%05zu-of-%05zu.gguf", len, path, i + 1, n) < 0 ? NULL : name;
}

static int check_part_exists(const struct gguf_paths *paths, size_t i, struct error *err)
{
    struct file_stamp ignored;

    if (file_stamp(paths->paths[i], &ignored, err) == 0 || err->code != ERR_NOT_FOUND)
        return 0; /* opening it raises any other error */
    return i == 0
               ? -1
               : error_set(err, ERR_NOT_FOUND,
                           "%s: not found: it is part %zu of %zu of the model: put it in the "
                           "folder of the first part",
                           paths->paths[i], i + 1, paths->n);
}

static int list_parts(const char *path, size_t n, struct gguf_paths *paths, struct error *err)
{
    paths->paths = calloc(n, sizeof *paths->paths);
    if (!paths->paths)
        return error_nomem(err);
    for (paths->n = 0; paths->n < n; paths->n++) {
        paths->paths[paths->n] = name_part(path, paths->n, n);
        if (!paths->paths[paths->n])
            return error_nomem(err);
    }
    for (size_t i = 0; i < n && n > 1; i++)
        if (check_part_exists(paths, i, err) < 0)
            return -1;
    return 0;
}

int gguf_paths_find(const char *path, struct gguf_paths *out, struct error *err)
{
    struct gguf_paths paths = { .n = 0 };
    size_t part = 1, n = 1;

    if (!parse_part(path, &part, &n))
        part = n = 1;
    if (part > 1)
        return error_set(err, ERR_USAGE,
                         "%s: is part %zu of %zu of a model: give the path of the first part, "
                         "which ends in -00001-of-%05zu.gguf",
                         path, part, n, n);
    if (n > GGUF_PARTS_MAX)
        return error_set(err, ERR_UNSUPPORTED, "%s: a model of more than %d parts", path,
                         GGUF_PARTS_MAX);
    if (list_parts(path, n, &paths, err) < 0) {
        gguf_paths_release(&paths);
        return -1;
    }
    *out = paths;
    return 0;
}

void gguf_paths_release(struct gguf_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        free(paths->paths[i]);
    free(paths->paths);
    *paths = (struct gguf_paths){ .n = 0 };
}

/* Map and parse the files; the headers of parts[] are joined later. */
static int open_parts(const struct gguf_paths *paths, struct gguf_file *file,
                      struct gguf **parts, struct error *err)
{
    for (; file->n_maps < paths->n; file->n_maps++) {
        const char *path = paths->paths[file->n_maps];
        struct file_map *map = &file->maps[file->n_maps];

        if (file_map_open(path, map, err) < 0)
            return -1;
        if (gguf_parse(map->data, map->len, &parts[file->n_maps], err) < 0) {
            file->n_maps++; /* close the map as well */
            return error_prefix(err, "%s", path);
        }
    }
    return 0;
}

static int open_all(const struct gguf_paths *paths, struct gguf_file *file, struct error *err)
{
    struct gguf *parts[GGUF_PARTS_MAX] = { NULL };

    int rc = open_parts(paths, file, parts, err);
    if (rc == 0 && paths->n > 1 && gguf_join(parts, paths->n, &file->gguf, err) < 0)
        rc = error_prefix(err, "%s", paths->paths[0]);
    if (rc == 0 && paths->n == 1) {
        file->gguf = parts[0];
        parts[0] = NULL;
    }
    for (size_t i = 0; i < paths->n; i++)
        gguf_free(parts[i]);
    return rc;
}

int gguf_file_open(const char *path, struct gguf_file *out, struct error *err)
{
    struct gguf_paths paths;

    if (gguf_paths_find(path, &paths, err) < 0)
        return -1;
    out->maps = calloc(paths.n, sizeof *out->maps);
    const int rc = out->maps ? open_all(&paths, out, err) : error_nomem(err);
    gguf_paths_release(&paths);
    return rc;
}

void gguf_file_close(struct gguf_file *file)
{
    gguf_free(file->gguf);
    for (size_t i = 0; i < file->n_maps; i++)
        file_map_close(&file->maps[i]);
    free(file->maps);
    *file = (struct gguf_file){ .n_maps = 0 };
}
