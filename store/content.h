/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.h - what a database holds, as a number that does not depend on how it came there.
 *
 * The sum of a set of rows is the sum of their SHA-256 digests modulo 2^256: rows come in any
 * order, and each counts as often as it is there. A row stands for its columns by name; row ids
 * and what refers to runs are left out, NULL is as good as no column, and a reference to
 * another row is replaced by that row's natural key (its first UNIQUE constraint). So two
 * databases into which the same was put agree, whatever happened in between: kills, several
 * runs, another number of threads.
 *
 * The schema itself says what there is to sum: a table that a migration adds is in without a
 * line here. What a row says of this machine and moment only is listed in content.c.
 *
 * A sum tells equal from unequal. It does not stand against somebody who makes up rows to hit a
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
    uint64_t n; /* rows */
    uint8_t bytes[DIGEST_BYTES];
};

enum { CONTENT_PARTS_MAX = 64, CONTENT_NAME_BYTES = 64 };
struct content_part {
    char name[CONTENT_NAME_BYTES]; /* of the table */
    struct content_sum sum;
};
/* Of a whole database: the SHA-256 over all parts that are not empty. */
struct content_database {
    uint8_t digest[DIGEST_BYTES];
    size_t n_parts;
    struct content_part parts[CONTENT_PARTS_MAX]; /* sorted by name */
};

/* stop_signal as in struct report: ERR_CANCELLED once it is not 0. May be NULL. */
int content_new(const volatile int *stop_signal, struct content **out, struct error *err);
void content_free(struct content *content);

/* One moment of the database, though others write to it; inside a transaction, of that. */
int content_of_database(struct content *content, struct store *store,
                        struct content_database *out, struct error *err);
/* The set of samples that a selection holds; ERR_NOT_FOUND with the names there are. */
int content_of_selection(struct content *content, struct store *store, const char *name,
                         struct content_sum *out, struct error *err);
/* One sample more, by the hash of what is in it; out begins zeroed. Sums to what
 * content_of_selection() gives for the same samples. */
int content_add_sample(struct content *content, const struct hash *hash,
                       struct content_sum *out, struct error *err);

#endif
