/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - what the environment variables say about the network and the cache.
 *
 * docs/hub.md lists the variables. They are read through a function, so that tests can set
 * them; libcurl reads none by itself.
 */
#ifndef CURATE_NET_SETTINGS_H
#define CURATE_NET_SETTINGS_H

#include <stdbool.h>

struct error;

struct net_settings {
    char *endpoint;        /* of the Hub, without '/' at the end */
    char *token;           /* NULL: none */
    char *cache;           /* folder of the Hub's cache */
    char *assets;          /* folder for files of other servers */
    char *ca_file;         /* NULL: that of the system */
    char *ca_folder;       /* NULL: that of the system */
    char *proxies[2];      /* of http:// and of https:// URLs; NULL: none */
    char *no_proxy;        /* hosts without a proxy; NULL: none */
    unsigned timeout_s;    /* a transfer without a byte for so long is given up */
    bool offline;          /* HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE, or set by the caller */
    bool allow_http;       /* set by the caller: http:// beyond this machine */
    bool without_symlinks; /* HF_HUB_DISABLE_SYMLINKS */
};

/* Read the variables. Returns 0, or -1 with err set: ERR_USAGE for an invalid value. Release
 * the settings in both cases. */
int net_settings_read(const char *(*variable)(const char *name), struct net_settings *out,
                      struct error *err);
void net_settings_release(struct net_settings *settings);

#endif
