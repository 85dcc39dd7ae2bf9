/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - requests over HTTP. Only http.c includes <curl/curl.h>.
 *
 * A struct http keeps connections open between requests and is used by one thread at a time;
 * each thread makes its own. Rules that hold for every request:
 *   - the token goes to the host of the endpoint only, and only over https or to this machine;
 *     not to where another server redirects
 *   - http:// is an error, except to this machine or with allow_http
 *   - certificates are always verified
 *   - nothing is sent in offline mode
 *   - messages contain no query string, user info or token
 */
#ifndef CURATE_HTTP_H
#define CURATE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/net/headers.h"

struct error;
struct http;
struct http_response;
struct net_settings;
struct url;

enum { HTTP_MAX_HOPS = 10 };

/* How the caller stops a request and learns of waits. All members may be NULL. on_wait is
 * called on the thread that makes the request. */
struct http_watch {
    const volatile int *stop_signal; /* a request or a wait ends within a second of a signal */
    /* Before a wait for the next try. why is a sentence: "NAME: HTTP status 503". */
    void (*on_wait)(void *arg, const char *why, uint64_t wait_ms);
    void *arg;
    unsigned backoff_ms; /* unit of waits; 0: a second. For tests. */
};

/* The settings and the watch are borrowed. Returns 0, or -1 with err set. */
int http_new(const struct net_settings *settings, const struct http_watch *watch,
             struct http **out, struct error *err);
void http_free(struct http *http);

struct http_request {
    const char *url;
    const char *name; /* for messages; NULL: the URL as url_add_public() writes it */
    bool head;
    uint64_t range_start; /* ask for the bytes from here on; 0: for all */
    const char *if_range; /* the ETag that a range belongs to, with its quotes; may be NULL */
    /* Whether to follow a redirect from one URL to another; NULL: follow all, as far as the
     * rules above allow. */
    bool (*may_follow)(const void *arg, const struct url *from, const struct url *to);
    const void *follow_arg;
    /* The body of a response with status 2xx goes to one of these; both NULL: it is dropped.
     * on_start is called before the first byte, or at the end of an empty body, and also for a
     * HEAD. Both return 0, or -1 with err set, which ends the request with this error. */
    struct buf *body; /* emptied first; ERR_INPUT if it would exceed its maximum */
    int (*on_start)(void *arg, const struct http_response *response, struct error *err);
    int (*on_body)(void *arg, const void *bytes, size_t n, struct error *err);
    void *arg;
};

/* The answer to the last request of a chain of redirects. */
struct http_response {
    int status;
    struct headers headers;
    struct buf url;      /* the URL that answered; a secret, see url.h */
    struct buf location; /* of a redirect that was not followed: the absolute URL; else empty */
    struct buf error_body; /* beginning of the body if the status is 400 or above */
    unsigned n_hops;       /* redirects that were followed */
    bool sent_token;       /* the last request carried the token */
};

void http_response_init(struct http_response *response);
void http_response_release(struct http_response *response);

/* Can a request succeed the next time after this code of libcurl, sys of an ERR_BUSY? */
bool http_may_retry(int sys);

/*
 * Send one request and follow its redirects. Any status is a success here. Returns 0, or -1
 * with err set:
 *   ERR_BUSY       the network failed; sys is the code of libcurl
 *   ERR_DENIED     the certificate is invalid, or http:// is not allowed
 *   ERR_USAGE      malformed URL
 *   ERR_INPUT      malformed answer, or a limit is exceeded
 *   ERR_NOT_FOUND  offline
 *   ERR_CANCELLED  the signal is in sys
 */
int http_send(struct http *http, const struct http_request *request, struct http_response *out,
              struct error *err);
/* The same, and try again after transient failures and statuses (408, 429, 500, 502, 503, 504)
 * with waits between the tries. Only for requests without on_body. */
int http_send_patiently(struct http *http, const struct http_request *request,
                        struct http_response *out, struct error *err);

/* Set err for a status that is not 2xx: "NAME: HTTP status 403: TEXT OF THE SERVER". The code
 * is ERR_NOT_FOUND for 404 and 410, ERR_DENIED for 401, 403 and 451, ERR_BUSY for 408, 429 and
 * 5xx, else ERR_INPUT. Returns -1. */
int http_status_error(const struct http_response *response, const char *name,
                      struct error *err);
/* The server's own words: X-Error-Message, else "error" of a JSON body, at most 300 bytes,
 * escaped; then the request id. Empty if it said nothing. */
void http_server_words(const struct http_response *response, char out[480]);

#endif
