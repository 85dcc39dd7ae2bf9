/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/http_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/error.h"
#include "base/net/settings.h"
#include "base/net/url.h"

enum {
    CONNECT_TIMEOUT_S = 10,
    POLL_MS = 200, /* how soon a signal is noticed */
    RECEIVE_BYTES = 256 * 1024,
    ERROR_BODY_MAX = 16 * 1024,
    TOKEN_BYTES_MIN = 8,
    DROPPED_MAX = 16 * 1024, /* of a body that nobody wants; then the connection is closed */
};

struct http {
    const struct net_settings *settings;
    const struct http_watch *watch;
    CURLM *multi;
};

/* A request under way. The callbacks of libcurl get it. */
struct exchange {
    struct http *http;
    const struct http_request *request;
    const struct url *url;
    struct http_response *response;
    struct error *err;
    CURL *easy;
    struct curl_slist *fields;
    uint64_t n_dropped;
    bool started;    /* on_start was called */
    bool has_failed; /* a callback has set err */
    bool has_enough; /* the rest of the body is not wanted */
    char detail[CURL_ERROR_SIZE];
};

int http_new(const struct net_settings *settings, const struct http_watch *watch,
             struct http **out, struct error *err)
{
    struct http *http = calloc(1, sizeof *http);

    if (!http)
        return error_nomem(err);
    /* Since libcurl 7.84 this counts its calls and may be called by several threads. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return error_nomem(err);
    }
    http->settings = settings;
    http->watch = watch;
    http->multi = curl_multi_init();
    if (!http->multi) {
        http_free(http);
        return error_nomem(err);
    }
    *out = http;
    return 0;
}

/* Block SIGPIPE in this thread. With NOSIGNAL, libcurl leaves it to us, and OpenSSL may write
 * to a connection that the server has closed. */
static void hold_sigpipe(sigset_t *before)
{
    sigset_t pipe_signal;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, before);
}

/* Drop the SIGPIPE that came since, and restore the mask. */
static void release_sigpipe(const sigset_t *before)
{
    const struct timespec now = { 0 };
    sigset_t pipe_signal;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    if (!sigismember(before, SIGPIPE))
        (void)sigtimedwait(&pipe_signal, NULL, &now);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

void http_free(struct http *http)
{
    sigset_t before;

    if (!http)
        return;
    hold_sigpipe(&before);
    curl_multi_cleanup(http->multi);
    release_sigpipe(&before);
    curl_global_cleanup();
    free(http);
}

bool http_is_stopped(const struct http *http)
{
    return http->watch && http->watch->stop_signal && *http->watch->stop_signal;
}

const struct net_settings *http_settings(const struct http *http)
{
    return http->settings;
}

const struct http_watch *http_watch_of(const struct http *http)
{
    return http->watch;
}

/* A callback fails with err set, or returns fewer bytes than it got: libcurl ends the request.
 */
static size_t end_exchange(struct exchange *exchange)
{
    exchange->has_failed = true;
    return 0;
}

static size_t on_header_line(char *bytes, size_t size, size_t n, void *arg)
{
    struct exchange *exchange = arg;

    if (exchange->started) /* a field behind the body */
        return size * n;
    if (headers_add(&exchange->response->headers, slice_of(bytes, size * n), exchange->err) < 0)
        return end_exchange(exchange);
    exchange->response->status = exchange->response->headers.status;
    return size * n;
}

static int start_body(struct exchange *exchange)
{
    exchange->started = true;
    if (!exchange->request->on_start || exchange->response->status / 100 != 2)
        return 0;
    return exchange->request->on_start(exchange->request->arg, exchange->response,
                                       exchange->err);
}

/* Keep the beginning of the body of an error, for the message. */
static size_t drop_body(struct exchange *exchange, const char *bytes, size_t n)
{
    struct buf *kept = &exchange->response->error_body;
    const size_t room = ERROR_BODY_MAX - kept->len;

    if (exchange->response->status >= 400 && room > 0 &&
        buf_add(kept, bytes, n < room ? n : room, exchange->err) < 0)
        return end_exchange(exchange);
    exchange->n_dropped += n;
    exchange->has_enough = exchange->n_dropped > DROPPED_MAX;
    return exchange->has_enough ? 0 : n;
}

static size_t on_body_bytes(char *bytes, size_t size, size_t n, void *arg)
{
    struct exchange *exchange = arg;
    const struct http_request *request = exchange->request;
    int rc = 0;

    n *= size;
    if (!exchange->started && start_body(exchange) < 0)
        return end_exchange(exchange);
    if (exchange->response->status / 100 != 2)
        return drop_body(exchange, bytes, n);
    if (request->body)
        rc = buf_add(request->body, bytes, n, exchange->err);
    else if (request->on_body)
        rc = request->on_body(request->arg, bytes, n, exchange->err);
    else
        return drop_body(exchange, bytes, n);
    return rc < 0 ? end_exchange(exchange) : n;
}

static int append_field(struct exchange *exchange, const char *name, const char *value)
{
    const size_t size = strlen(name) + strlen(value) + 3;
    char *line = malloc(size);
    struct curl_slist *longer = NULL;

    if (line) {
        snprintf(line, size, "%s: %s", name, value);
        longer = curl_slist_append(exchange->fields, line);
        explicit_bzero(line, size);
    }
    free(line);
    if (!longer)
        return error_nomem(exchange->err);
    exchange->fields = longer;
    return 0;
}

static int set_fields(struct exchange *exchange, bool with_token)
{
    const struct http_request *request = exchange->request;
    const char *token = exchange->http->settings->token;
    char bearer[8 + 4096];

    if (append_field(exchange, "Accept-Encoding", "identity") < 0)
        return -1;
    if (request->range_start > 0 && request->if_range &&
        append_field(exchange, "If-Range", request->if_range) < 0)
        return -1;
    if (!with_token)
        return 0;
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    const int rc = append_field(exchange, "Authorization", bearer);

    explicit_bzero(bearer, sizeof bearer);
    return rc;
}

/* The proxy for a URL, or NULL. It must not see what stays on this machine, and the token may
 * go there over http. */
static const char *proxy_of(const struct net_settings *settings, const struct url *url)
{
    return url_is_loopback(url) ? NULL : settings->proxies[url->is_https];
}

/* Set the options whose values are text or numbers. libcurl copies the text; a failure can only
 * be that of memory. */
static bool set_network(CURL *easy, const struct net_settings *settings, const struct url *url)
{
    const char *proxy = proxy_of(settings, url);
    const struct {
        CURLoption option;
        const char *value;
    } texts[] = {
        { CURLOPT_PROTOCOLS_STR, "http,https" },
        { CURLOPT_REDIR_PROTOCOLS_STR, "http,https" },
        { CURLOPT_USERAGENT, "curate/" CURATE_VERSION },
        /* Empty, not NULL: then libcurl does not read the variables itself. */
        { CURLOPT_PROXY, proxy ? proxy : "" },
        { CURLOPT_NOPROXY, settings->no_proxy ? settings->no_proxy : "" },
        { CURLOPT_CAINFO, settings->ca_file },
        { CURLOPT_CAPATH, settings->ca_folder },
    };
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        { CURLOPT_FOLLOWLOCATION, 0 },
        { CURLOPT_NOSIGNAL, 1 },
        { CURLOPT_SSL_VERIFYPEER, 1 },
        { CURLOPT_SSL_VERIFYHOST, 2 },
        { CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S },
        { CURLOPT_LOW_SPEED_LIMIT, 1 },
        { CURLOPT_LOW_SPEED_TIME, (long)settings->timeout_s },
        { CURLOPT_BUFFERSIZE, RECEIVE_BYTES },
        { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
        { CURLOPT_QUICK_EXIT, 1 }, /* a stop does not wait for a name to be looked up */
    };
    bool ok = true;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value)
            ok = ok && curl_easy_setopt(easy, texts[i].option, texts[i].value) == CURLE_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        ok = ok && curl_easy_setopt(easy, numbers[i].option, numbers[i].value) == CURLE_OK;
    return ok;
}

static int set_request(struct exchange *exchange, const struct url *url)
{
    CURL *easy = exchange->easy;
    const struct http_request *request = exchange->request;
    char range[32];
    bool ok = set_network(easy, exchange->http->settings, url);

    snprintf(range, sizeof range, "%llu-", (unsigned long long)request->range_start);
    ok =
        ok && curl_easy_setopt(easy, CURLOPT_URL, exchange->response->url.data) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->fields) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->detail) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header_line) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body_bytes) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NOBODY, request->head ? 1L : 0L) == CURLE_OK &&
        (request->range_start == 0 || curl_easy_setopt(easy, CURLOPT_RANGE, range) == CURLE_OK);
    return ok ? 0 : error_nomem(exchange->err);
}

/* Run the request to its end. Returns 0 with the code of libcurl, or -1 with err set. */
static int run_exchange(struct exchange *exchange, CURLcode *code)
{
    CURLM *multi = exchange->http->multi;
    int running = 1, n_messages;
    CURLMcode rc = curl_multi_add_handle(multi, exchange->easy);
    sigset_t before;

    hold_sigpipe(&before);
    while (rc == CURLM_OK && running && !http_is_stopped(exchange->http)) {
        rc = curl_multi_perform(multi, &running);
        if (rc == CURLM_OK && running)
            rc = curl_multi_poll(multi, NULL, 0, POLL_MS, NULL);
    }
    const CURLMsg *message = curl_multi_info_read(multi, &n_messages);

    *code = message ? message->data.result : CURLE_OK;
    curl_multi_remove_handle(multi, exchange->easy);
    release_sigpipe(&before);
    if (rc != CURLM_OK)
        return error_nomem(exchange->err);
    if (running)
        return error_set_sys(exchange->err, ERR_CANCELLED, *exchange->http->watch->stop_signal,
                             "stopped by a signal");
    return 0;
}

bool http_may_retry(int sys)
{
    static const CURLcode codes[] = {
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,   CURLE_PARTIAL_FILE,
        CURLE_OPERATION_TIMEDOUT,   CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING,
        CURLE_SEND_ERROR,           CURLE_RECV_ERROR,        CURLE_HTTP2_STREAM,
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (sys == (int)codes[i])
            return true;
    return false;
}

/* Set err for a proxy that answers CONNECT with a status. */
static int proxy_error(long status, struct error *err)
{
    const bool is_denied = status == 401 || status == 403 || status == 407;

    return error_set_sys(err, is_denied ? ERR_DENIED : ERR_BUSY, 0,
                         "the proxy answers with HTTP status %ld", status);
}

/* Set err for a code of libcurl that means that no answer came. host is that of the URL. */
static int connection_error(const struct exchange *exchange, CURLcode code, const char *host)
{
    struct error *err = exchange->err;
    const char *proxy = proxy_of(exchange->http->settings, exchange->url);
    const char *detail = *exchange->detail ? exchange->detail : curl_easy_strerror(code);

    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return error_set_sys(err, ERR_BUSY, (int)code, "the host name %s has no address", host);
    if (code == CURLE_COULDNT_RESOLVE_PROXY)
        return error_set_sys(err, ERR_BUSY, (int)code,
                             "the host name of the proxy has no address");
    if (code == CURLE_COULDNT_CONNECT)
        return error_set_sys(err, ERR_BUSY, (int)code, "no connection to %s%s", host,
                             proxy ? " or to the proxy" : "");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set_sys(err, ERR_BUSY, (int)code,
                             "%s does not answer, or sends no bytes any more", host);
    if (code == CURLE_SSL_CONNECT_ERROR)
        return error_set_sys(err, ERR_BUSY, (int)code, "no secure connection to %s: %s", host,
                             detail);
    if (code == CURLE_PARTIAL_FILE)
        return error_set_sys(err, ERR_BUSY, (int)code, "the answer of %s was truncated", host);
    return error_set_sys(err, ERR_BUSY, (int)code, "the connection to %s was lost: %s", host,
                         curl_easy_strerror(code));
}

/* Set err for a code of libcurl. Its own texts are used only where they contain no URL. */
static int network_error(struct exchange *exchange, CURLcode code)
{
    struct error *err = exchange->err;
    const struct url *url = exchange->url;
    const struct net_settings *settings = exchange->http->settings;
    long proxy_status = 0;
    char host[280];

    snprintf(host, sizeof host, "%.*s:%u", url->host.len < 260 ? (int)url->host.len : 260,
             url->host.ptr, url->port);
    if (code == CURLE_OUT_OF_MEMORY)
        return error_nomem(err);
    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (proxy_status >= 400)
        return proxy_error(proxy_status, err);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR)
        return error_set_sys(err, ERR_DENIED, (int)code, "the certificate of %s is invalid: %s",
                             host,
                             *exchange->detail ? exchange->detail : curl_easy_strerror(code));
    if (code == CURLE_SSL_CACERT_BADFILE)
        return error_set_sys(err, ERR_USAGE, (int)code,
                             "no certificates of authorities in %s: see SSL_CERT_FILE",
                             settings->ca_file ? settings->ca_file : "the system's file");
    if (http_may_retry((int)code) || code == CURLE_COULDNT_RESOLVE_PROXY)
        return connection_error(exchange, code, host);
    return error_set_sys(err, ERR_INPUT, (int)code, "the request to %s failed: %s", host,
                         curl_easy_strerror(code));
}

/* A server may repeat the token in an error. Messages are made of these. Tokens are longer than
 * this; to hide a short one would hide ordinary words. */
static void hide_token(const struct net_settings *settings, struct buf *text)
{
    const size_t len = strlen(settings->token);
    char *found;

    while (len >= TOKEN_BYTES_MIN && text->len >= len &&
           (found = memmem(text->data, text->len, settings->token, len)))
        memset(found, '*', len);
}

static int end_of_exchange(struct exchange *exchange, CURLcode code)
{
    if (exchange->has_failed)
        return -1;
    if (code != CURLE_OK && !exchange->has_enough)
        return network_error(exchange, code);
    if (exchange->response->status == 0)
        return error_set_sys(exchange->err, ERR_INPUT, (int)code, "the answer is not HTTP");
    return exchange->started ? 0 : start_body(exchange);
}

int http_exchange(struct http *http, const struct http_request *request, const struct url *url,
                  bool with_token, struct http_response *out, struct error *err)
{
    struct exchange exchange = { .http = http,
                                 .request = request,
                                 .url = url,
                                 .response = out,
                                 .err = err,
                                 .easy = curl_easy_init() };
    CURLcode code = CURLE_OK;
    int rc = -1;

    out->status = 0;
    out->sent_token = with_token;
    headers_clear(&out->headers);
    buf_clear(&out->error_body);
    out->error_body.max_bytes = ERROR_BODY_MAX;
    if (request->body)
        buf_clear(request->body);
    if (!exchange.easy)
        error_nomem(err);
    else if (set_fields(&exchange, with_token) == 0 && set_request(&exchange, url) == 0 &&
             run_exchange(&exchange, &code) == 0)
        rc = end_of_exchange(&exchange, code);
    if (with_token) {
        hide_token(http->settings, &out->error_body);
        hide_token(http->settings, &out->headers.text);
    }
    curl_easy_cleanup(exchange.easy);
    curl_slist_free_all(exchange.fields);
    return rc;
}
