/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_private.h - shared between http.c, which talks to libcurl, and http_send.c, which knows
 * the rules.
 */
#ifndef CURATE_HTTP_PRIVATE_H
#define CURATE_HTTP_PRIVATE_H

#include "base/net/http.h"

struct url;

/* Does a signal ask to stop? */
bool http_is_stopped(const struct http *http);
const struct net_settings *http_settings(const struct http *http);
const struct http_watch *http_watch_of(const struct http *http);

/* Send one request to out->url, whose parts are url, and fill the rest of *out. Redirects are
 * not followed. The caller has checked that the rules allow it. Returns as http_send();
 * messages have no name yet. */
int http_exchange(struct http *http, const struct http_request *request, const struct url *url,
                  bool with_token, struct http_response *out, struct error *err);

#endif
