/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsck_private.h - one look through a database: fsck.c asks SQL, fsck_hash.c computes anew.
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
    const char *check; /* under way */
    uint64_t n_told;   /* problems of it */
};

void fsck_tell(struct fsck *fsck, const char *where, const char *detail);
void fsck_tell_row(struct fsck *fsck, const char *table, int64_t id, const char *detail);
/* ERR_CANCELLED once the report says to stop. */
int fsck_step(struct fsck *fsck, struct error *err);

/* fsck_hash.c: hash everything that has a hash. */
int fsck_hashes(struct fsck *fsck, struct error *err);

#endif
