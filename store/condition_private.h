/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition_private.h - statements over the samples that meet a user's condition.
 */
#ifndef CURATE_CONDITION_PRIVATE_H
#define CURATE_CONDITION_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct id_list;
struct stmt;
struct store;

/*
 * Prepare the read-only statement
 *     BEFORE (SELECT sample_id FROM v_sample LEFT JOIN fact USING (sample_id)
 *              LEFT JOIN v_sample_contamination USING (sample_id) WHERE (condition)) AFTER
 * where condition NULL means all samples. The condition must be one expression; its parentheses
 * must match, so it cannot end the parentheses around it. Errors as condition_select(). Close
 * *out with stmt_close().
 */
int condition_open(struct store *store, const char *before, const char *condition,
                   const char *after, struct stmt **out, struct error *err);

/* List the ids in the rows of the statement, and close it. Returns 0, or -1. */
int condition_collect(struct stmt *stmt, struct id_list *out, struct error *err);

/* Append an id. *cap is the allocated length of the list, 0 at first. ERR_NOMEM. */
int id_list_add(struct id_list *list, size_t *cap, int64_t id, struct error *err);

#endif
