/* SPDX-License-Identifier: Apache-2.0 */
/* Files of plain URLs: found where they are kept, or received. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io/file.h"
#include "base/net/content.h"
#include "base/net/hub_get.h"
#include "base/net/plain_private.h"
#include "base/net/settings.h"
#include "base/net/transfer.h"

enum { REF_BYTES = 1024 };

/* The keys of a file, by what identifies it; an empty one is not known. */
struct keys {
    char content[PLAIN_KEY_HEX + 1]; /* by its SHA-256 */
    char url[PLAIN_KEY_HEX + 1];     /* by the whole URL, for a use offline */
};

static int make_keys(const struct plain *plain, const char *sha256, struct keys *keys,
                     struct error *err)
{
    keys->content[0] = '\0';
    if (sha256 &&
        plain_key("content", (const char *const[]){ sha256, NULL }, keys->content, err) < 0)
        return -1;
    return plain_key("url", (const char *const[]){ plain->url.data, NULL }, keys->url, err);
}

/* Append ASSETS/curate/urls/ and a name. */
static int add_url_place(const struct hub_get *get, const char *name, const char *ending,
                         struct buf *out, struct error *err)
{
    buf_clear(out);
    return buf_printf(out, err, "%s/curate/urls/%s%s", get->settings->assets, name, ending);
}

/* Write where the content is. */
static int write_ref(const struct hub_get *get, const char *key, const char *sha256,
                     const char *name, const char *path, struct error *err)
{
    struct file_stamp stamp;
    struct buf ref;
    char text[REF_BYTES];
    int rc;

    if (file_stamp(path, &stamp, err) < 0)
        return -1;
    snprintf(text, sizeof text, "%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s\n",
             sha256, stamp.size_bytes, stamp.mtime_ns, stamp.ctime_ns, stamp.inode, name);
    buf_init(&ref, HUB_PATH_BUF_BYTES);
    rc = add_url_place(get, key, ".ref", &ref, err);
    if (rc == 0)
        rc = hub_write_file(ref.data, slice_text(text), err);
    buf_release(&ref);
    return rc;
}

/* Where a content is, as read from a ref. */
struct kept {
    struct buf text;
    char sha256[2 * DIGEST_BYTES + 1];
    struct file_stamp stamp;
    const char *name; /* in the text */
};

/* Parse a line of write_ref(). The name is the rest of it. */
static bool parse_ref(char *text, struct kept *kept)
{
    struct file_stamp *stamp = &kept->stamp;
    char *end = strchr(text, '\n');
    int n = 0;

    if (end)
        *end = '\0';
    if (sscanf(text, "%64s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %n", kept->sha256,
               &stamp->size_bytes, &stamp->mtime_ns, &stamp->ctime_ns, &stamp->inode,
               &n) != 5 ||
        n == 0)
        return false;
    kept->name = text + n;
    return content_kind_of(kept->sha256) == CONTENT_SHA256 && *kept->name &&
           !strchr(kept->name, '/') && *kept->name != '.';
}

/* The content is still that of the ref: the stamp is the same, or it is hashed again. Returns
 * 1, 0 or -1. */
static int check_kept(const struct hub_get *get, const char *key, const char *path,
                      const struct kept *kept, struct error *err)
{
    struct error ignored;
    struct file_stamp stamp;
    struct content content;

    if (file_stamp(path, &stamp, err) < 0)
        return err->code == ERR_NOT_FOUND ? 0 : -1;
    if (file_stamp_equal(&stamp, &kept->stamp))
        return 1;
    const int rc =
        content_check(path, UINT64_MAX, kept->sha256, get->stop_signal, &content, err);

    if (rc == 1)
        (void)write_ref(get, key, kept->sha256, kept->name, path, &ignored);
    return rc;
}

/* Read where the content of a key is. Returns 1, 0 if it is not known, or -1. */
static int read_ref(const struct hub_get *get, const char *key, struct kept *kept,
                    struct error *err)
{
    struct buf path;
    int rc = 0;

    buf_init(&path, HUB_PATH_BUF_BYTES);
    buf_clear(&kept->text);
    if (add_url_place(get, key, ".ref", &path, err) < 0)
        rc = -1;
    else if (file_read(path.data, &kept->text, err) < 0)
        rc = err->code == ERR_NOT_FOUND || err->code == ERR_INPUT ? 0 : -1;
    else
        rc = kept->text.len > 0 && parse_ref(kept->text.data, kept);
    buf_release(&path);
    return rc;
}

/* Find the content of a key. Returns 1 with its path, 0 if it is not there, or -1. */
static int find_key(const struct hub_get *get, const char *key, struct kept *kept,
                    struct buf *local, struct error *err)
{
    struct buf path;
    int rc = key[0] ? read_ref(get, key, kept, err) : 0;

    if (rc != 1)
        return rc;
    buf_init(&path, HUB_PATH_BUF_BYTES);
    if (add_url_place(get, kept->sha256, "/", &path, err) < 0 ||
        buf_add_text(&path, kept->name, err) < 0)
        rc = -1;
    else
        rc = check_kept(get, key, path.data, kept, err);
    if (rc == 1 && buf_add_slice(local, buf_slice(&path), err) < 0)
        rc = -1;
    buf_release(&path);
    return rc;
}

/* Find the file by what is known: the given SHA-256 first, then what the server says; offline,
 * the URL. A file that is found is noted for a use of the same URL offline. */
static int find_kept(const struct hub_get *get, const struct plain *plain,
                     const struct keys *keys, struct buf *local, struct error *err)
{
    const size_t start = local->len;
    struct error ignored;
    struct kept kept = { 0 };
    int rc;

    buf_init(&kept.text, REF_BYTES);
    if (plain->sha256[0])
        rc = find_key(get, keys->content, &kept, local, err);
    else
        rc = find_key(get, get->http ? plain->key : keys->url, &kept, local, err);
    if (rc == 1 && get->http)
        (void)write_ref(get, keys->url, kept.sha256, kept.name, local->data + start, &ignored);
    buf_release(&kept.text);
    return rc;
}

/* May the bytes of an earlier call be used? */
static bool is_resumable(const struct plain *plain)
{
    return plain->sha256[0] || (plain->key[0] && plain->etag.len > 0);
}

static int receive_plain(const struct hub_get *get, const struct plain *plain,
                         const char *partial, const char *final_path, bool resume,
                         struct transfer_result *result, struct error *err)
{
    const struct transfer transfer = {
        .url = plain->url.data,
        .name = plain->public_name.data,
        .partial_path = partial,
        .final_path = final_path,
        .size_bytes = plain->size_bytes,
        .content_id = plain->sha256[0] ? plain->sha256 : NULL,
        .if_range = plain->etag.len > 0 ? plain->etag.data : NULL,
        .on_progress = get->on_progress,
        .arg = get->arg,
    };

    if (!resume && file_remove(partial, err) < 0)
        return -1;
    return transfer_run(get->http, &transfer, result, err);
}

/* Move the received file to the folder of its content, and note where it is. */
static int keep_file(const struct hub_get *get, const struct plain *plain, const char *received,
                     const uint8_t *digest, struct buf *local, struct error *err)
{
    char sha256[2 * DIGEST_BYTES + 1];
    struct keys keys;
    struct buf path;
    int rc = -1;

    digest_hex(digest, DIGEST_BYTES, sha256);
    buf_init(&path, HUB_PATH_BUF_BYTES);
    if (make_keys(plain, sha256, &keys, err) < 0 ||
        add_url_place(get, sha256, "/", &path, err) < 0 ||
        buf_add_slice(&path, buf_slice(&plain->name), err) < 0 ||
        hub_make_folders(path.data, err) < 0)
        goto done;
    if (rename(received, path.data) < 0) {
        error_errno(err, errno, path.data);
        goto done;
    }
    if (write_ref(get, keys.content, sha256, plain->name.data, path.data, err) < 0 ||
        write_ref(get, keys.url, sha256, plain->name.data, path.data, err) < 0 ||
        (plain->key[0] &&
         write_ref(get, plain->key, sha256, plain->name.data, path.data, err) < 0))
        goto done;
    rc = buf_add_slice(local, buf_slice(&path), err);
done:
    buf_release(&path);
    return rc;
}

/* Receive the file into the folder for URLs. The lock of the key is held. */
static int fill_place(const struct hub_get *get, const struct plain *plain, const char *key,
                      struct buf *local, struct error *err)
{
    struct transfer_result result;
    struct buf partial, received;
    int rc = -1;

    buf_init(&partial, HUB_PATH_BUF_BYTES);
    buf_init(&received, HUB_PATH_BUF_BYTES);
    if (add_url_place(get, key, ".incomplete", &partial, err) == 0 &&
        add_url_place(get, key, ".complete", &received, err) == 0 &&
        receive_plain(get, plain, partial.data, received.data, is_resumable(plain), &result,
                      err) == 0)
        rc = keep_file(get, plain, received.data, result.sha256, local, err);
    buf_release(&partial);
    buf_release(&received);
    return rc;
}

static int plain_offline_error(const struct plain *plain, struct error *err)
{
    return error_set(err, ERR_NOT_FOUND,
                     "%s: not on this machine, and offline is on: fetch it without "
                     "HF_HUB_OFFLINE and --offline",
                     plain->public_name.data);
}

static int get_kept(const struct hub_get *get, const struct plain *plain, struct buf *local,
                    struct error *err)
{
    struct hub_lock lock = { .fd = -1 };
    struct keys keys;
    struct buf path;

    if (make_keys(plain, plain->sha256, &keys, err) < 0)
        return -1;
    int rc = find_kept(get, plain, &keys, local, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (!get->http)
        return plain_offline_error(plain, err);
    const char *key = plain->sha256[0] ? keys.content : plain->key[0] ? plain->key : keys.url;

    buf_init(&path, HUB_PATH_BUF_BYTES);
    rc = add_url_place(get, key, ".lock", &path, err);
    if (rc == 0)
        rc = hub_lock(get, path.data, plain->public_name.data, &lock, err);
    if (rc == 0)
        rc =
            find_kept(get, plain, &keys, local, err); /* another process may have been faster */
    if (rc == 0)
        rc = fill_place(get, plain, key, local, err);
    hub_unlock(&lock);
    buf_release(&path);
    return rc < 0 ? -1 : 0;
}

/* Is the file that is in the way of the copy the one that is wanted? Returns 0, or -1. */
static int check_in_the_way(const struct hub_get *get, const struct plain *plain,
                            const char *path, struct error *err)
{
    struct content content;

    if (!plain->sha256[0])
        return error_set(err, ERR_CANTCREATE,
                         "%s: exists, and may have another content than %s: remove it, or give "
                         "the --sha256 of the file",
                         path, plain->public_name.data);
    const int rc =
        content_check(path, plain->size_bytes, plain->sha256, get->stop_signal, &content, err);

    if (rc == 0)
        error_set(
            err, ERR_CANTCREATE,
            "%s: exists with another content than %s: remove it, or choose another folder",
            path, plain->public_name.data);
    return rc == 1 ? 0 : -1;
}

/* Receive a file into the folder of the user. */
static int get_copy(const struct hub_get *get, const struct plain *plain, struct buf *local,
                    struct error *err)
{
    struct transfer_result result;
    struct buf path, partial;
    struct stat st;
    int rc = -1;

    buf_init(&path, HUB_PATH_BUF_BYTES);
    buf_init(&partial, HUB_PATH_BUF_BYTES);
    if (buf_printf(&path, err, "%s/%s", get->folder, plain->name.data) < 0 ||
        buf_printf(&partial, err, "%s.curate.incomplete", path.data) < 0)
        goto done;
    if (lstat(path.data, &st) == 0)
        rc = check_in_the_way(get, plain, path.data, err);
    else if (!get->http)
        rc = plain_offline_error(plain, err);
    else if (hub_make_folders(path.data, err) == 0)
        rc = receive_plain(get, plain, partial.data, path.data, plain->sha256[0] != '\0',
                           &result, err);
    if (rc == 0)
        rc = buf_add_slice(local, buf_slice(&path), err);
done:
    buf_release(&path);
    buf_release(&partial);
    return rc;
}

int plain_get(const struct hub_get *get, const struct plain *plain, struct buf *local,
              struct error *err)
{
    if (plain->is_local && get->folder)
        return error_set(err, ERR_USAGE, "%s: is on this machine: copy it with cp",
                         plain->public_name.data);
    if (plain->is_local)
        return buf_add_slice(local, buf_slice(&plain->url), err);
    return get->folder ? get_copy(get, plain, local, err) : get_kept(get, plain, local, err);
}
