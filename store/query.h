/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - SQL that a user wrote, read-only.
 *
 * Runs under an authorizer: SELECT and reading functions only; no ATTACH, no PRAGMA that
 * writes, no extension loading. Anything else is ERR_USAGE saying so.
 */
#ifndef CURATE_QUERY_H
#define CURATE_QUERY_H

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
    struct slice bytes; /* of TEXT and BLOB; until the next query_next() */
};

/* One statement; text after it is ERR_USAGE. */
int query_open(struct store *store, const char *sql, struct query **out, struct error *err);
/* The rejects, in the order of their files; class NULL for all, else borrowed until close. */
int query_open_rejects(struct store *store, const char *class, struct query **out,
                       struct error *err);
/* All rows of "v_runs" or "v_cohorts", oldest first. */
int query_open_view(struct store *store, const char *view, struct query **out,
                    struct error *err);
/* All about a version of a cohort, as rows of what and value. */
int query_open_cohort(struct store *store, int64_t cohort_id, struct query **out,
                      struct error *err);
void query_close(struct query *query);
size_t query_columns(const struct query *query);
const char *query_column_name(const struct query *query, size_t column);
int query_next(struct query *query, struct error *err); /* 1 / 0 / -1 */
struct query_value query_value(const struct query *query, size_t column);

#endif
