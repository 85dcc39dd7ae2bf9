/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.h - say what a selection is: what it has of the pool, how its values differ from
 * those of the pool, and what its order goes with.
 */
#ifndef CURATE_DESCRIBE_H
#define CURATE_DESCRIBE_H

struct described;
struct error;
struct making;
struct report;
struct statistics_pool;

/* Below this, correlations say nothing: there are no warnings, and nothing is printed. */
enum { DESCRIBED_FROM = 20 };

/* A column of values that the order was made of: hmp and cas of gateau, the names in a formula.
 * Borrowed. */
struct ranked_part {
    const char *name;
    const double *values; /* of each candidate, NAN where it has none */
};

/* Add to the description of a selection what its picks and its order say. Does nothing if the
 * spec asks for no description. Returns 0, or -1 with err set. */
int describe_selection(struct making *making, struct error *err);

/* describe_gateau.c: for an order by gateau, add the weight that cas has in it, and which share
 * of the picks an alpha that is 0.1 smaller or larger would choose. */
int describe_gateau(struct making *making, const struct statistics_pool *pool,
                    struct error *err);
/* describe_nearest.c: add the mean distance to the nearest other sample. */
int describe_nearest(struct making *making, struct error *err);

/* Print a description, shortened, as notes. by: as in the spec. */
void describe_note(const struct described *described, const char *name, const char *by,
                   struct report *report);

#endif
