/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/hub_api.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/http.h"
#include "base/net/settings.h"
#include "base/net/url.h"

static const char main_endpoint[] = "https://huggingface.co";

bool hub_may_follow(const void *endpoint, const struct url *from, const struct url *to)
{
    struct error ignored;
    struct url base;

    if (url_same_origin(from, to))
        return true;
    if (url_parse(slice_text(endpoint), &base, &ignored) == 0 && url_same_origin(&base, to))
        return true;
    return to->is_https && (url_has_host(to, "huggingface.co") || url_has_host(to, "hf.co"));
}

static int denied_error(const struct hub_name *name, const struct net_settings *settings,
                        const char *what, const char *code, const char *words, int status,
                        struct error *err)
{
    const char *type = name->kind == HUB_DATASET ? "datasets/" : "";
    const bool has_token = settings->token != NULL;

    if (strcmp(code, "GatedRepo") == 0)
        return error_set(err, ERR_DENIED,
                         "%s: the owner asks for an agreement first: accept it at %s/%s%s%s "
                         "(the server: %s)",
                         what, settings->endpoint, type, name->id,
                         has_token ? "" : ", then set HF_TOKEN to a token of your account",
                         words[0] ? words : code);
    if (status == 401 && !has_token)
        return error_set(err, ERR_DENIED,
                         "%s: the repository does not exist, is private, or is gated: check "
                         "the name; if it is private or gated, set HF_TOKEN",
                         what);
    if (status == 401)
        return error_set(err, ERR_DENIED,
                         "%s: the token is invalid, or the repository does not exist for it: "
                         "check HF_TOKEN and the name%s%s",
                         what, words[0] ? "; the server: " : "", words);
    return error_set(err, ERR_DENIED, "%s: HTTP status %d: access denied: %s", what, status,
                     words[0] ? words : "the server gives no reason");
}

int hub_status_error(const struct http_response *response, const struct hub_name *name,
                     const struct net_settings *settings, const char *what, struct error *err)
{
    const struct slice header = headers_find(&response->headers, "X-Error-Code");
    char code[32] = "";
    char words[480] = "";

    if (header.ptr && header.len < sizeof code)
        memcpy(code, header.ptr, header.len);
    http_server_words(response, words);
    if (response->status == 401 || response->status == 403)
        return denied_error(name, settings, what, code, words, response->status, err);
    if (response->status == 404 && strcmp(code, "RevisionNotFound") == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "%s: the repository has no branch, tag or commit '%s'", what,
                         name->revision);
    if (response->status == 404 && strcmp(code, "RepoNotFound") == 0)
        return error_set(err, ERR_NOT_FOUND, "%s: the Hub has no %s of this name%s", what,
                         name->kind == HUB_DATASET ? "dataset" : "model",
                         name->kind == HUB_DATASET ? ""
                                                   : ": for a dataset write hf://datasets/...");
    if (response->status == 404 && strcmp(code, "EntryNotFound") == 0)
        return error_set(err, ERR_NOT_FOUND, "%s: the repository has no such file", what);
    if (response->status >= 300 && response->status < 400)
        return error_set(err, ERR_INPUT,
                         "%s: the server redirects to another server: check HF_ENDPOINT", what);
    return http_status_error(response, what, err);
}

/* Send a GET for a JSON answer. */
static int get_json(const struct hub_api *api, const struct hub_name *name, const char *url,
                    const char *what, struct buf *body, struct http_response *response,
                    struct error *err)
{
    const struct http_request request = {
        .url = url,
        .name = what,
        .body = body,
        .may_follow = hub_may_follow,
        .follow_arg = api->settings->endpoint,
    };

    if (http_send_patiently(api->http, &request, response, err) < 0)
        return -1;
    if (response->status < 200 || response->status > 299)
        return hub_status_error(response, name, api->settings, what, err);
    return 0;
}

int hub_api_commit(const struct hub_api *api, const struct hub_name *name,
                   char commit[HUB_COMMIT_BYTES], struct error *err)
{
    struct http_response response;
    struct buf url, what, body;
    int rc = -1;

    http_response_init(&response);
    buf_init(&url, URL_MAX_BYTES);
    buf_init(&what, URL_MAX_BYTES);
    buf_init(&body, HUB_MAX_ANSWER_BYTES);
    if (hub_revision_url(&url, api->settings->endpoint, name, err) < 0 ||
        hub_public_name(&what, name, name->revision, "", err) < 0 ||
        get_json(api, name, url.data, what.data, &body, &response, err) < 0)
        goto done;
    rc = hub_parse_commit(buf_slice(&body), commit, err);
    if (rc < 0)
        error_prefix(err, "%s", what.data);
done:
    http_response_release(&response);
    buf_release(&url);
    buf_release(&what);
    buf_release(&body);
    return rc;
}

/* Replace the Hub's own address at the beginning of a link by the mirror's. */
static int add_link(struct slice link, const char *endpoint, struct buf *out, struct error *err)
{
    const size_t n = sizeof main_endpoint - 1;

    if (link.len > n && memcmp(link.ptr, main_endpoint, n) == 0 && link.ptr[n] == '/') {
        if (buf_add_text(out, endpoint, err) < 0)
            return -1;
        link = slice_of(link.ptr + n, link.len - n);
    }
    return buf_add_slice(out, link, err);
}

int hub_next_page(const char *page_url, struct slice link, const char *endpoint,
                  struct buf *next, struct error *err)
{
    struct url page, base, to;
    struct buf mapped;
    int rc = -1;

    buf_init(&mapped, URL_MAX_BYTES);
    buf_clear(next);
    if (url_parse(slice_text(page_url), &page, err) < 0 ||
        url_parse(slice_text(endpoint), &base, err) < 0 ||
        add_link(link, endpoint, &mapped, err) < 0 ||
        url_resolve(&page, buf_slice(&mapped), next, err) < 0 ||
        url_parse(buf_slice(next), &to, err) < 0)
        goto done;
    if (!url_same_origin(&base, &to))
        error_set(err, ERR_INPUT, "the link to the next page leads to another server, '%.*s'",
                  to.host.len < 200 ? (int)to.host.len : 200, to.host.ptr);
    else if (strcmp(next->data, page_url) == 0)
        error_set(err, ERR_INPUT, "the link to the next page leads to the same page");
    else
        rc = 0;
done:
    buf_release(&mapped);
    return rc;
}

/* Get one page and add its files. Returns 1 and the URL of the next page, 0 at the end, or -1.
 */
static int get_page(const struct hub_api *api, const struct hub_name *name, const char *url,
                    const char *what, struct hub_listing *listing, struct buf *next,
                    struct error *err)
{
    struct http_response response;
    struct slice link;
    struct buf body;
    int rc = -1;

    http_response_init(&response);
    buf_init(&body, HUB_MAX_ANSWER_BYTES);
    if (get_json(api, name, url, what, &body, &response, err) < 0)
        goto done;
    if (hub_parse_page(buf_slice(&body), listing, err) < 0) {
        error_prefix(err, "%s", what);
        goto done;
    }
    rc = headers_next_link(&response.headers, &link);
    if (rc == 1 && hub_next_page(url, link, api->settings->endpoint, next, err) < 0)
        rc = error_prefix(err, "%s", what);
done:
    http_response_release(&response);
    buf_release(&body);
    return rc;
}

/* Get all pages from the URL on. */
static int get_pages(const struct hub_api *api, const struct hub_name *name, struct buf *url,
                     const char *what, struct hub_listing *listing, struct error *err)
{
    size_t n_pages = 0, n_empty = 0;
    struct buf next;
    int more = -1;

    buf_init(&next, URL_MAX_BYTES);
    for (;;) {
        const size_t n_before = listing->n;

        more = get_page(api, name, url->data, what, listing, &next, err);
        if (more != 1)
            break;
        n_empty = listing->n == n_before ? n_empty + 1 : 0;
        if (++n_pages >= HUB_MAX_PAGES || n_empty >= HUB_MAX_EMPTY_PAGES) {
            more = error_set(err, ERR_INPUT,
                             "%s: the listing has too many pages: %zu, and %zu "
                             "in a row without a file",
                             what, n_pages, n_empty);
            break;
        }
        buf_clear(url);
        more = buf_add_slice(url, buf_slice(&next), err);
        if (more < 0)
            break;
    }
    buf_release(&next);
    return more;
}

int hub_api_list(const struct hub_api *api, const struct hub_name *name, const char *commit,
                 const char *folder, struct hub_listing *listing, struct error *err)
{
    struct buf url, what;
    int rc = -1;

    buf_init(&url, URL_MAX_BYTES);
    buf_init(&what, URL_MAX_BYTES);
    if (hub_public_name(&what, name, commit, folder, err) == 0 &&
        hub_tree_url(&url, api->settings->endpoint, name, commit, folder, err) == 0)
        rc = get_pages(api, name, &url, what.data, listing, err);
    if (rc == 0 && hub_listing_sort(listing, err) < 0)
        rc = error_prefix(err, "%s", what.data);
    buf_release(&url);
    buf_release(&what);
    return rc;
}

/* Copy a header value of n hex digits. */
static bool copy_hex(struct slice value, size_t n, char *out)
{
    if (!value.ptr || !hub_is_hex(value, n))
        return false;
    memcpy(out, value.ptr, n);
    out[n] = '\0';
    return true;
}

static bool copy_commit(const struct http_response *response, char commit[HUB_COMMIT_BYTES])
{
    return copy_hex(headers_find(&response->headers, "X-Repo-Commit"), HUB_COMMIT_BYTES - 1,
                    commit);
}

/* The header of a large file, else that of a small one. */
static struct slice find_either(const struct http_response *response, const char *linked,
                                const char *plain)
{
    const struct slice value = headers_find(&response->headers, linked);

    return value.ptr ? value : headers_find(&response->headers, plain);
}

/* Read the headers of an answer about a file. */
static int read_entry(const struct http_response *response, const struct hub_name *name,
                      const char *what, struct hub_entry *entry, char commit[HUB_COMMIT_BYTES],
                      struct error *err)
{
    const struct slice etag = find_either(response, "X-Linked-ETag", "ETag");
    const struct slice size = find_either(response, "X-Linked-Size", "Content-Length");
    struct slice id = { NULL, 0 };
    bool is_weak = false;

    if (!copy_commit(response, commit))
        return error_set(err, ERR_INPUT,
                         "%s: the answer has no valid X-Repo-Commit: the server is no Hub; "
                         "check HF_ENDPOINT",
                         what);
    if (hub_is_commit(slice_text(name->revision)) && strcmp(name->revision, commit) != 0)
        return error_set(err, ERR_INPUT, "%s: the server answers for another commit, %s", what,
                         commit);
    if (!headers_etag(etag, &id, &is_weak) || (!copy_hex(id, HUB_ID_HEX, entry->id) &&
                                               !copy_hex(id, HUB_COMMIT_BYTES - 1, entry->id)))
        return error_set(err, ERR_INPUT,
                         "%s: the answer has no ETag that is a SHA-1 or a SHA-256, so the file "
                         "could not be verified",
                         what);
    if (!headers_number(size, &entry->size_bytes))
        return error_set(err, ERR_INPUT, "%s: the answer has no valid size", what);
    if (strlen(entry->id) == HUB_COMMIT_BYTES - 1)
        memcpy(entry->git_id, entry->id, HUB_COMMIT_BYTES);
    return 0;
}

/* 1: the response is that of a file; 0: the file does not exist; -1 with err set. */
static int check_file(const struct hub_api *api, const struct hub_name *name, const char *what,
                      const struct http_response *response, struct error *err)
{
    const bool is_file =
        response->status == 200 || (response->status >= 301 && response->status <= 308 &&
                                    headers_find(&response->headers, "X-Linked-ETag").ptr);

    if (is_file)
        return 1;
    if (response->status == 404 && slice_equal(headers_find(&response->headers, "X-Error-Code"),
                                               slice_text("EntryNotFound")))
        return 0;
    return hub_status_error(response, name, api->settings, what, err);
}

int hub_api_file(const struct hub_api *api, const struct hub_name *name, const char *path,
                 struct hub_listing *listing, char commit[HUB_COMMIT_BYTES], struct error *err)
{
    struct hub_entry entry = { .path = path };
    struct http_response response;
    struct buf url, what;
    int rc = -1;

    commit[0] = '\0';
    http_response_init(&response);
    buf_init(&url, URL_MAX_BYTES);
    buf_init(&what, URL_MAX_BYTES);
    if (hub_file_url(&url, api->settings->endpoint, name, name->revision, path, err) < 0 ||
        hub_public_name(&what, name, name->revision, path, err) < 0)
        goto done;
    const struct http_request request = {
        .url = url.data,
        .name = what.data,
        .head = true,
        .may_follow = hub_may_follow,
        .follow_arg = api->settings->endpoint,
    };
    if (http_send_patiently(api->http, &request, &response, err) < 0)
        goto done;
    rc = check_file(api, name, what.data, &response, err);
    if (rc == 0)
        (void)copy_commit(&response, commit);
    if (rc == 1 && (read_entry(&response, name, what.data, &entry, commit, err) < 0 ||
                    hub_listing_add(listing, &entry, err) < 0))
        rc = -1;
done:
    http_response_release(&response);
    buf_release(&url);
    buf_release(&what);
    return rc;
}
