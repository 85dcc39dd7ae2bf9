/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/plain.h"
#include "base/net/remote.h"
#include "base/net/url.h"

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

static bool is_within(struct slice part, struct slice text)
{
    return !part.ptr || (part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len);
}

static void check_parts(const struct url *url, struct slice text)
{
    require(is_within(url->scheme, text) && is_within(url->user_info, text) &&
                is_within(url->host, text) && is_within(url->path, text) &&
                is_within(url->query, text) && is_within(url->fragment, text),
            "the parts are in the text");
    require(url->host.len > 0 && !memchr(url->host.ptr, '@', url->host.len),
            "there is a host, and no user in it");
    require(url->port >= 1 && url->port <= 65535, "a port is a port");
    require(url->path.len == 0 || url->path.ptr[0] == '/', "a path begins with '/'");
}

/* What may be printed is the same URL without its secrets, and needs no change itself. */
static void check_public(const struct url *url)
{
    struct buf once, twice;
    struct error err;
    struct url again;

    buf_init(&once, 2 * URL_MAX_BYTES);
    buf_init(&twice, 2 * URL_MAX_BYTES);
    require(url_add_public(url, &once, &err) == 0, "memory suffices");
    if (once.len <= URL_MAX_BYTES) {
        require(url_parse(buf_slice(&once), &again, &err) == 0, "a public URL is a URL");
        require(!again.query.ptr && !again.fragment.ptr && !again.user_info.ptr,
                "a public URL has no secrets");
        require(url_same_origin(url, &again) && url_is_loopback(url) == url_is_loopback(&again),
                "a public URL is on the same server");
        require(slice_equal(url->path, again.path), "a public URL has the same path");
        require(url_add_public(&again, &twice, &err) == 0 &&
                    slice_equal(buf_slice(&once), buf_slice(&twice)),
                "a public URL is its own");
    }
    buf_release(&once);
    buf_release(&twice);
}

/* A resolved URL is absolute, and resolving it again changes nothing but "." and "..". */
static void check_resolved(const struct url *base, struct slice reference)
{
    struct buf once, twice;
    struct error err;
    struct url url;

    buf_init(&once, 4 * URL_MAX_BYTES);
    buf_init(&twice, 4 * URL_MAX_BYTES);
    if (url_resolve(base, reference, &once, &err) == 0) {
        require(url_parse(buf_slice(&once), &url, &err) == 0, "a resolved URL is a URL");
        require(!url.fragment.ptr, "a resolved URL has no fragment");
        require(url_resolve(base, buf_slice(&once), &twice, &err) == 0 &&
                    slice_equal(buf_slice(&once), buf_slice(&twice)),
                "an absolute URL does not depend on the page");
    } else {
        require(err.code == ERR_INPUT, "a bad reference is bad input");
    }
    buf_release(&once);
    buf_release(&twice);
}

static void check_encoding(struct slice text)
{
    struct buf encoded, back;
    struct error err;

    buf_init(&encoded, 4 * URL_MAX_BYTES);
    buf_init(&back, 4 * URL_MAX_BYTES);
    if (text.len < URL_MAX_BYTES && !memchr(text.ptr, '\0', text.len)) {
        require(url_encode(text, "/", &encoded, &err) == 0, "memory suffices");
        for (size_t i = 0; i < encoded.len; i++)
            require((unsigned char)encoded.data[i] > ' ' &&
                        (unsigned char)encoded.data[i] < 127,
                    "an encoded text is printable");
        require(url_decode(buf_slice(&encoded), &back, &err) == 0 &&
                    slice_equal(buf_slice(&back), text),
                "an encoded text can be decoded");
    }
    buf_release(&encoded);
    buf_release(&back);
}

/* The name of a file that a URL gives is harmless. */
static void check_plain(const char *text)
{
    struct plain plain;
    struct buf name;
    struct error err;

    buf_init(&name, 4 * URL_MAX_BYTES);
    if (plain_parse(text, NULL, &plain, &err) == 0 && !plain.is_local) {
        require(plain.name.len > 0 && plain.name.data[0] != '.', "a file has a name");
        require(!strpbrk(plain.name.data, "/\n\r\x1b"), "a name is one part of a path");
        require(strlen(plain.name.data) == plain.name.len, "a name has no NUL");
        require(!strchr(plain.public_name.data, '?'), "a public name has no query");
    }
    plain_release(&plain);
    if (remote_public_url(text, &name, &err) == 0 && strncmp(text, "http", 4) == 0)
        require(!strchr(name.data, '?'), "a public name has no query");
    (void)remote_check_url(text, &err);
    buf_release(&name);
}

/* A line with the URL of a page, and a reference on it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *end = len > 0 ? memchr(data, '\n', len) : NULL;
    const size_t n = end ? (size_t)(end - (const char *)data) : len;
    struct slice reference = slice_of((const char *)data, len);
    char *line = malloc(n + 1);
    struct error err;
    struct url url;

    if (!line)
        abort();
    if (n > 0)
        memcpy(line, data, n);
    line[n] = '\0';
    if (end)
        reference = slice_of(end + 1, len - n - 1);
    if (len > 0)
        check_encoding(reference);
    if (url_parse(slice_of(line, n), &url, &err) == 0) {
        check_parts(&url, slice_of(line, n));
        check_public(&url);
        check_resolved(&url, reference);
    } else {
        require(err.code == ERR_USAGE, "a bad URL is bad usage");
    }
    check_plain(line);
    free(line);
    return 0;
}
