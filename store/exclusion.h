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

struct arena;
struct error;
struct store;

enum exclusion_kind {
    EXCLUDE_FOLLOWERS, /* of a set, samples that have a kept leader */
    EXCLUDE_CLUSTER,   /* of a set, all samples of a cluster but one */
    EXCLUDE_FLAGGED,   /* samples that are flagged for an evaluation */
};

struct exclusion {
    enum exclusion_kind kind;
    int64_t id;        /* of the set or evaluation; 0: all evaluations */
    const char *label; /* "dedup near@leader", "clean gsm8k"; stored with the selection */

    /* What exclusion_count() counts, of the samples that meet the conditions. */
    uint64_t n_removed; /* of those that the exclusions before left */
    uint64_t n_alone;
    uint64_t n_unknown;   /* not compared, or not searched: they stay */
    uint64_t n_unmatched; /* of n_removed: the kept sample does not meet the conditions */
    uint64_t n_left;
};
struct exclusion_list {
    struct exclusion *items;
    size_t n;
};

/* Find the set that "SET", "SET@leader" or "SET@component" names. The label is in the arena.
 * ERR_NOT_FOUND with the names that exist; ERR_USAGE for another rule, or if the set is not
 * complete. */
int exclusion_find_dedup(struct store *store, const char *text, struct arena *arena,
                         struct exclusion *out, struct error *err);
/* Find an evaluation; name NULL: all. ERR_NOT_FOUND with the names that exist. */
int exclusion_find_clean(struct store *store, const char *name, struct arena *arena,
                         struct exclusion *out, struct error *err);

/* Make one SQL condition of `where` (NULL: all samples) and the exclusions. In the arena. */
int exclusion_join(const struct exclusion_list *list, const char *where, struct arena *arena,
                   const char **out, struct error *err);
/* Count what each exclusion removes of the samples that meet `where`. */
int exclusion_count(struct store *store, struct exclusion_list *list, const char *where,
                    struct error *err);

/* Store the exclusions with a selection, instead of those that it has. Call inside a
 * transaction. */
int exclusion_put(struct store *store, int64_t selection_id, const struct exclusion_list *list,
                  struct error *err);
/* Are the exclusions, with their counts, those stored with a selection? Returns 1, 0 or -1. */
int exclusion_is_stored(struct store *store, int64_t selection_id,
                        const struct exclusion_list *list, struct error *err);

#endif
