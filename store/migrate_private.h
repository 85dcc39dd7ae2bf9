/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate_private.h - numbered changes of the schema (schemas/NNNN_*.sql), for store.c.
 */
#ifndef CURATE_MIGRATE_PRIVATE_H
#define CURATE_MIGRATE_PRIVATE_H

#include <stdint.h>

struct error;
struct store;

/*
 * Take the schema from this version to store_version(), one transaction a migration, the new
 * version stamped inside it; the first one also stamps the application_id. Another process that
 * does the same at the same time does no harm.
 */
int migrate_up(struct store *store, int64_t from, struct error *err);

#endif
