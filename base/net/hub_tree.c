/* SPDX-License-Identifier: Apache-2.0 */
/* Listings that are kept in the cache, and what the cache itself has of a commit. */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "base/net/hub_cache.h"

static int tree_path(const char *folder, const struct hub_name *name, const char *commit,
                     struct buf *out, struct error *err)
{
    char part[HUB_COMMIT_BYTES + 8];

    snprintf(part, sizeof part, "%s.json", commit);
    return hub_cache_path(folder, name, HUB_TREES, part, out, err);
}

static void add_text_member(struct jsonout *out, const char *key, const char *text)
{
    if (!text[0])
        return;
    jsonout_key(out, key);
    jsonout_text(out, slice_text(text));
}

/* One member of "files". */
static void add_tree_entry(struct jsonout *out, const struct hub_entry *entry)
{
    const bool is_large = strlen(entry->id) == HUB_ID_HEX;

    jsonout_key(out, entry->path);
    jsonout_object_begin(out);
    jsonout_key(out, "size");
    jsonout_int(out, (int64_t)entry->size_bytes);
    add_text_member(out, "blob_id", entry->git_id);
    if (is_large) {
        add_text_member(out, "lfs_sha256", entry->id);
        jsonout_key(out, "lfs_size");
        jsonout_int(out, (int64_t)entry->size_bytes);
    }
    add_text_member(out, "xet_hash", entry->xet_id);
    jsonout_object_end(out);
}

int hub_cache_write_tree(const char *folder, const struct hub_name *name, const char *commit,
                         const struct hub_listing *listing, struct error *err)
{
    struct buf text, path;
    struct jsonout out;
    int rc = -1;

    buf_init(&text, HUB_MAX_ANSWER_BYTES);
    buf_init(&path, HUB_PATH_BUF_BYTES);
    jsonout_init(&out, &text);
    jsonout_object_begin(&out);
    jsonout_key(&out, "format_version");
    jsonout_int(&out, 1);
    jsonout_key(&out, "files");
    jsonout_object_begin(&out);
    for (size_t i = 0; i < listing->n; i++)
        add_tree_entry(&out, &listing->entries[i]);
    jsonout_object_end(&out);
    jsonout_object_end(&out);
    if (jsonout_end(&out, err) == 0 && tree_path(folder, name, commit, &path, err) == 0)
        rc = hub_write_file(path.data, buf_slice(&text), err);
    buf_release(&text);
    buf_release(&path);
    return rc;
}

/* Copy a member that is n hex digits. */
static bool copy_digits(const struct json_value *object, const char *key, size_t n, char *out)
{
    const struct slice text = json_text(json_get(object, key));

    if (!text.ptr || !hub_is_hex(text, n))
        return false;
    memcpy(out, text.ptr, n);
    out[n] = '\0';
    return true;
}

/* Add one member of "files". Returns 1, 0 if it is malformed, or -1 with err set. */
static int read_tree_entry(struct slice path, const struct json_value *value,
                           struct hub_listing *listing, struct error *err)
{
    char text[HUB_PATH_BYTES] = "";
    struct hub_entry entry = { .path = text };
    int64_t size = -1;

    if (!hub_path_is_safe(path) || !json_int(json_get(value, "size"), &size) || size < 0 ||
        !copy_digits(value, "blob_id", HUB_COMMIT_BYTES - 1, entry.git_id))
        return 0;
    memcpy(text, path.ptr, path.len);
    if (!copy_digits(value, "lfs_sha256", HUB_ID_HEX, entry.id))
        memcpy(entry.id, entry.git_id, HUB_COMMIT_BYTES);
    else if (!json_int(json_get(value, "lfs_size"), &size) || size < 0)
        return 0;
    (void)copy_digits(value, "xet_hash", HUB_ID_HEX, entry.xet_id);
    entry.size_bytes = (uint64_t)size;
    return hub_listing_add(listing, &entry, err) < 0 ? -1 : 1;
}

/* Returns 1, 0 if the tree is malformed, or -1 with err set. */
static int read_tree(struct json *json, struct slice text, struct hub_listing *listing,
                     struct error *err)
{
    const struct json_value *tree = NULL;
    const struct json_value *value = NULL;
    enum json_issue issue = JSON_OK;
    const char *detail = NULL;
    int64_t version = 0;
    struct slice path;
    size_t at = 0;

    if (json_parse(json, text, &tree, &issue, &at, &detail, err) < 0)
        return -1;
    if (!json_int(json_get(tree, "format_version"), &version) || version != 1)
        return 0;
    const struct json_value *files = json_get(tree, "files");
    if (json_type(files) != JSON_OBJECT)
        return 0;
    for (size_t pos = 0; json_member_next(files, &pos, &path, &value);) {
        const int rc = read_tree_entry(path, value, listing, err);

        if (rc != 1)
            return rc;
    }
    return hub_listing_sort(listing, err) < 0 ? 0 : 1;
}

int hub_cache_read_tree(const char *folder, const struct hub_name *name, const char *commit,
                        struct hub_listing *listing, struct error *err)
{
    struct json *json = NULL;
    struct buf path, text;
    int rc = -1;

    buf_init(&path, HUB_PATH_BUF_BYTES);
    buf_init(&text, HUB_MAX_ANSWER_BYTES);
    if (tree_path(folder, name, commit, &path, err) < 0)
        goto done;
    if (file_read(path.data, &text, err) < 0) {
        rc = err->code == ERR_NOMEM ? -1 : 0;
        goto done;
    }
    if (json_new(&json, err) == 0)
        rc = read_tree(json, buf_slice(&text), listing, err);
    if (rc == 0) {
        hub_listing_release(listing);
        hub_listing_init(listing);
    }
done:
    json_free(json);
    buf_release(&path);
    buf_release(&text);
    return rc;
}

/* Add a file of a snapshot. Its id is the name of the blob that its link leads to. */
static int add_cached(const FTSENT *found, size_t root_len, struct hub_listing *listing,
                      struct error *err)
{
    const struct slice path = slice_text(found->fts_path + root_len + 1);
    struct hub_entry entry = { .path = path.ptr };
    char target[PATH_MAX];
    struct stat st;

    if (!hub_path_is_safe(path) || stat(found->fts_accpath, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    entry.size_bytes = (uint64_t)st.st_size;
    const ssize_t n = readlink(found->fts_accpath, target, sizeof target - 1);
    if (n > 0) {
        target[n] = '\0';
        const char *slash = strrchr(target, '/');
        const struct slice id = slice_text(slash ? slash + 1 : target);

        if (hub_is_hex(id, HUB_ID_HEX) || hub_is_commit(id))
            memcpy(entry.id, id.ptr, id.len + 1);
    }
    return hub_listing_add(listing, &entry, err);
}

/* Add the files of a folder of snapshots/. Returns 1, 0 if there is no such folder, or -1. */
static int walk_snapshot(char *root, struct hub_listing *listing, struct error *err)
{
    char *const roots[] = { root, NULL };
    const size_t root_len = strlen(root);
    FTSENT *found;
    int rc = 0;

    if (access(root, F_OK) < 0)
        return 0;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        return error_errno(err, errno, root);
    while (rc == 0 && (found = fts_read(walk)))
        if ((found->fts_info == FTS_F || found->fts_info == FTS_SL) && found->fts_level > 0)
            rc = add_cached(found, root_len, listing, err);
    fts_close(walk);
    return rc < 0 ? -1 : 1;
}

int hub_cache_list(const char *folder, const struct hub_name *name, const char *commit,
                   struct hub_listing *listing, bool *is_complete, struct error *err)
{
    struct buf path;
    int rc = hub_cache_read_tree(folder, name, commit, listing, err);

    *is_complete = rc == 1;
    if (rc != 0)
        return rc;
    buf_init(&path, HUB_PATH_BUF_BYTES);
    if (hub_cache_path(folder, name, HUB_SNAPSHOTS, commit, &path, err) < 0)
        rc = -1;
    else
        rc = walk_snapshot(path.data, listing, err);
    if (rc == 1 && hub_listing_sort(listing, err) < 0)
        rc = -1;
    buf_release(&path);
    return rc;
}
