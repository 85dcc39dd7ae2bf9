/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exclusion.h - samples that a selection leaves out: duplicates of a set, and samples that hold
 * items of evaluations.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_EXCLUSION_H
#define CURATE_EXCLUSION_H

#include <stddef.h>
#include <stdint.h>

#include "store/selection.h"

struct arena;
struct error;
struct store;

enum exclusion_kind {
    EXCLUDE_FLAGGED,   /* samples that are flagged for an evaluation */
    EXCLUDE_FOLLOWERS, /* of a set, samples that have a pair with a kept one */
    EXCLUDE_CLUSTER,   /* of a set, all samples of a cluster but one */
};

struct exclusion {
    enum exclusion_kind kind;
    int64_t id;        /* of the set or evaluation; 0: all evaluations */
    const char *label; /* "dedup near@leader", "clean gsm8k"; stored with the selection */

    uint64_t n_removed; /* of the samples that the conditions and earlier exclusions left */
    uint64_t n_unknown; /* not compared, or not searched: they stay */
    uint64_t n_left;
};
struct exclusion_list {
    struct exclusion *items;
    size_t n;
    struct id_list left; /* the samples that stay, ascending */
};

/* Find the set that "SET", "SET@leader" or "SET@component" names. The label is in the arena.
 * ERR_NOT_FOUND with the names that exist; ERR_USAGE for another rule, or if the set is not
 * complete. */
int exclusion_find_dedup(struct store *store, const char *text, struct arena *arena,
                         struct exclusion *out, struct error *err);
/* Find an evaluation; name NULL: all. ERR_NOT_FOUND with the names that exist. */
int exclusion_find_clean(struct store *store, const char *name, struct arena *arena,
                         struct exclusion *out, struct error *err);

/* List the samples that were compared or searched, ascending. */
int exclusion_read_known(struct store *store, const struct exclusion *exclusion,
                         struct id_list *out, struct error *err);
/* List the samples that are flagged for the evaluation, ascending. */
int exclusion_read_flagged(struct store *store, const struct exclusion *exclusion,
                           struct id_list *out, struct error *err);

/* Store the exclusions with a selection, instead of those that it has; list NULL: remove those.
 * Call inside a transaction. */
int exclusion_put(struct store *store, int64_t selection_id, const struct exclusion_list *list,
                  struct error *err);
/* Are the exclusions, with their counts, those stored with a selection? Returns 1, 0 or -1. */
int exclusion_is_stored(struct store *store, int64_t selection_id,
                        const struct exclusion_list *list, struct error *err);

#endif
