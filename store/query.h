/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - read-only queries: SQL written by a user, and the listings of the program.
 *
 * An authorizer allows SELECT and reading functions only. ATTACH, PRAGMAs that write, loading
 * extensions and everything else is ERR_USAGE. Functions return 0, or -1 with err set, unless
 * the comment says otherwise.
 */
#ifndef CURATE_QUERY_H
#define CURATE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct store;
struct query;

enum query_type { QUERY_NULL, QUERY_INT, QUERY_REAL, QUERY_TEXT, QUERY_BLOB };

struct query_value {
    enum query_type type;
    int64_t integer;
    double real;
    struct slice bytes; /* of TEXT and BLOB; valid until the next query_next() */
};

/* Open a query of one statement. ERR_USAGE if more text follows. */
int query_open(struct store *store, const char *sql, struct query **out, struct error *err);
/* List the rejects by run, source and offset: of one class, or of all if class is NULL. class
 * is borrowed until query_close(). */
int query_open_rejects(struct store *store, const char *class, struct query **out,
                       struct error *err);
/* List all runs, oldest first. Runs up to last_dead that have the status 'running' are listed
 * as 'dead'. */
int query_open_runs(struct store *store, int64_t last_dead, struct query **out,
                    struct error *err);
/* List all rows of "v_cohorts", oldest first, or of "v_dedup_sets", "v_splits" or
 * "v_selections", by name. */
int query_open_view(struct store *store, const char *view, struct query **out,
                    struct error *err);
/* List the properties of a cohort version as rows of two columns, what and value. */
int query_open_cohort(struct store *store, int64_t cohort_id, struct query **out,
                      struct error *err);
/*
 * List the samples of clusters of a set of duplicates: the largest clusters first, of each the
 * kept samples first. sample_id 0: the first `limit` clusters; else the cluster of this sample.
 * Columns: cluster (number in this order, from 1), size, sample_id, ext_id, source,
 * duplicate_of, similarity and containment (of the pair with the kept sample), text.
 * ERR_NOT_FOUND with the names that exist.
 */
int query_open_clusters(struct store *store, const char *set, int64_t sample_id, int64_t limit,
                        struct query **out, struct error *err);
/* List the parts of a split: part, share, had, n_samples, n_groups. ERR_NOT_FOUND with the
 * names that exist. */
int query_open_split_parts(struct store *store, const char *split, struct query **out,
                           struct error *err);
/* Count the pairs of duplicates with both samples in a split, by complete set: dedup_set,
 * n_pairs, n_between (the samples of the pair are in two parts). ERR_NOT_FOUND as above. */
int query_open_split_leaks(struct store *store, const char *split, struct query **out,
                           struct error *err);
/* List what a selection is: kind, name, unit, n_pool, n_selected, pool, asked, selected. First
 * the totals, then groups in units, statistics by subject (kind is the name of the statistic)
 * and, with_warnings, warnings. ERR_NOT_FOUND as above. */
int query_open_selection(struct store *store, const char *name, bool with_warnings,
                         struct query **out, struct error *err);
/* List the warnings of a selection, in one column. */
int query_open_selection_warnings(struct store *store, const char *name, struct query **out,
                                  struct error *err);
/* Count the samples that are only in selection a, in both and only in b, by source, and all of
 * them (source NULL): source, only_a, both, only_b, unit, units_only_a, units_both,
 * units_only_b. */
int query_open_selection_diff(struct store *store, const char *a, const char *b,
                              struct query **out, struct error *err);
void query_close(struct query *query);
size_t query_columns(const struct query *query);
const char *query_column_name(const struct query *query, size_t column);
/* Step to the next row. Returns 1, 0 at the end, or -1. */
int query_next(struct query *query, struct error *err);
struct query_value query_value(const struct query *query, size_t column);

#endif
