/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsck_private.h - the state of a check: fsck.c runs SQL queries, fsck_hash.c recomputes
 * hashes.
 */
#ifndef CURATE_FSCK_PRIVATE_H
#define CURATE_FSCK_PRIVATE_H

#include <stdint.h>

#include "store/fsck.h"

struct fsck {
    struct store *store;
    struct report *report;
    void (*found)(void *arg, const struct fsck_problem *problem);
    void *arg;
    struct fsck_result result;
    const char *check;   /* name of the current check */
    uint64_t n_reported; /* problems of the current check */
};

/* Report a problem of the current check in row `id` of a table. */
void fsck_report_row(struct fsck *fsck, const char *table, int64_t id, const char *detail);
/* Count one unit of progress. ERR_CANCELLED if the report asks to stop. */
int fsck_step(struct fsck *fsck, struct error *err);

/* Recompute and compare every stored hash. Implemented in fsck_hash.c. */
int fsck_hashes(struct fsck *fsck, struct error *err);

#endif
