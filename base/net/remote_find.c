/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a repository a name means, from the Hub or from the cache. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/hub_cache.h"
#include "base/net/remote_private.h"
#include "base/net/url.h"
#include "base/text/glob.h"

/* Digits of a number in the name of a part, and what follows the name of the model. */
enum { PART_DIGITS = 5, PART_BYTES = sizeof "-00001-of-00003.gguf" - 1 };

bool remote_is_first_part(const char *path, unsigned *n)
{
    const size_t len = strlen(path);

    if (len <= PART_BYTES || strncmp(path + len - PART_BYTES, "-00001-of-", 10) != 0 ||
        strcmp(path + len - 5, ".gguf") != 0)
        return false;
    const char *digits = path + len - 5 - PART_DIGITS;
    if (strspn(digits, "0123456789") != PART_DIGITS)
        return false;
    *n = (unsigned)strtoul(digits, NULL, 10);
    return *n >= 2;
}

/* The folder of a path, or of the components before the first one with a wildcard. */
static void copy_folder(const char *path, char *out)
{
    const size_t plain = strcspn(path, "*?[");
    size_t n = plain;

    while (n > 0 && path[n] != '/')
        n--;
    memcpy(out, path, n);
    out[n] = '\0';
}

/* Keep the entries for which keep is true. */
static void keep_entries(struct remote_files *files,
                         bool (*keep)(const char *wanted, const char *path))
{
    struct hub_listing *listing = &files->listing;
    size_t n = 0;

    for (size_t i = 0; i < listing->n; i++)
        if (keep(files->name.path, listing->entries[i].path))
            listing->entries[n++] = listing->entries[i];
    listing->n = n;
}

static bool is_below(const char *folder, const char *path)
{
    return hub_path_is_below(folder, slice_text(path));
}

static bool matches(const char *pattern, const char *path)
{
    return glob_matches(pattern, slice_text(path));
}

static bool is_path(const char *wanted, const char *path)
{
    return strcmp(wanted, path) == 0;
}

/* Is the path a part of the same model as `first`? */
static bool is_part(const char *first, const char *path)
{
    const size_t len = strlen(first);
    const size_t number_at = len - PART_BYTES + 1;

    return strlen(path) == len && memcmp(first, path, number_at) == 0 &&
           strspn(path + number_at, "0123456789") == PART_DIGITS &&
           strcmp(first + number_at + PART_DIGITS, path + number_at + PART_DIGITS) == 0;
}

static int keep_parts(struct remote_files *files, unsigned n_parts, struct error *err)
{
    const char *first = files->name.path;
    const size_t number_at = strlen(first) - PART_BYTES + 1;
    char path[HUB_PATH_BYTES];

    for (unsigned part = 1; part <= n_parts; part++) {
        snprintf(path, sizeof path, "%.*s%05u%s", (int)number_at, first, part,
                 first + number_at + PART_DIGITS);
        if (!hub_listing_find(&files->listing, path))
            return error_set(
                err, ERR_NOT_FOUND,
                "%.300s: the model has %u parts, and the repository lacks this one", path,
                n_parts);
    }
    keep_entries(files, is_part);
    if (files->listing.n != n_parts) /* a part 0, or one above the last */
        return error_set(err, ERR_INPUT, "%.300s: the repository has %zu parts, not %u", first,
                         files->listing.n, n_parts);
    return 0;
}

int remote_select(struct remote_files *files, struct error *err)
{
    const struct hub_name *name = &files->name;
    unsigned n_parts = 0;

    if (name->path[0] == '\0') {
        files->is_repository = true;
    } else if (name->is_pattern) {
        keep_entries(files, matches);
    } else if (!hub_listing_find(&files->listing, name->path)) {
        keep_entries(files, is_below);
        files->is_repository = true;
    } else if (remote_is_first_part(name->path, &n_parts)) {
        return keep_parts(files, n_parts, err) < 0 ? -1 : 1;
    } else {
        keep_entries(files, is_path);
    }
    return files->listing.n > 0;
}

static int none_error(const struct remote_files *files, const char *more, struct error *err)
{
    const struct hub_name *name = &files->name;
    struct buf what;
    struct error ignored;

    buf_init(&what, URL_MAX_BYTES);
    if (hub_public_name(&what, name, name->revision, name->path, &ignored) < 0)
        buf_clear(&what);
    error_set(err, ERR_NOT_FOUND, "%.300s: %s%s", what.data ? what.data : name->id,
              name->path[0] == '\0' ? "the repository is empty"
              : name->is_pattern    ? "no file of the repository matches the pattern"
                                    : "the repository has no such file or folder",
              more);
    buf_release(&what);
    return -1;
}

/* Offline: what the cache has. */
static int find_offline(struct remote *remote, struct remote_files *files, struct error *err)
{
    const struct hub_name *name = &files->name;
    const char *folder = remote->net.cache;
    bool is_complete = false;
    int rc = hub_cache_commit(folder, name, files->commit, err);

    if (rc == 1)
        rc = hub_cache_list(folder, name, files->commit, &files->listing, &is_complete, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "hf://%s%s@%s: not in the cache %s, and offline is on: fetch it "
                         "without HF_HUB_OFFLINE and --offline",
                         name->kind == HUB_DATASET ? "datasets/" : "", name->id, name->revision,
                         folder);
    rc = remote_select(files, err);
    if (rc == 0)
        return none_error(
            files, is_complete ? "" : ", as far as it is in the cache; offline is on", err);
    if (rc == 1 && !is_complete && (files->is_repository || name->is_pattern))
        report_note(remote->report,
                    "%s: offline: only the files that are in the cache are used", name->id);
    return rc < 0 ? -1 : 0;
}

/* List the folder, by the cached tree of the commit if there is one, and select. */
static int list_online(struct remote *remote, struct remote_files *files, struct error *err)
{
    const struct hub_api api = { .http = remote->http, .settings = &remote->net };
    const struct hub_name *name = &files->name;
    char folder[HUB_PATH_BYTES] = "";
    unsigned n_parts;
    struct error ignored;

    if (name->is_pattern || remote_is_first_part(name->path, &n_parts))
        copy_folder(name->path, folder);
    else
        memcpy(folder, name->path, sizeof folder);
    int rc = hub_cache_read_tree(remote->net.cache, name, files->commit, &files->listing, err);
    if (rc < 0)
        return -1;
    if (rc == 0) {
        if (hub_api_list(&api, name, files->commit, folder, &files->listing, err) < 0)
            return -1;
        if (folder[0] == '\0' && !remote->given.folder)
            (void)hub_cache_write_tree(remote->net.cache, name, files->commit, &files->listing,
                                       &ignored);
    }
    rc = remote_select(files, err);
    return rc == 0 ? none_error(files, "", err) : rc < 0 ? -1 : 0;
}

/* Of a commit, a file in its snapshot needs no request. Returns 1, 0, or -1. */
static int find_in_snapshot(const struct remote *remote, struct remote_files *files,
                            struct error *err)
{
    const struct hub_name *name = &files->name;
    struct hub_entry entry = { .path = name->path };
    char part[HUB_COMMIT_BYTES + HUB_PATH_BYTES];
    char target[HUB_PATH_BYTES];
    struct buf path;
    struct stat st;
    int rc = -1;

    if (!hub_is_commit(slice_text(name->revision)))
        return 0;
    snprintf(part, sizeof part, "%.40s/%s", name->revision, name->path);
    buf_init(&path, HUB_PATH_BUF_BYTES);
    if (hub_cache_path(remote->net.cache, name, HUB_SNAPSHOTS, part, &path, err) < 0)
        goto done;
    rc = 0;
    const ssize_t n = readlink(path.data, target, sizeof target - 1);
    if (n <= 0 || stat(path.data, &st) < 0)
        goto done;
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    const struct slice id = slice_text(slash ? slash + 1 : target);
    if (!hub_is_hex(id, HUB_ID_HEX) && !hub_is_commit(id))
        goto done;
    memcpy(entry.id, id.ptr, id.len + 1);
    entry.size_bytes = (uint64_t)st.st_size;
    memcpy(files->commit, name->revision, HUB_COMMIT_BYTES);
    rc = hub_listing_add(&files->listing, &entry, err) < 0 ? -1 : 1;
done:
    buf_release(&path);
    return rc;
}

/* One file by its path: 1, 0 if there is no such file, or -1. */
static int find_file(struct remote *remote, struct remote_files *files, struct error *err)
{
    const struct hub_api api = { .http = remote->http, .settings = &remote->net };
    const struct hub_name *name = &files->name;
    const int rc = find_in_snapshot(remote, files, err);

    if (rc != 0)
        return rc;
    return hub_api_file(&api, name, name->path, &files->listing, files->commit, err);
}

static void note_commit(const struct remote *remote, const struct remote_files *files)
{
    const struct hub_name *name = &files->name;

    if (strcmp(name->revision, files->commit) != 0)
        report_note(remote->report, "hf://%s%s: revision %s is commit %s",
                    name->kind == HUB_DATASET ? "datasets/" : "", name->id, name->revision,
                    files->commit);
}

/* A path that is no file: a folder, or absent. */
static int find_folder(struct remote *remote, struct remote_files *files, struct error *err)
{
    const struct hub_name *name = &files->name;
    char commit[HUB_COMMIT_BYTES];
    struct error ignored;

    memcpy(commit, files->commit, sizeof commit);
    const int rc = list_online(remote, files, err);
    if (rc == 0 || err->code != ERR_NOT_FOUND)
        return rc;
    if (!remote->given.folder)
        (void)hub_cache_set_absent(remote->net.cache, name, commit, name->path, &ignored);
    return none_error(files, "", err);
}

/* Get the commit of the revision, unless it is known or is one itself. */
static int find_commit(struct remote *remote, struct remote_files *files, struct error *err)
{
    const struct hub_api api = { .http = remote->http, .settings = &remote->net };
    const char *revision = files->name.revision;

    if (files->commit[0])
        return 0;
    if (!hub_is_commit(slice_text(revision)))
        return hub_api_commit(&api, &files->name, files->commit, err);
    memcpy(files->commit, revision, HUB_COMMIT_BYTES);
    return 0;
}

static int find_online(struct remote *remote, struct remote_files *files, struct error *err)
{
    const struct hub_name *name = &files->name;
    unsigned n_parts;
    const bool is_file = name->path[0] && !name->is_pattern && !name->is_folder &&
                         !remote_is_first_part(name->path, &n_parts);
    int rc = 0;

    if (is_file)
        rc = find_file(remote, files, err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (find_commit(remote, files, err) < 0)
        return -1;
    return is_file ? find_folder(remote, files, err) : list_online(remote, files, err);
}

int remote_find_hub(struct remote *remote, struct remote_files *files, struct error *err)
{
    const struct hub_name *name = &files->name;
    char commit[HUB_COMMIT_BYTES];
    struct error ignored;

    if (!remote->http)
        return find_offline(remote, files, err);
    if (find_online(remote, files, err) == 0) {
        note_commit(remote, files);
        return 0;
    }
    if (err->code == ERR_BUSY &&
        hub_cache_commit(remote->net.cache, name, commit, &ignored) == 1)
        report_note(remote->report, "%s: --offline uses what the cache has of revision %.60s",
                    name->id, name->revision);
    return -1;
}
