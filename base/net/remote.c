/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/remote_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/url.h"

bool remote_is_url(const char *name)
{
    return url_has_scheme(name);
}

/* What to do about URLs of other schemes. */
static int scheme_error(const char *url, struct error *err)
{
    const int n = (int)strcspn(url, ":");

    if (strncasecmp(url, "s3:", 3) == 0)
        return error_set(err, ERR_USAGE,
                         "s3:// is not supported: make an https:// URL of each file with 'aws "
                         "s3 presign', or use a pipe: 'rclone cat ... | curate ingest -'");
    return error_set(err, ERR_USAGE,
                     "%.*s:// is not supported: use hf:// or https://, or a pipe: 'rclone cat "
                     "... | curate ingest -'",
                     n < 40 ? n : 40, url);
}

/* Returns 1 for a name of the Hub, 0 for a plain URL, or -1 with err set. Release *plain in all
 * cases. */
static int parse_any(const char *url, const char *endpoint, const char *sha256,
                     struct hub_name *name, struct plain *plain, struct error *err)
{
    const int rc = hub_name_parse(url, endpoint, name, err);

    if (rc != 0)
        return rc;
    if (strncasecmp(url, "http:", 5) != 0 && strncasecmp(url, "https:", 6) != 0 &&
        strncasecmp(url, "file:", 5) != 0)
        return scheme_error(url, err);
    return plain_parse(url, sha256, plain, err);
}

int remote_check_url(const char *url, struct error *err)
{
    struct hub_name name;
    struct plain plain = { 0 };
    const int rc = parse_any(url, NULL, NULL, &name, &plain, err);

    plain_release(&plain);
    return rc < 0 ? -1 : 0;
}

int remote_public_url(const char *url, struct buf *out, struct error *err)
{
    struct error ignored;
    struct plain plain;
    int rc;

    if (strncasecmp(url, "hf:", 3) == 0)
        return buf_add_text(out, url, err);
    if (plain_parse(url, NULL, &plain, &ignored) == 0)
        rc = buf_add_slice(out, buf_slice(&plain.public_name), err);
    else
        rc = buf_add(out, url, strcspn(url, "?#@"), err);
    plain_release(&plain);
    return rc;
}

void remote_wait_text(const char *why, uint64_t wait_ms, char *out, size_t size)
{
    snprintf(out, size, "%.400s: trying again in %llu s", why,
             (unsigned long long)(wait_ms + 999) / 1000);
}

static void note_wait(void *arg, const char *why, uint64_t wait_ms)
{
    const struct remote *remote = arg;
    char text[512];

    remote_wait_text(why, wait_ms, text, sizeof text);
    report_note(remote->report, "%s", text);
}

int remote_new(const struct remote_settings *settings, struct remote **out, struct error *err)
{
    struct remote *remote = calloc(1, sizeof *remote);

    if (!remote)
        return error_nomem(err);
    remote->given = *settings;
    remote->report = settings->report ? settings->report : &remote->no_report;
    if (net_settings_read(settings->variable, &remote->net, err) < 0)
        goto failed;
    remote->net.offline |= settings->offline;
    remote->net.allow_http |= settings->allow_http;
    remote->watch = (struct http_watch){
        .stop_signal = remote->report->stop_signal,
        .on_wait = note_wait,
        .arg = remote,
    };
    if (!remote->net.offline && http_new(&remote->net, &remote->watch, &remote->http, err) < 0)
        goto failed;
    *out = remote;
    return 0;
failed:
    remote_free(remote);
    return -1;
}

void remote_free(struct remote *remote)
{
    if (!remote)
        return;
    http_free(remote->http);
    net_settings_release(&remote->net);
    free(remote);
}

void remote_files_free(struct remote_files *files)
{
    if (!files)
        return;
    hub_listing_release(&files->listing);
    plain_release(&files->plain);
    free(files->files);
    free(files);
}

size_t remote_n_files(const struct remote_files *files)
{
    return files->listing.n;
}

const struct remote_file *remote_file(const struct remote_files *files, size_t i)
{
    return &files->files[i];
}

bool remote_is_repository(const struct remote_files *files)
{
    return files->is_repository;
}

bool remote_is_folder(const struct remote_files *files)
{
    return files->is_repository && files->name.path[0] != '\0';
}

bool remote_is_dataset(const struct remote_files *files)
{
    return files->name.id[0] && files->name.kind == HUB_DATASET;
}

const char *remote_commit(const struct remote_files *files)
{
    return files->commit;
}

/* Make the public array of the entries of the listing. */
static int describe_files(struct remote_files *files, struct error *err)
{
    struct buf text;
    int rc = 0;

    files->files = calloc(files->listing.n + 1, sizeof *files->files);
    if (!files->files)
        return error_nomem(err);
    buf_init(&text, URL_MAX_BYTES);
    for (size_t i = 0; i < files->listing.n && rc == 0; i++) {
        const struct hub_entry *entry = &files->listing.entries[i];

        buf_clear(&text);
        rc = files->is_plain
                 ? buf_add_slice(&text, buf_slice(&files->plain.public_name), err)
                 : hub_public_name(&text, &files->name, files->commit, entry->path, err);
        if (rc < 0)
            break;
        files->files[i] = (struct remote_file){
            .path = entry->path,
            .public_name = arena_copy(&files->listing.arena, buf_slice(&text)).ptr,
            .size_bytes = entry->size_bytes,
        };
        if (!files->files[i].public_name)
            rc = error_nomem(err);
    }
    buf_release(&text);
    return rc;
}

/* Fill in the one file of a plain URL. */
static int find_plain(struct remote *remote, struct remote_files *files, struct error *err)
{
    struct plain *plain = &files->plain;

    files->is_plain = true;
    if (remote->http && plain_find(remote->http, plain, err) < 0)
        return -1;
    const struct hub_entry entry = { .path = plain->name.data,
                                     .size_bytes = plain->size_bytes };

    return hub_listing_add(&files->listing, &entry, err);
}

int remote_find(struct remote *remote, const char *url, struct remote_files **out,
                struct error *err)
{
    struct remote_files *files = calloc(1, sizeof *files);
    int rc = -1;

    if (!files)
        return error_nomem(err);
    hub_listing_init(&files->listing);
    const int is_hub = parse_any(url, remote->net.endpoint, remote->given.sha256, &files->name,
                                 &files->plain, err);
    if (is_hub == 0)
        rc = find_plain(remote, files, err);
    else if (is_hub == 1 && remote->given.sha256)
        error_set(err, ERR_USAGE,
                  "%.300s: --sha256 is for the URL of one file of another server: files of the "
                  "Hub are always verified",
                  url);
    else if (is_hub == 1)
        rc = remote_find_hub(remote, files, err);
    if (rc == 0)
        rc = describe_files(files, err);
    if (rc < 0) {
        remote_files_free(files);
        return -1;
    }
    *out = files;
    return 0;
}
