/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs among the files to read. The files of a dataset repository are chosen by repository.h,
 * brought to this machine, and added to the list as local files with public names.
 */
#include "stages/ingest/fetched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/fetcher.h"
#include "stages/ingest/ingest_private.h"
#include "stages/ingest/saved_dataset.h"

enum { TEXT_MAX_BYTES = 1 << 20 };

/* The files that one URL names. */
struct found {
    struct fetcher *fetcher;
    struct remote_files *files;
    struct buf url;  /* public */
    size_t *numbers; /* of the files to read */
    struct repository repository;
};

/* Get the repository of a public name, "OWNER/NAME", which is the source of all of its files.
 * Returns a slice with ptr NULL for the URL of another server. */
static struct slice repository_of(const char *public_name)
{
    static const char prefix[] = "hf://", dataset[] = "datasets/";
    const char *begin = public_name + sizeof prefix - 1;

    if (strncmp(public_name, prefix, sizeof prefix - 1) != 0)
        return slice_of(NULL, 0);
    if (strncmp(begin, dataset, sizeof dataset - 1) == 0)
        begin += sizeof dataset - 1;
    return slice_of(begin, strcspn(begin, "@"));
}

/* Copy a text to the list of files; NULL stays NULL. */
static int keep_text(struct ingest_files *files, const char *text, const char **out,
                     struct error *err)
{
    *out = text ? arena_copy(&files->arena, slice_text(text)).ptr : NULL;
    return text && !*out ? error_nomem(err) : 0;
}

/* Add a file that was fetched, or the members of an archive. */
static int add_fetched(struct ingest_files *files, const struct remote_file *fetched,
                       const struct ingest_query *query, struct error *err)
{
    const size_t before = files->n;
    const char *local_path;
    struct stat st;

    if (keep_text(files, fetched->local_path, &local_path, err) < 0)
        return -1;
    if (stat(local_path, &st) < 0)
        return error_errno(err, errno, local_path);
    int added = ingest_archive_add(files, fetched->public_name, local_path, query, err);
    if (added == 0) {
        added = ingest_files_add(files, fetched->public_name, query->source, &st, err);
        if (added == 0)
            files->items[before].local_path = local_path;
    }
    return added < 0 ? -1 : 0;
}

/* Add a file of the repository, with its config and split. */
static int add_chosen(struct ingest_files *files, const struct found *found,
                      const struct repository_file *chosen, const struct ingest_query *query,
                      struct error *err)
{
    const struct remote_file *fetched = remote_file(found->files, chosen->number);
    const struct slice repository = repository_of(fetched->public_name);
    const size_t before = files->n;
    struct ingest_query own = *query;
    const char *config, *split;

    if (!own.source && repository.ptr) {
        own.source = arena_copy(&files->arena, repository).ptr;
        if (!own.source)
            return error_nomem(err);
    }
    if (keep_text(files, chosen->config, &config, err) < 0 ||
        keep_text(files, chosen->split, &split, err) < 0 ||
        add_fetched(files, fetched, &own, err) < 0)
        return -1;
    for (size_t i = before; i < files->n; i++) {
        files->items[i].config = config;
        files->items[i].split = split;
    }
    return 0;
}

/* Where README.md of a repository comes from. */
struct card_place {
    struct fetcher *fetcher;
    struct remote_files *files;
};

static int fetch_card(void *state, size_t number, struct buf *out, struct error *err)
{
    const struct card_place *place = state;

    if (fetcher_get(place->fetcher, place->files, &number, 1, err) < 0)
        return -1;
    return ingest_read_start(remote_file(place->files, number)->local_path, out, err);
}

int fetched_data_choose(struct fetcher *fetcher, struct remote_files *files,
                        const struct repository_query *query, struct repository *out,
                        struct error *err)
{
    struct card_place place = { fetcher, files };
    const size_t n = remote_n_files(files);
    const char **paths = calloc(n + 1, sizeof *paths);
    struct repository_query own = *query;

    if (!paths)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        paths[i] = remote_file(files, i)->path;
    own.paths = paths;
    own.n_paths = n;
    own.is_folder = remote_is_folder(files);
    own.is_whole = remote_is_repository(files) && !own.is_folder;
    own.read_file = fetch_card;
    own.state = &place;
    int rc = remote_is_repository(files) ? saved_dataset_choose(&own, out, err) : 0;
    if (rc == 0)
        rc = repository_choose(&own, out, err);
    free(paths);
    return rc < 0 ? -1 : 0;
}

static int choose_data(struct found *found, const struct ingest_query *query, struct error *err)
{
    const struct repository_query wanted = { .name = found->url.data,
                                             .config = query->config,
                                             .split = query->split,
                                             .report = query->report };

    if (remote_is_repository(found->files) && !remote_is_dataset(found->files))
        return error_set(
            err, ERR_USAGE,
            "%s: is the repository of a model: name one of its files, or a dataset "
            "as hf://datasets/OWNER/NAME",
            found->url.data);
    return fetched_data_choose(found->fetcher, found->files, &wanted, &found->repository, err);
}

static int add_all(struct ingest_files *files, struct found *found,
                   const struct ingest_query *query, struct error *err)
{
    const struct repository *chosen = &found->repository;

    if (choose_data(found, query, err) < 0)
        return -1;
    found->numbers = calloc(chosen->n + 1, sizeof *found->numbers);
    if (!found->numbers)
        return error_nomem(err);
    for (size_t i = 0; i < chosen->n; i++)
        found->numbers[i] = chosen->files[i].number;
    if (fetcher_get(found->fetcher, found->files, found->numbers, chosen->n, err) < 0)
        return -1;
    for (size_t i = 0; i < chosen->n; i++)
        if (add_chosen(files, found, &chosen->files[i], query, err) < 0)
            return -1;
    return 0;
}

int ingest_url_add(struct ingest_files *files, const char *url,
                   const struct ingest_query *query, struct error *err)
{
    struct found found = { .fetcher = query->fetcher };
    struct remote *remote = NULL;
    int rc = -1;

    buf_init(&found.url, TEXT_MAX_BYTES);
    if (remote_public_url(url, &found.url, err) == 0 &&
        fetcher_remote(found.fetcher, &remote, err) == 0 &&
        remote_find(remote, url, &found.files, err) == 0)
        rc = add_all(files, &found, query, err);
    repository_release(&found.repository);
    remote_files_free(found.files);
    free(found.numbers);
    buf_release(&found.url);
    return rc;
}
