/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/url.h"

#include <strings.h>

#include "base/buf.h"
#include "base/error.h"

static bool is_url_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_url_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool equal_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* The bytes of the scheme at the beginning; 0 if there is none before a ':'. */
static size_t scheme_len(struct slice text)
{
    size_t n = 0;

    if (text.len == 0 || !is_url_letter(text.ptr[0]))
        return 0;
    while (n < text.len && (is_url_letter(text.ptr[n]) || is_url_digit(text.ptr[n]) ||
                            memchr("+-.", text.ptr[n], 3)))
        n++;
    return n < text.len && text.ptr[n] == ':' ? n : 0;
}

bool url_has_scheme(const char *text)
{
    const size_t n = scheme_len(slice_text(text));

    return n > 0 && strncmp(text + n, "://", 3) == 0;
}

/* Split the text before the first of these bytes, of which the second part begins with one.
 * ptr NULL for the second part if there is none. */
static struct slice split_before(struct slice *text, const char *bytes)
{
    for (size_t i = 0; i < text->len; i++) {
        if (!strchr(bytes, text->ptr[i]) || text->ptr[i] == '\0')
            continue;
        const struct slice rest = slice_of(text->ptr + i, text->len - i);

        text->len = i;
        return rest;
    }
    return slice_of(NULL, 0);
}

/* The text behind its first byte; an absent one stays absent. */
static struct slice behind_first(struct slice text)
{
    return text.ptr ? slice_of(text.ptr + 1, text.len - 1) : text;
}

static bool is_host(struct slice host)
{
    const bool is_v6 = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';

    if (is_v6)
        host = slice_of(host.ptr + 1, host.len - 2);
    for (size_t i = 0; i < host.len; i++) {
        const char c = host.ptr[i];

        if (is_v6 ? !strchr("0123456789abcdefABCDEF:.", c)
                  : !is_url_letter(c) && !is_url_digit(c) && !strchr("-._", c))
            return false;
    }
    return true;
}

/* Parse the digits behind ':'. None mean the port of the scheme. */
static int parse_port(struct slice text, struct url *out, struct error *err)
{
    unsigned port = 0;

    if (text.len > 5)
        return error_set(err, ERR_USAGE, "invalid URL: the port is not a number up to 65535");
    for (size_t i = 0; i < text.len; i++) {
        if (!is_url_digit(text.ptr[i]))
            return error_set(err, ERR_USAGE, "invalid URL: the port is not a number");
        port = 10 * port + (unsigned)(text.ptr[i] - '0');
    }
    if (text.len > 0 && (port == 0 || port > 65535))
        return error_set(err, ERR_USAGE, "invalid URL: the port is not between 1 and 65535");
    if (text.len > 0)
        out->port = port;
    return 0;
}

static int parse_authority(struct slice text, struct url *out, struct error *err)
{
    const char *at = memrchr(text.ptr, '@', text.len);

    if (at) {
        out->user_info = slice_of(text.ptr, (size_t)(at - text.ptr));
        text = slice_of(at + 1, text.len - out->user_info.len - 1);
    }
    /* The colons of an IPv6 address stand between brackets. */
    const char *bracket = memchr(text.ptr, ']', text.len);
    const size_t skip = bracket ? (size_t)(bracket - text.ptr) : 0;
    struct slice rest = slice_of(text.ptr + skip, text.len - skip);
    const struct slice port = behind_first(split_before(&rest, ":"));

    out->host = slice_of(text.ptr, skip + rest.len);
    if (out->host.len == 0)
        return error_set(err, ERR_USAGE, "invalid URL: no host name");
    if (!is_host(out->host))
        return error_set(err, ERR_USAGE, "invalid URL: the host name has an invalid character");
    return parse_port(port, out, err);
}

int url_parse(struct slice text, struct url *out, struct error *err)
{
    struct url url = { .port = 80 };
    const size_t n = scheme_len(text);

    if (text.len > URL_MAX_BYTES)
        return error_set(err, ERR_USAGE, "invalid URL: %zu bytes, at most %d", text.len,
                         (int)URL_MAX_BYTES);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f || text.ptr[i] == '\\')
            return error_set(err, ERR_USAGE,
                             "invalid URL: a space, a backslash or a control character at "
                             "byte %zu: write it as %%%02X",
                             i, (unsigned)(unsigned char)text.ptr[i]);
    url.scheme = slice_of(text.ptr, n);
    url.is_https = equal_nocase(url.scheme, slice_text("https"));
    if (!url.is_https && !equal_nocase(url.scheme, slice_text("http")))
        return error_set(err, ERR_USAGE, "invalid URL: it does not begin with https://");
    if (text.len < n + 3 || memcmp(text.ptr + n, "://", 3) != 0)
        return error_set(err, ERR_USAGE, "invalid URL: no // behind the scheme");
    if (url.is_https)
        url.port = 443;
    struct slice authority = slice_of(text.ptr + n + 3, text.len - n - 3);

    url.path = split_before(&authority, "/?#");
    if (!url.path.ptr)
        url.path = slice_of(text.ptr + text.len, 0);
    url.fragment = behind_first(split_before(&url.path, "#"));
    url.query = behind_first(split_before(&url.path, "?"));
    if (parse_authority(authority, &url, err) < 0)
        return -1;
    *out = url;
    return 0;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->is_https == b->is_https && a->port == b->port && equal_nocase(a->host, b->host);
}

bool url_has_host(const struct url *url, const char *host)
{
    return equal_nocase(url->host, slice_text(host));
}

/* Is it 127 and three more numbers up to 255? Other spellings, as 0x7f.1, are not local for us:
 * the system might read them differently. */
static bool is_loopback_v4(struct slice host)
{
    unsigned number = 0, n_numbers = 0, n_digits = 0;

    if (host.len < 4 || memcmp(host.ptr, "127.", 4) != 0)
        return false;
    for (size_t i = 0; i <= host.len; i++) {
        if (i < host.len && is_url_digit(host.ptr[i]) && n_digits < 3) {
            number = 10 * number + (unsigned)(host.ptr[i] - '0');
            n_digits++;
        } else if ((i == host.len || host.ptr[i] == '.') && n_digits > 0 && number <= 255) {
            n_numbers++;
            number = n_digits = 0;
        } else {
            return false;
        }
    }
    return n_numbers == 4;
}

bool url_is_loopback(const struct url *url)
{
    return url_has_host(url, "localhost") || url_has_host(url, "[::1]") ||
           is_loopback_v4(url->host);
}

struct slice url_last_part(const struct url *url)
{
    size_t at = url->path.len;

    while (at > 0 && url->path.ptr[at - 1] != '/')
        at--;
    return slice_of(url->path.ptr + at, url->path.len - at);
}

/* Append scheme, "://" and host, with the port if it is not that of the scheme. */
static int add_origin(const struct url *url, bool with_user_info, struct buf *out,
                      struct error *err)
{
    if (buf_add_text(out, url->is_https ? "https://" : "http://", err) < 0)
        return -1;
    if (with_user_info && url->user_info.ptr &&
        (buf_add_slice(out, url->user_info, err) < 0 || buf_add_text(out, "@", err) < 0))
        return -1;
    if (buf_add_slice(out, url->host, err) < 0)
        return -1;
    return url->port == (url->is_https ? 443 : 80) ? 0 : buf_printf(out, err, ":%u", url->port);
}

int url_add_public(const struct url *url, struct buf *out, struct error *err)
{
    return add_origin(url, false, out, err) < 0 ? -1 : buf_add_slice(out, url->path, err);
}

/* Append a path without its parts "." and "..", each of which goes back to the '/' of the part
 * before. */
static int add_resolved(struct slice path, struct buf *out, struct error *err)
{
    const size_t root = out->len;

    while (path.len > 0) {
        struct slice part = behind_first(path);
        const struct slice rest = split_before(&part, "/");
        const bool is_up = slice_equal(part, slice_text(".."));

        while (is_up && out->len > root)
            if (out->data[--out->len] == '/')
                break;
        if (!is_up && !slice_equal(part, slice_text("."))) {
            if (buf_add_text(out, "/", err) < 0 || buf_add_slice(out, part, err) < 0)
                return -1;
        } else if (!rest.ptr && buf_add_text(out, "/", err) < 0) {
            return -1;
        }
        path = rest;
    }
    return 0;
}

/* Append a reference as servers should have written it: spaces and bytes that are not ASCII
 * are percent-encoded, the fragment is dropped. */
static int add_clean(struct slice reference, struct buf *out, struct error *err)
{
    reference = slice_trim(reference);
    (void)split_before(&reference, "#");
    for (size_t i = 0; i < reference.len; i++) {
        const unsigned char byte = (unsigned char)reference.ptr[i];
        const int rc = byte == ' ' || byte >= 0x80 ? buf_printf(out, err, "%%%02X", byte)
                                                   : buf_add(out, &byte, 1, err);

        if (rc < 0)
            return -1;
    }
    return buf_add(out, "", 0, err);
}

/* Append the URL of a reference that has no scheme. Its parts are encoded already. */
static int add_relative(const struct url *base, struct slice reference, struct buf *out,
                        struct error *err)
{
    struct slice path = reference;
    const struct slice query = split_before(&path, "?");
    const size_t folder = base->path.len - url_last_part(base).len;
    struct buf whole;
    int rc = 0;

    buf_init(&whole, 2 * URL_MAX_BYTES);
    if (path.len == 0)
        rc = add_clean(base->path, &whole, err);
    else if (path.ptr[0] != '/' && (folder == 0 || base->path.len == 0))
        rc = buf_add_text(&whole, "/", err);
    else if (path.ptr[0] != '/')
        rc = add_clean(slice_of(base->path.ptr, folder), &whole, err);
    if (rc == 0 && buf_add_slice(&whole, path, err) == 0 &&
        add_origin(base, true, out, err) == 0)
        rc = add_resolved(buf_slice(&whole), out, err);
    else
        rc = -1;
    buf_release(&whole);
    if (rc < 0)
        return -1;
    if (!query.ptr && path.len == 0 && base->query.ptr)
        return buf_add_text(out, "?", err) < 0 ? -1 : add_clean(base->query, out, err);
    return query.ptr ? buf_add_slice(out, query, err) : 0;
}

int url_resolve(const struct url *base, struct slice reference, struct buf *out,
                struct error *err)
{
    const size_t start = out->len;
    struct buf clean;
    struct url url;
    int rc = -1;

    buf_init(&clean, URL_MAX_BYTES);
    if (add_clean(reference, &clean, err) < 0)
        goto done;
    const struct slice text = buf_slice(&clean);

    if (scheme_len(text) > 0)
        rc = buf_add_slice(out, text, err);
    else if (text.len >= 2 && memcmp(text.ptr, "//", 2) == 0)
        rc = buf_printf(out, err, "%s:%s", base->is_https ? "https" : "http", clean.data);
    else
        rc = add_relative(base, text, out, err);
    if (rc == 0)
        rc = url_parse(slice_of(out->data + start, out->len - start), &url, err);
done:
    buf_release(&clean);
    if (rc < 0 && err->code == ERR_USAGE)
        err->code = ERR_INPUT;
    return rc;
}

int url_encode(struct slice text, const char *safe, struct buf *out, struct error *err)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool is_plain = is_url_letter(c) || is_url_digit(c) || memchr("-._~", c, 4) ||
                              (c != '\0' && strchr(safe, c));

        if ((is_plain ? buf_add(out, &c, 1, err)
                      : buf_printf(out, err, "%%%02X", (unsigned char)c)) < 0)
            return -1;
    }
    return 0;
}

static int escaped_digit(char c)
{
    if (is_url_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int url_decode(struct slice text, struct buf *out, struct error *err)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '%') {
            const int high = i + 2 < text.len ? escaped_digit(text.ptr[i + 1]) : -1;
            const int low = i + 2 < text.len ? escaped_digit(text.ptr[i + 2]) : -1;

            if (high < 0 || low < 0)
                return error_set(err, ERR_USAGE, "invalid URL: no two hex digits behind %%");
            c = (char)(16 * high + low);
            i += 2;
        }
        if (c == '\0')
            return error_set(err, ERR_USAGE, "invalid URL: it contains %%00");
        if (buf_add(out, &c, 1, err) < 0)
            return -1;
    }
    return 0;
}
