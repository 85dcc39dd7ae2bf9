/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duplicates.h - the duplicates among some samples, by the pairs of a stored set.
 *
 * The members of a set in the database say what is kept of all samples. Of fewer samples others
 * must be kept: a duplicate of a sample that is not among them is no duplicate.
 */
#ifndef CURATE_SELECT_DUPLICATES_H
#define CURATE_SELECT_DUPLICATES_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct id_list;
struct store;

/* List the samples among the candidates that are left out, ascending: those that have a pair
 * with a kept one, or, by_cluster, all of a cluster but one. Copies are one sample, also where
 * the copy that has their pairs is no candidate. Free *out with id_list_release(). Returns 0,
 * or -1 with err set. */
int duplicates_find(struct store *store, int64_t dedup_set_id, bool by_cluster,
                    const struct id_list *candidates, struct id_list *out, struct error *err);

#endif
