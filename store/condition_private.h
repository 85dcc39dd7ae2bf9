/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition_private.h - statements over the samples that meet a user's condition.
 */
#ifndef CURATE_CONDITION_PRIVATE_H
#define CURATE_CONDITION_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct id_list;
struct stmt;
struct store;

/* Find the end of the quoted text or comment that starts at c. Returns c if none starts there,
 * NULL if it is not closed. */
const char *condition_skip_quoted(const char *c);

/* condition_source.c: append what n conditions are evaluated over: v_sample, facts,
 * contamination, and for each metric that they name a column with its values, of the score set
 * that score_set_find() chooses; ERR_USAGE if the metric is one of several models, unless one
 * is named: "ifd@MODEL".
 */
int condition_add_source(struct store *store, const char *const *conditions, size_t n,
                         struct buf *sql, struct error *err);

/*
 * Prepare the read-only statement
 *     BEFORE (SELECT sample_id FROM SOURCE WHERE (condition)) AFTER
 * where SOURCE is that of condition_add_source(), and condition NULL means all samples. The
 * condition must be one expression; its parentheses must match, so it cannot end the
 * parentheses around it. Errors as condition_select(). Close *out with stmt_close().
 */
int condition_open(struct store *store, const char *before, const char *condition,
                   const char *after, struct stmt **out, struct error *err);

/*
 * Prepare the read-only statement that returns, in the order of ids, every sample and the text
 * of a user's expression over the same source. Errors as above. Close *out with stmt_close().
 */
int expression_open(struct store *store, const char *expression, struct stmt **out,
                    struct error *err);
/*
 * The same, with rows of sample_id, number and value, in the order of the numbers: equal values
 * have the same number, NULL the first one. An aggregate makes one row of all samples, which
 * the caller must notice.
 */
int expression_open_numbered(struct store *store, const char *expression, struct stmt **out,
                             struct error *err);

/* List the ids in the rows of the statement, and close it. Returns 0, or -1. */
int condition_collect(struct stmt *stmt, struct id_list *out, struct error *err);

/* Append an id. *cap is the allocated length of the list, 0 at first. ERR_NOMEM. */
int id_list_add(struct id_list *list, size_t *cap, int64_t id, struct error *err);

#endif
