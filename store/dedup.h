/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dedup.h - sets of pairs of similar samples, and their clusters.
 *
 * A set is filled in this order: dedup_set_put(); signatures, batch by batch; pairs, batch by
 * batch; members, all at once. Each batch is a transaction of the caller, so a killed run
 * continues. Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_STORE_DEDUP_H
#define CURATE_STORE_DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct error;
struct id_list;
struct store;
struct text_list;

struct dedup_spec {
    const char *name;
    const char *kind;     /* "exact", "near" or "semantic" */
    const char *field;    /* "whole", "instruction", "response" or "context" */
    struct slice params;  /* canonical JSON */
    struct slice keep;    /* canonical JSON */
    int64_t score_set_id; /* 0: none */
};

struct dedup_set {
    int64_t dedup_set_id; /* 0 in a dry run, if the set does not exist */
    bool existed;         /* with these parameters; `keep` may differ */
    bool complete;
};

/* Find or make a set, and mark it as not complete. ERR_USAGE if a set of this name has another
 * kind, field, parameters or embeddings: the message names what differs. Runs in its own
 * transaction; with dry_run only looks. */
int dedup_set_put(struct store *store, const struct dedup_spec *spec, int64_t run_id,
                  bool dry_run, struct dedup_set *out, struct error *err);

/* Find a set by its name. ERR_NOT_FOUND with the names that exist. */
int dedup_set_find(struct store *store, const char *name, struct dedup_set *out,
                   struct error *err);
/* Delete a set. ERR_NOT_FOUND with the names that exist. Runs in its own transaction; with
 * dry_run only counts the pairs. */
int dedup_set_drop(struct store *store, const char *name, bool dry_run, int64_t *n_pairs,
                   struct error *err);

/* All samples in the order of their content hashes. */
struct dedup_samples {
    int64_t *ids; /* by number */
    size_t n;
    int64_t *by_id; /* sample ids, ascending, and beside them their numbers */
    uint32_t *numbers;
};
int dedup_samples_read(struct store *store, struct dedup_samples *out, struct error *err);
void dedup_samples_release(struct dedup_samples *samples);
/* Returns false if there is no such sample. */
bool dedup_samples_number(const struct dedup_samples *samples, int64_t id, uint32_t *number);

/* List the samples without a signature of the set, ascending. */
int dedup_find_pending(struct store *store, int64_t dedup_set_id, struct id_list *out,
                       struct error *err);
/* Store a signature; ptr NULL: there is nothing to compare. Call inside a transaction. */
int dedup_put_signature(struct store *store, int64_t dedup_set_id, int64_t sample_id,
                        struct slice signature, struct error *err);
/* Call fn for each signature that is not NULL, in ascending order of sample ids. fn returns 0,
 * or -1 with err set. */
int dedup_each_signature(struct store *store, int64_t dedup_set_id,
                         int (*fn)(void *arg, int64_t sample_id, struct slice signature,
                                   struct error *err),
                         void *arg, struct error *err);

struct dedup_pair {
    int64_t a; /* the smaller content hash */
    int64_t b;
    double similarity;
    double containment; /* negative: not known */
};
/* Insert or replace n pairs. Call inside a transaction. */
int dedup_put_pairs(struct store *store, int64_t dedup_set_id, const struct dedup_pair *pairs,
                    size_t n, struct error *err);
/* Call fn for each pair with at least this similarity, or, if by_containment, at least this
 * containment. */
int dedup_each_pair(struct store *store, int64_t dedup_set_id, double least,
                    bool by_containment,
                    int (*fn)(void *arg, const struct dedup_pair *pair, struct error *err),
                    void *arg, struct error *err);

struct dedup_member {
    int64_t sample_id;
    int64_t cluster;
    int64_t leader; /* 0: the sample is kept */
    bool component_keep;
    int64_t place; /* in the order in which samples are kept, from 1 */
};
/* What was counted and used for the members. */
struct dedup_use {
    double least;             /* a pair makes clusters if it is at least as similar */
    double least_containment; /* or has at least this containment; negative: not used */
    int64_t n_big_buckets;
    bool has_copies; /* similarity 1 means equal: such samples may have one pair together, with
                        the first of them, which has the pairs with others for all of them */
};
/* Replace the members of the set, and mark it as complete. Call inside a transaction. */
int dedup_put_members(struct store *store, int64_t dedup_set_id,
                      const struct dedup_member *members, size_t n, const struct dedup_use *use,
                      int64_t run_id, struct error *err);

/* Read the members of a set, ascending by sample_id. free() *out. */
int dedup_read_members(struct store *store, int64_t dedup_set_id, struct dedup_member **out,
                       size_t *n, struct error *err);
/* Read what the clusters of a complete set were made with. */
int dedup_set_use(struct store *store, int64_t dedup_set_id, struct dedup_use *out,
                  struct error *err);

/* dedup_keep.c: what decides which of similar samples is kept, by member of a set. */
struct dedup_order {
    const char *field;              /* as in dedup_spec */
    const char *by;                 /* "length": bytes of the field; or a fact or a metric;
                                       NULL: no value */
    bool lower;                     /* of a fact: the lowest value first */
    const char *model;              /* of the metric; NULL: the only one */
    const struct text_list *prefer; /* sources, the best first; or NULL */
};
struct dedup_rank {
    double value;    /* the greatest first; NAN: no value */
    uint32_t source; /* place in `prefer`; its length if it is not there */
};
/* Check the names of fact, metric and sources: ERR_NOT_FOUND, ERR_USAGE. */
int dedup_order_check(struct store *store, const struct dedup_order *order, struct error *err);
/* Read the ranks of n samples. */
int dedup_order_read(struct store *store, const struct dedup_order *order, const int64_t *ids,
                     size_t n, struct dedup_rank *out, struct error *err);

#endif
