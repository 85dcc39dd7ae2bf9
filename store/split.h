/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split.h - splits: samples divided into parts, and what makes groups of samples.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise. Texts that they
 * find are in the arena.
 */
#ifndef CURATE_STORE_SPLIT_H
#define CURATE_STORE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct error;
struct id_list;
struct store;
struct text_list;

struct split_part {
    const char *name;
    double share;
};
struct split_spec {
    const char *name;
    struct slice params; /* canonical JSON */
    const struct split_part *parts;
    size_t n_parts;
    uint64_t n_groups;
};
struct split_row {
    int64_t sample_id;
    int64_t group_key; /* the sample of the group with the smallest content hash */
    uint32_t part;     /* index in the parts */
};

/* Find a split. Returns 1, 0 if there is none of this name, or -1. */
int split_find(struct store *store, const char *name, struct arena *arena, int64_t *split_id,
               struct slice *params, struct error *err);
/* Find a split that must exist: ERR_NOT_FOUND with the names that exist. */
int split_get(struct store *store, const char *name, int64_t *split_id, struct error *err);
/* List the sets of duplicates that the split was made with. Free with option_list_free(). */
int split_list_dedup(struct store *store, int64_t split_id, struct arena *arena,
                     struct text_list *out, struct error *err);
/* Read the rows of a split, ascending by sample_id. ERR_INPUT if the parts of the split
 * are not `parts`. free() *out. */
int split_read_rows(struct store *store, int64_t split_id, const struct split_part *parts,
                    size_t n_parts, struct split_row **out, size_t *n, struct error *err);

struct split_change {
    uint64_t n_added;   /* samples that were not in the split */
    uint64_t n_removed; /* samples that are not in it any more */
    uint64_t n_changed; /* samples with another part or group */
};
/*
 * Store a split: make it if split_id is 0, else replace the rows that differ from `old`, which
 * are those of split_read_rows(). Both lists are ascending by sample_id. With dry_run only
 * count. Call inside a transaction, unless dry_run.
 */
int split_put(struct store *store, int64_t split_id, const struct split_spec *spec,
              const struct split_row *old, size_t n_old, const struct split_row *rows, size_t n,
              int64_t run_id, bool dry_run, struct split_change *out, struct error *err);
/* Delete a split. ERR_NOT_FOUND. Runs in its own transaction; with dry_run only count. */
int split_drop(struct store *store, const char *name, bool dry_run, int64_t *n_samples,
               struct error *err);

/* List the samples of a part. ERR_NOT_FOUND with the names that exist. */
int split_list_samples(struct store *store, const char *name, const char *part,
                       struct id_list *out, struct error *err);

/* split_key.c: what makes groups of samples. */
enum split_key {
    SPLIT_KEY_CONTEXT, /* of samples with a context */
    SPLIT_KEY_FILE,
    SPLIT_KEY_CLUSTER,    /* of samples in a cluster of the set of duplicates */
    SPLIT_KEY_EXT_ID,     /* text: the ext_id, of samples that have one */
    SPLIT_KEY_HASH,       /* text: the content hash, 16 bytes; in the order of the hashes */
    SPLIT_KEY_EXPRESSION, /* of a user; text and number: its value. ERR_USAGE */
};
struct split_source {
    enum split_key key;
    int64_t dedup_set_id;
    const char *expression;
};
struct split_value {
    int64_t sample_id;
    int64_t key; /* equal for equal values; they follow each other */
    bool is_null;
    double number;
    struct slice text; /* valid until the callback returns */
};
/* Call fn for each sample that has a key; for all samples, if the key is an expression. fn
 * returns 0, or -1 with err set. */
int split_each_value(struct store *store, const struct split_source *source,
                     int (*fn)(void *arg, const struct split_value *value, struct error *err),
                     void *arg, struct error *err);
/* Find the newest complete set of near duplicates, or else of exact ones. *name is NULL if
 * there is none. */
int split_newest_dedup(struct store *store, struct arena *arena, const char **name,
                       struct error *err);

#endif
