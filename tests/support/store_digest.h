/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_digest.h - one hash of all samples and rejects of a store.
 */
#ifndef CURATE_STORE_DIGEST_H
#define CURATE_STORE_DIGEST_H

#include "base/hash.h"

struct store;

/* Hash content, ids and places in the order of the rows, without the runs that made them. Every
 * error fails the test. */
struct hash store_digest(struct store *store);

#endif
