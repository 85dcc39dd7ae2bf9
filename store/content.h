/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.h - digests of what a database or a selection contains.
 *
 * Two databases that contain the same data have the same digest, whatever happened before:
 * killed runs, several runs, another number of threads.
 *
 * The sum of a set of rows is the sum of their SHA-256 digests modulo 2^256, so the order of
 * rows does not matter. The digest of a row covers its columns by name. It leaves out row ids,
 * columns that refer to runs, and NULLs. A reference to another row is replaced by that row's
 * natural key (its first UNIQUE constraint).
 *
 * Tables and columns are read from the schema, so a table that a migration adds is included.
 * content_schema.c lists what is left out because it describes one machine or moment.
 *
 * The sum detects differences. It does not withstand an attacker who constructs rows to reach a
 * given sum.
 */
#ifndef CURATE_CONTENT_H
#define CURATE_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/hash.h"

struct content;
struct error;
struct store;

struct content_sum {
    uint64_t n; /* number of rows */
    uint8_t bytes[DIGEST_BYTES];
};

enum { CONTENT_PARTS_MAX = 64, CONTENT_NAME_BYTES = 64 };
/* One table of a database. */
struct content_part {
    char name[CONTENT_NAME_BYTES];
    struct content_sum sum;
};
struct content_database {
    uint8_t digest[DIGEST_BYTES]; /* SHA-256 over all parts that have rows */
    size_t n_parts;
    struct content_part parts[CONTENT_PARTS_MAX]; /* sorted by name */
};

/* Functions return 0, or -1 with err set: ERR_CANCELLED once *stop_signal is not 0. stop_signal
 * may be NULL. */
int content_new(const volatile int *stop_signal, struct content **out, struct error *err);
void content_free(struct content *content);

/* Sum one snapshot of the database: that of the open transaction, if there is one. */
int content_of_database(struct content *content, struct store *store,
                        struct content_database *out, struct error *err);
/* Sum the samples of a selection. ERR_NOT_FOUND with the names that exist. */
int content_of_selection(struct content *content, struct store *store, const char *name,
                         struct content_sum *out, struct error *err);
/* Sum all samples of the database. */
int content_of_samples(struct content *content, struct store *store, struct content_sum *out,
                       struct error *err);
/* Add one sample, by its content hash, to *out, which the caller zeroes first. Gives the same
 * sum as content_of_selection() for the same samples. */
int content_add_sample(struct content *content, const struct hash *hash,
                       struct content_sum *out, struct error *err);

#endif
