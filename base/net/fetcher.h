/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetcher.h - the network of a run, which exists only if the run uses a URL.
 *
 * A command makes a struct fetcher from its settings. The first URL makes the struct remote, so
 * that a command without URLs does not fail for an invalid variable. One thread uses it.
 */
#ifndef CURATE_FETCHER_H
#define CURATE_FETCHER_H

#include "base/net/remote.h"

struct fetcher {
    struct remote_settings settings;
    struct remote *remote; /* NULL until it is needed */
};

#endif
