/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/http_private.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json/json.h"
#include "base/net/backoff.h"
#include "base/net/settings.h"
#include "base/net/url.h"
#include "base/text/escape.h"

enum { WORDS_MAX = 300, ID_MAX = 64 };

void http_response_init(struct http_response *response)
{
    *response = (struct http_response){ 0 };
    headers_init(&response->headers);
    buf_init(&response->url, URL_MAX_BYTES);
    buf_init(&response->location, URL_MAX_BYTES);
}

void http_response_release(struct http_response *response)
{
    headers_release(&response->headers);
    buf_release(&response->url);
    buf_release(&response->location);
    buf_release(&response->error_body);
    http_response_init(response);
}

/* Is the request allowed by the settings? */
static int check_allowed(const struct net_settings *settings, const struct url *url,
                         struct error *err)
{
    if (settings->offline)
        return error_set(err, ERR_NOT_FOUND, "not on this machine, and offline mode is on");
    if (!url->is_https && !settings->allow_http && !url_is_loopback(url))
        return error_set(err, ERR_DENIED,
                         "http:// is not secure: use https://, or allow it by --allow-http");
    return 0;
}

/* Is it a URL of the endpoint, which the token is for? And is it not readable on the way? */
static bool is_for_token(const struct net_settings *settings, const struct url *url)
{
    struct error ignored;
    struct url endpoint;

    return settings->token && (url->is_https || url_is_loopback(url)) &&
           url_parse(slice_text(settings->endpoint), &endpoint, &ignored) == 0 &&
           url_same_origin(url, &endpoint);
}

static bool is_redirect(int status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

/* Resolve the Location of the answer. Returns 1 to follow it, 0 if there is none or the caller
 * does not want it, or -1 with err set. */
static int next_hop(const struct http_request *request, struct http_response *out,
                    struct error *err)
{
    const struct slice location = headers_find(&out->headers, "Location");
    struct url from, to;

    buf_clear(&out->location);
    if (!is_redirect(out->status) || location.len == 0)
        return 0;
    if (url_parse(buf_slice(&out->url), &from, err) < 0)
        return -1;
    if (url_resolve(&from, location, &out->location, err) < 0)
        return error_prefix(err, "invalid redirect");
    if (url_parse(buf_slice(&out->location), &to, err) < 0)
        return -1;
    return !request->may_follow || request->may_follow(request->follow_arg, &from, &to);
}

static int send_and_follow(struct http *http, const struct http_request *request,
                           struct http_response *out, struct error *err)
{
    const struct net_settings *settings = http_settings(http);
    bool with_token = true;
    struct url url;

    for (;;) {
        if (url_parse(buf_slice(&out->url), &url, err) < 0)
            return -1;
        /* A server that is not the Hub cannot make us read from it in the user's name. */
        with_token = with_token && is_for_token(settings, &url);
        if (check_allowed(settings, &url, err) < 0)
            return out->n_hops == 0 ? -1
                                    : error_prefix(err, "redirect to %.*s",
                                                   url.host.len < 256 ? (int)url.host.len : 256,
                                                   url.host.ptr);
        if (http_exchange(http, request, &url, with_token, out, err) < 0)
            return -1;
        const int rc = next_hop(request, out, err);

        if (rc <= 0)
            return rc;
        if (out->n_hops == HTTP_MAX_HOPS)
            return error_set(err, ERR_INPUT, "more than %d redirects", (int)HTTP_MAX_HOPS);
        out->n_hops++;
        buf_clear(&out->url);
        if (buf_add_slice(&out->url, buf_slice(&out->location), err) < 0)
            return -1;
        buf_clear(&out->location);
    }
}

/* Put the name, or the public part of the URL, before the message. */
static int prefix_name(const struct http_request *request, const struct url *url,
                       struct error *err)
{
    struct error ignored;
    struct buf text;

    if (request->name)
        return error_prefix(err, "%s", request->name);
    buf_init(&text, URL_MAX_BYTES + 16);
    if (url_add_public(url, &text, &ignored) == 0)
        error_prefix(err, "%s", text.data);
    buf_release(&text);
    return -1;
}

int http_send(struct http *http, const struct http_request *request, struct http_response *out,
              struct error *err)
{
    const struct slice text = slice_text(request->url);
    struct url url;

    if (url_parse(text, &url, err) < 0)
        return -1;
    out->n_hops = 0;
    buf_clear(&out->url);
    buf_clear(&out->location);
    if (url_resolve(&url, text, &out->url, err) < 0 ||
        send_and_follow(http, request, out, err) < 0)
        return prefix_name(request, &url, err);
    return 0;
}

int http_send_patiently(struct http *http, const struct http_request *request,
                        struct http_response *out, struct error *err)
{
    struct backoff backoff = { .watch = http_watch_of(http) };
    struct error why;

    for (;;) {
        const int sent = http_send(http, request, out, err);

        if (sent < 0 ? !backoff_is_transient(err) : !backoff_is_transient_status(out->status))
            return sent;
        if (sent < 0)
            why = *err;
        else
            http_status_error(out, request->name ? request->name : "server", &why);
        const int rc = backoff_wait(&backoff, why.msg, sent < 0 ? NULL : &out->headers, &why);

        if (rc < 0)
            *err = why;
        if (rc <= 0)
            return rc < 0 ? -1 : sent;
    }
}

/* Copy at most max bytes as one line, without what stands behind a '?' in it: that may be the
 * query of a URL. */
static void add_visible_words(struct slice text, size_t max, struct buf *out)
{
    struct error ignored;
    struct buf clean;
    bool in_query = false;

    buf_init(&clean, max);
    text = slice_trim(text);
    for (size_t i = 0; i < text.len && clean.len < max; i++) {
        const char c = text.ptr[i];

        if (in_query && memchr(" \t\r\n\"'<>", c, 9))
            in_query = false;
        if (!in_query && buf_add(&clean, &c, 1, &ignored) < 0)
            break;
        in_query = in_query || c == '?';
    }
    clean.len -= escape_incomplete_tail(buf_slice(&clean));
    if (clean.len > 0)
        (void)escape_add_line(out, buf_slice(&clean), max, &ignored);
    buf_release(&clean);
}

/* The member "error" of a JSON object. Valid as long as the parser. */
static struct slice json_error_text(struct json *json, const struct buf *body)
{
    const struct json_value *root = NULL;
    const char *detail;
    enum json_issue issue;
    struct error ignored;
    size_t at;

    if (body->len == 0 ||
        json_parse(json, buf_slice(body), &root, &issue, &at, &detail, &ignored) < 0 ||
        json_type(root) != JSON_OBJECT)
        return slice_of(NULL, 0);
    return json_text(json_get(root, "error"));
}

void http_server_words(const struct http_response *response, char out[480])
{
    const struct slice id = headers_find(&response->headers, "X-Request-Id");
    struct slice words = headers_find(&response->headers, "X-Error-Message");
    struct json *json = NULL;
    struct error ignored;
    struct buf text;

    buf_init(&text, 479);
    if (words.len == 0 && json_new(&json, &ignored) == 0)
        words = json_error_text(json, &response->error_body);
    if (words.len > 0)
        add_visible_words(words, WORDS_MAX, &text);
    if (id.len > 0 &&
        buf_add_text(&text, text.len > 0 ? " (request " : "(request ", &ignored) == 0) {
        add_visible_words(id, ID_MAX, &text);
        (void)buf_add_text(&text, ")", &ignored);
    }
    snprintf(out, 480, "%s", text.len > 0 ? text.data : "");
    buf_release(&text);
    json_free(json);
}

int http_status_error(const struct http_response *response, const char *name, struct error *err)
{
    const int status = response->status;
    enum error_code code = ERR_INPUT;
    char words[480];

    if (status == 404 || status == 410)
        code = ERR_NOT_FOUND;
    else if (status == 401 || status == 403 || status == 407 || status == 451)
        code = ERR_DENIED;
    else if (status >= 500 || status == 408 || status == 429)
        code = ERR_BUSY;
    http_server_words(response, words);
    return error_set(err, code, "%s: HTTP status %d%s%s", name, status, *words ? ": " : "",
                     words);
}
