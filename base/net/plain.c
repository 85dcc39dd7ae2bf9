/* SPDX-License-Identifier: Apache-2.0 */
/* What a plain URL names, and what its server says about it. */
#include "base/net/plain.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/net/content.h"
#include "base/net/http.h"
#include "base/net/plain_private.h"
#include "base/net/url.h"

enum { NAME_BYTES = 200 }; /* room for what is added to the name of a partial file */

int plain_key(const char *kind, const char *const *parts, char key[PLAIN_KEY_HEX + 1],
              struct error *err)
{
    struct digest *digest = NULL;
    uint8_t bytes[DIGEST_BYTES];
    int rc = digest_new(&digest, err);

    if (rc == 0)
        rc = digest_add(digest, kind, strlen(kind) + 1, err);
    for (; rc == 0 && *parts; parts++)
        rc = digest_add(digest, *parts, strlen(*parts) + 1, err);
    if (rc == 0)
        rc = digest_end(digest, bytes, err);
    if (rc == 0)
        digest_hex(bytes, PLAIN_KEY_HEX / 2, key);
    digest_free(digest);
    return rc;
}

/* file:///PATH or file://localhost/PATH. */
static int parse_local(const char *url, struct plain *out, struct error *err)
{
    const char *path = url + strlen("file://");
    const char *slash = strchr(path, '/');

    if (slash && strncasecmp(path, "localhost/", 10) == 0)
        path = slash;
    if (path[0] != '/')
        return error_set(err, ERR_USAGE,
                         "file:// names a file of this machine: write file:///PATH, or the "
                         "path alone");
    out->is_local = true;
    if (url_decode(slice_text(path), &out->url, err) < 0 ||
        buf_add_slice(&out->public_name, buf_slice(&out->url), err) < 0)
        return -1;
    const char *last = strrchr(out->url.data, '/');

    return buf_add_text(&out->name, last + 1, err);
}

/* Make a name for the file of the last part of the path, which anybody may have chosen. */
static int add_file_name(const struct url *url, struct buf *name, struct error *err)
{
    const struct slice last = url_last_part(url);
    if (last.len == 0)
        return error_set(err, ERR_USAGE, "the URL names no file: its path ends in '/'");
    if (url_decode(last, name, err) < 0) {
        if (err->code == ERR_NOMEM)
            return -1;
        buf_clear(name);
        if (buf_add_slice(name, last, err) < 0)
            return -1;
    }
    if (name->len > NAME_BYTES)
        name->data[name->len = NAME_BYTES] = '\0';
    for (size_t i = 0; i < name->len; i++)
        if (name->data[i] == '/' || (unsigned char)name->data[i] < ' ' ||
            name->data[i] == 0x7f || (i == 0 && name->data[i] == '.'))
            name->data[i] = '_';
    return 0;
}

static int set_sha256(const char *sha256, struct plain *out, struct error *err)
{
    if (!sha256)
        return 0;
    if (content_kind_of(sha256) != CONTENT_SHA256)
        return error_set(err, ERR_USAGE, "--sha256: must be 64 hexadecimal digits");
    for (size_t i = 0; i < 2 * DIGEST_BYTES; i++)
        out->sha256[i] =
            (char)(sha256[i] >= 'A' && sha256[i] <= 'F' ? sha256[i] + 'a' - 'A' : sha256[i]);
    return 0;
}

int plain_parse(const char *url, const char *sha256, struct plain *out, struct error *err)
{
    struct url parts;

    *out = (struct plain){ .size_bytes = UINT64_MAX };
    buf_init(&out->url, URL_MAX_BYTES);
    buf_init(&out->public_name, URL_MAX_BYTES);
    buf_init(&out->name, URL_MAX_BYTES);
    buf_init(&out->etag, HEADERS_MAX_BYTES);
    if (set_sha256(sha256, out, err) < 0)
        return -1;
    if (strncasecmp(url, "file://", 7) == 0)
        return parse_local(url, out, err);
    if (url_parse(slice_text(url), &parts, err) < 0 ||
        url_resolve(&parts, slice_text(url), &out->url, err) < 0 ||
        url_parse(buf_slice(&out->url), &parts, err) < 0 ||
        url_add_public(&parts, &out->public_name, err) < 0)
        return -1;
    return add_file_name(&parts, &out->name, err);
}

void plain_release(struct plain *plain)
{
    buf_release(&plain->url);
    buf_release(&plain->public_name);
    buf_release(&plain->name);
    buf_release(&plain->etag);
}

/* Note what the answer says about the content. */
static int describe_content(const struct http_response *response, struct plain *plain,
                            struct error *err)
{
    const struct slice etag = headers_find(&response->headers, "ETag");
    const struct slice date = headers_find(&response->headers, "Last-Modified");
    const struct slice validator = etag.len > 0 ? etag : date;
    char size[32], text[512];
    struct slice opaque;
    bool is_weak;

    if (!headers_number(headers_find(&response->headers, "Content-Length"), &plain->size_bytes))
        plain->size_bytes = UINT64_MAX;
    buf_clear(&plain->etag);
    plain->key[0] = '\0';
    if (headers_etag(etag, &opaque, &is_weak) && !is_weak &&
        buf_add_slice(&plain->etag, etag, err) < 0)
        return -1;
    if (validator.len == 0 || validator.len >= sizeof text)
        return 0;
    snprintf(size, sizeof size, "%llu", (unsigned long long)plain->size_bytes);
    snprintf(text, sizeof text, "%.*s", (int)validator.len, validator.ptr);
    return plain_key("file", (const char *const[]){ plain->public_name.data, text, size, NULL },
                     plain->key, err);
}

int plain_find(struct http *http, struct plain *plain, struct error *err)
{
    const struct http_request request = { .url = plain->url.data,
                                          .name = plain->public_name.data };
    struct http_response response;
    int rc;

    if (plain->is_local)
        return 0;
    http_response_init(&response);
    /* A GET, because a signature is for one method. Without a receiver, a long body is not read
     * to its end. */
    rc = http_send_patiently(http, &request, &response, err);
    if (rc == 0 && response.status != 200)
        rc = plain_status_error(&response, plain, err);
    else if (rc == 0)
        rc = describe_content(&response, plain, err);
    http_response_release(&response);
    return rc;
}

int plain_status_error(const struct http_response *response, const struct plain *plain,
                       struct error *err)
{
    const int status = response->status;

    http_status_error(response, plain->public_name.data, err);
    if ((status == 400 || status == 401 || status == 403) && strchr(plain->url.data, '?')) {
        const size_t len = strlen(err->msg);

        snprintf(err->msg + len, sizeof err->msg - len,
                 ": if the URL is signed, the signature may have expired: make a new one");
    }
    return -1;
}
