/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsck.h - is the database whole, and does it keep our laws?
 *
 *   integrity     SQLite's own check of pages, indexes and constraints
 *   foreign_key   every reference leads to a row
 *   schema        tables, indexes and views are those of this program's migrations
 *   view          a promised view has one row for each row it is a view of
 *   conservation  read = inserted + duplicate + rejected in every run, and the rows are there
 *   score         numbers are finite
 *   selection     ranks are 1..n without a gap
 *   content_hash  samples, contexts, rejects and parameters hash to what is stored
 */
#ifndef CURATE_FSCK_H
#define CURATE_FSCK_H

#include <stdint.h>

struct error;
struct report;
struct store;

struct fsck_problem {
    const char *check; /* a name of the list above, static */
    const char *where; /* "sample 5"; where and detail last as long as the call */
    const char *detail;
};
struct fsck_result {
    uint64_t n_samples;
    uint64_t n_contexts;
    uint64_t n_rejects;
    uint64_t n_problems;
};

/*
 * Look at one moment of the database, though others write to it; nothing is changed. found() is
 * told of at most 100 problems a check. Damage is a problem and no failure: the next check goes
 * on. ERR_CANCELLED when report says to stop.
 */
int fsck_run(struct store *store, struct report *report,
             void (*found)(void *arg, const struct fsck_problem *problem), void *arg,
             struct fsck_result *out, struct error *err);

#endif
