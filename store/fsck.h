/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsck.h - check that the database is undamaged and consistent.
 *
 *   integrity     SQLite's own check of pages, indexes and constraints
 *   foreign_key   every reference points to an existing row
 *   schema        tables, indexes and views are those that the migrations create
 *   view          each public view has one row for each row of its table
 *   conservation  read = inserted + duplicate + rejected in every run, and these rows exist;
 *                 inserted is the sum of the kinds
 *   score         values are finite
 *   selection     ranks are 1..n without gaps; a fact it was ordered by exists
 *   split         a sample has one part, its group is in no other, and a context is in one
 * group content_hash  samples, contexts, rejects and parameters match their stored hashes
 */
#ifndef CURATE_FSCK_H
#define CURATE_FSCK_H

#include <stdint.h>

struct error;
struct report;
struct store;

/* The strings are valid until the callback returns; check is static. */
struct fsck_problem {
    const char *check; /* a name from the list above */
    const char *where; /* "sample 5" */
    const char *detail;
};
struct fsck_result {
    uint64_t n_samples;
    uint64_t n_contexts;
    uint64_t n_rejects;
    uint64_t n_problems;
};

/*
 * Check one snapshot of the database without changing it. Calls found() for each problem, at
 * most 100 times per check. Damage is a problem, not a failure: the next check continues.
 * Returns 0, or -1 with err set: ERR_CANCELLED if report asks to stop.
 */
int fsck_run(struct store *store, struct report *report,
             void (*found)(void *arg, const struct fsck_problem *problem), void *arg,
             struct fsck_result *out, struct error *err);

#endif
