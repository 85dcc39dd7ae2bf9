/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_digest.h - one hash of all samples and rejects a store holds.
 */
#ifndef CURATE_STORE_DIGEST_H
#define CURATE_STORE_DIGEST_H

#include "base/hash.h"

struct store;

/* Over content, ids and places in the order of the rows, and not over the runs that made them.
 * Whatever goes wrong fails the test. */
struct hash store_digest(struct store *store);

#endif
