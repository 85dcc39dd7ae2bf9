/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/saved_dataset.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/report.h"
#include "stages/ingest/repository_private.h"

enum { NAMES_BYTES = 200 }; /* of the splits in a message */

/* A folder with state.json and dataset_info.json. */
struct saved {
    struct slice folder; /* "" or with a slash at the end */
    size_t state;        /* numbers of its files in the query */
    size_t info;
    const char *split; /* from dataset_dict.json; NULL: there is none */
};

struct search {
    const struct repository_query *query;
    struct repository *out;
    struct listed_path *sorted; /* all paths */
    struct saved *saved;        /* sorted by folder */
    size_t n_saved;
    bool *is_used; /* by number: a file of a dataset */
    struct json *json;
    struct buf text;          /* of the last JSON file */
    struct buf path;          /* scratch space */
    char splits[NAMES_BYTES]; /* those that there are, for a message */
    char configs[NAMES_BYTES];
};

static int compare_slices(struct slice a, struct slice b)
{
    const size_t n = a.len < b.len ? a.len : b.len;
    const int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_sorted(const void *a, const void *b)
{
    const struct listed_path *left = a, *right = b;

    return compare_slices(left->path, right->path);
}

static int compare_key_with_path(const void *key, const void *item)
{
    return compare_slices(*(const struct slice *)key, ((const struct listed_path *)item)->path);
}

static int compare_saved(const void *a, const void *b)
{
    const struct saved *left = a, *right = b;

    return compare_slices(left->folder, right->folder);
}

static int compare_key_with_folder(const void *key, const void *item)
{
    return compare_slices(*(const struct slice *)key, ((const struct saved *)item)->folder);
}

/* The path without what stands behind its last slash. */
static struct slice folder_of(struct slice path)
{
    while (path.len > 0 && path.ptr[path.len - 1] != '/')
        path.len--;
    return path;
}

static bool is_named(struct slice path, const char *name)
{
    const size_t at = folder_of(path).len;

    return slice_equal(slice_of(path.ptr + at, path.len - at), slice_text(name));
}

/* Find FOLDER/NAME. *number is that of the query, or n_paths. */
static int find_in_folder(struct search *search, struct slice folder, struct slice name,
                          size_t *number, struct error *err)
{
    buf_clear(&search->path);
    if (buf_add_slice(&search->path, folder, err) < 0 ||
        buf_add_slice(&search->path, name, err) < 0)
        return -1;
    const struct slice key = buf_slice(&search->path);
    const struct listed_path *found = bsearch(&key, search->sorted, search->query->n_paths,
                                              sizeof *search->sorted, compare_key_with_path);
    *number = found ? found->number : search->query->n_paths;
    return 0;
}

static struct saved *find_saved(const struct search *search, struct slice folder)
{
    return bsearch(&folder, search->saved, search->n_saved, sizeof *search->saved,
                   compare_key_with_folder);
}

/* Is a part of the path hidden? */
static bool is_hidden_path(struct slice path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '.' && (i == 0 || path.ptr[i - 1] == '/'))
            return true;
    return false;
}

/* Find the folders of datasets. */
static int find_datasets(struct search *search, struct error *err)
{
    const size_t n = search->query->n_paths;

    for (size_t i = 0; i < n; i++) {
        const struct listed_path *file = &search->sorted[i];
        const struct slice folder = folder_of(file->path);
        size_t info;

        if (!is_named(file->path, "state.json") || is_hidden_path(folder))
            continue;
        if (find_in_folder(search, folder, slice_text("dataset_info.json"), &info, err) < 0)
            return -1;
        if (info < n)
            search->saved[search->n_saved++] =
                (struct saved){ .folder = folder, .state = file->number, .info = info };
    }
    if (search->n_saved > 1)
        qsort(search->saved, search->n_saved, sizeof *search->saved, compare_saved);
    return 0;
}

/* Parse a file that holds an object. Its values are valid until the next call. */
static int read_object(struct search *search, size_t number, const struct json_value **out,
                       struct error *err)
{
    const struct repository_query *query = search->query;
    enum json_issue issue;
    const char *detail;
    size_t at;

    buf_clear(&search->text);
    if (query->read_file(query->state, number, &search->text, err) < 0)
        return -1;
    const struct slice text = search->text.len > 0 ? buf_slice(&search->text) : slice_text("");
    if (json_parse(search->json, text, out, &issue, &at, &detail, err) < 0)
        return -1;
    if (!*out)
        return error_set(err, ERR_INPUT, "%s/%s: at byte %zu: %s", query->name,
                         query->paths[number], at, detail);
    if (json_type(*out) != JSON_OBJECT)
        return error_set(err, ERR_INPUT, "%s/%s: must be a JSON object", query->name,
                         query->paths[number]);
    return 0;
}

/* Give the datasets below a dataset_dict.json their splits. */
static int read_dict(struct search *search, const struct listed_path *file, struct error *err)
{
    const struct json_value *object = NULL;
    const struct slice folder = folder_of(file->path);

    if (read_object(search, file->number, &object, err) < 0)
        return -1;
    const struct json_value *splits = json_get(object, "splits");
    if (json_type(splits) != JSON_ARRAY)
        return error_set(err, ERR_INPUT, "%s/%s: `splits` must be a list", search->query->name,
                         search->query->paths[file->number]);
    for (size_t i = 0; i < json_count(splits); i++) {
        const struct slice name = json_text(json_at(splits, i));

        buf_clear(&search->path);
        if (!name.ptr || name.len == 0 || memchr(name.ptr, '/', name.len) ||
            memchr(name.ptr, '\0', name.len))
            return error_set(err, ERR_INPUT, "%s/%s: split %zu has no valid name",
                             search->query->name, search->query->paths[file->number], i + 1);
        if (buf_add_slice(&search->path, folder, err) < 0 ||
            buf_add_slice(&search->path, name, err) < 0 ||
            buf_add_text(&search->path, "/", err) < 0)
            return -1;
        struct saved *saved = find_saved(search, buf_slice(&search->path));
        if (!saved)
            return error_set(err, ERR_NOT_FOUND,
                             "%s/%s names the split %s: %sstate.json is missing",
                             search->query->name, search->query->paths[file->number], name.ptr,
                             search->path.data);
        saved->split = arena_copy(&search->out->arena, name).ptr;
        if (!saved->split)
            return error_nomem(err);
    }
    return 0;
}

static int read_dicts(struct search *search, struct error *err)
{
    for (size_t i = 0; i < search->query->n_paths; i++) {
        const struct listed_path *file = &search->sorted[i];

        if (is_named(file->path, "dataset_dict.json") &&
            !is_hidden_path(folder_of(file->path)) && read_dict(search, file, err) < 0)
            return -1;
    }
    return 0;
}

/* A text that is not empty becomes a copy; anything else NULL. */
static int copy_saved_name(struct search *search, const struct json_value *value,
                           const char **out, struct error *err)
{
    const struct slice text = json_text(value);

    *out = NULL;
    if (!text.ptr || text.len == 0)
        return 0;
    *out = arena_copy(&search->out->arena, text).ptr;
    return *out ? 0 : error_nomem(err);
}

/* Before it was flattened, a dataset that was shuffled or filtered is a mapping of indices to
 * the rows of another one. */
static bool has_indices(const struct json_value *state)
{
    static const char *const names[] = { "_indices_data_files", "_indices_files", "_indices" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json_value *value = json_get(state, names[i]);
        const enum json_type type = json_type(value);

        if (type == JSON_ARRAY ? json_count(value) > 0 : type != JSON_NULL)
            return true;
    }
    return false;
}

/* Add a name to a list for a message. A list that is full ends with dots. */
static void add_message_name(char list[NAMES_BYTES], const char *name)
{
    const size_t len = strlen(list);

    if (len + strlen(name) + 8 < NAMES_BYTES)
        snprintf(list + len, NAMES_BYTES - len, "%s%s", len > 0 ? ", " : "", name);
    else if (len > 0 && list[len - 1] != '.')
        snprintf(list + len, NAMES_BYTES - len, ", ...");
}

static bool is_wanted(const char *asked, const char *name)
{
    return !asked || (name && strcmp(asked, name) == 0);
}

/* Add the files that state.json names. */
static int add_saved_files(struct search *search, const struct saved *saved,
                           const struct json_value *state, const char *config,
                           const char *split, struct error *err)
{
    const struct repository_query *query = search->query;
    const struct json_value *files = json_get(state, "_data_files");
    const bool is_chosen = is_wanted(query->split, split) && is_wanted(query->config, config);

    if (json_type(files) != JSON_ARRAY)
        return error_set(err, ERR_INPUT, "%s/%s: `_data_files` must be a list", query->name,
                         query->paths[saved->state]);
    for (size_t i = 0; i < json_count(files); i++) {
        const struct slice name = json_text(json_get(json_at(files, i), "filename"));
        size_t number;

        if (!name.ptr || name.len == 0 || memchr(name.ptr, '/', name.len))
            return error_set(err, ERR_INPUT,
                             "%s/%s: file %zu of `_data_files` has no valid `filename`",
                             query->name, query->paths[saved->state], i + 1);
        if (find_in_folder(search, saved->folder, name, &number, err) < 0)
            return -1;
        if (number == query->n_paths)
            return error_set(err, ERR_NOT_FOUND, "%s/%s names the file %s: it is missing",
                             query->name, query->paths[saved->state], name.ptr);
        if (is_chosen && !search->is_used[number])
            search->out->files[search->out->n++] =
                (struct repository_file){ number, config, split };
        search->is_used[number] = true;
    }
    return 0;
}

static int add_dataset(struct search *search, const struct saved *saved, struct error *err)
{
    const struct json_value *object = NULL;
    const char *split = NULL, *config = NULL;

    if (read_object(search, saved->info, &object, err) < 0 ||
        copy_saved_name(search, json_get(object, "config_name"), &config, err) < 0 ||
        read_object(search, saved->state, &object, err) < 0 ||
        copy_saved_name(search, json_get(object, "_split"), &split, err) < 0)
        return -1;
    if (saved->split)
        split = saved->split;
    if (has_indices(object))
        return error_set(err, ERR_UNSUPPORTED,
                         "%s/%s: the dataset is a selection of the rows of its files, which is "
                         "not supported: call flatten_indices() in Python and save it again",
                         search->query->name, search->query->paths[saved->state]);
    if (split)
        add_message_name(search->splits, split);
    if (config && !strstr(search->configs, config))
        add_message_name(search->configs, config);
    return add_saved_files(search, saved, object, config, split, err);
}

/* Add the data files that lie in no folder of a dataset. Report those that do, but that
 * state.json does not name: caches of Python. */
static void add_others(struct search *search)
{
    const struct repository_query *query = search->query;
    size_t n_left_out = 0;

    for (size_t i = 0; i < query->n_paths; i++) {
        const struct listed_path *file = &search->sorted[i];
        struct slice folder = folder_of(file->path);

        if (search->is_used[file->number] || !repository_is_data(file))
            continue;
        while (folder.len > 0 && !find_saved(search, folder))
            folder = folder_of(slice_of(folder.ptr, folder.len - 1));
        if (find_saved(search, folder))
            n_left_out++;
        else if (!query->split && !query->config)
            search->out->files[search->out->n++] =
                (struct repository_file){ file->number, NULL, NULL };
    }
    if (n_left_out > 0 && query->report)
        report_note(query->report, "%s: passed over %zu file%s that state.json does not name",
                    query->name, n_left_out, n_left_out == 1 ? "" : "s");
}

static int choose_saved(struct search *search, struct error *err)
{
    const struct repository_query *query = search->query;

    if (read_dicts(search, err) < 0)
        return -1;
    for (size_t i = 0; i < search->n_saved; i++)
        if (add_dataset(search, &search->saved[i], err) < 0)
            return -1;
    add_others(search);
    if (search->out->n > 0 || (!query->split && !query->config))
        return 0;
    const char *names = query->config ? search->configs : search->splits;
    return error_set(
        err, ERR_NOT_FOUND, "%s: no %s '%.60s'%s%s: it has %s", query->name,
        query->config ? "config" : "split", query->config ? query->config : query->split,
        query->config && query->split ? " with split " : "",
        query->config && query->split ? query->split : "", names[0] ? names : "none");
}

static int list_sorted(struct search *search, struct error *err)
{
    const size_t n = search->query->n_paths;

    search->sorted = calloc(n + 1, sizeof *search->sorted);
    search->saved = calloc(n + 1, sizeof *search->saved);
    search->is_used = calloc(n + 1, sizeof *search->is_used);
    search->out->files = arena_alloc(&search->out->arena, n + 1, sizeof *search->out->files);
    if (!search->sorted || !search->saved || !search->is_used || !search->out->files)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct slice path = slice_text(search->query->paths[i]);

        search->sorted[i] = (struct listed_path){ path, i, repository_kind(path) };
    }
    if (n > 1)
        qsort(search->sorted, n, sizeof *search->sorted, compare_sorted);
    return 0;
}

int saved_dataset_choose(const struct repository_query *query, struct repository *out,
                         struct error *err)
{
    struct repository repository = { .n = 0 };
    struct search search = { .query = query, .out = &repository };

    arena_init(&repository.arena);
    buf_init(&search.text, CARD_MAX_BYTES + 1);
    buf_init(&search.path, SIZE_MAX);
    int rc = list_sorted(&search, err);
    if (rc == 0)
        rc = find_datasets(&search, err);
    if (rc == 0 && search.n_saved > 0 && query->read_file) {
        rc = json_new(&search.json, err);
        if (rc == 0)
            rc = choose_saved(&search, err) < 0 ? -1 : 1;
    }
    json_free(search.json);
    buf_release(&search.path);
    buf_release(&search.text);
    free(search.is_used);
    free(search.saved);
    free(search.sorted);
    if (rc == 1)
        *out = repository;
    else
        repository_release(&repository);
    return rc;
}
