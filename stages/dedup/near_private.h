/* SPDX-License-Identifier: Apache-2.0 */
/*
 * near_private.h - the parts of `curate dedup near` and `curate dedup exact`.
 *
 * signatures.c computes the signatures that are missing. candidates.c finds the samples whose
 * signatures agree, band by band. verify.c compares their texts and stores the pairs.
 */
#ifndef CURATE_NEAR_PRIVATE_H
#define CURATE_NEAR_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "scoring/duplicates/minhash.h"
#include "scoring/duplicates/shingles.h"
#include "scoring/kernels/kernels.h"
#include "store/dedup.h"

struct id_list;
struct report;

/* What two runs with the same set have in common. */
struct near_rule {
    const char *kind; /* of the set: "near" or "exact" */
    const char *field;
    unsigned n_bands;
    unsigned n_rows;
    struct shingle_rule shingle;
    uint64_t seed;
    bool zero_digits;
    bool verify;              /* else the similarity is that of the signatures */
    double threshold;         /* least similarity of a pair */
    double least_containment; /* or least containment; 0: not asked for */
    const char *against;      /* a selection that one sample of each pair is in; NULL: any */
};

/* near_rule.c: presets of the field, by name; NULL-terminated names. */
extern const char *const near_presets[];
struct near_rule near_rule_of(int preset);
/* Append the rule as canonical JSON. `digest` is that of the selection's samples. */
int near_rule_json(const struct near_rule *rule, const char *digest, struct buf *out,
                   struct error *err);

/* near_run.c: the run of both stages. */
struct near_request {
    const char *name; /* of the set */
    struct near_rule rule;
    struct dedup_order order;
    uint64_t max_memory; /* 0: half of what is free */
};
struct stage_context;
struct stage_result;
int near_run(const struct stage_context *context, const struct near_request *request,
             struct stage_result *result, struct error *err);

struct near_job {
    struct store *store;
    struct report *report;
    const struct near_rule *rule;
    struct minhash minhash;
    bool reads_signatures; /* blocks hold signatures instead of texts */
    struct kernels kernels;
    int64_t dedup_set_id;
    struct dedup_samples samples;
    uint8_t *flags; /* by number of a sample: enum of buckets.h */
    size_t n_threads;
    uint64_t memory;   /* for all of the run */
    uint64_t n_signed; /* counts, for the report */
    uint64_t n_compared;
    uint64_t n_pairs;
    uint64_t n_big;
};

/* A text of a block, and what was made of it. */
struct near_item {
    int64_t id;
    uint32_t number;
    size_t start; /* of the text */
    size_t len;
    size_t set_start; /* of its shingles, or of its signature, in made */
    size_t n_set;     /* 0: there is nothing to compare */
};

/* Items i and j of a block. */
struct near_pair {
    uint32_t i;
    uint32_t j;
    struct overlap overlap;
};

/* Work for one thread. */
struct near_block {
    struct buf texts;
    struct near_item *items;
    size_t n_items;
    size_t items_cap;
    struct near_pair *pairs;
    size_t n_pairs;
    size_t pairs_cap;
    struct buf made;
};

/* block.c: blocks and what a thread needs to work on them. */
struct near_tools {
    struct word_reader *reader;
    struct shingle_list shingles;
    uint32_t *values;
};
int near_tools_new(const void *job, void **out, struct error *err);
void near_tools_free(void *tools);
/* Make the words of an item, then its shingles. Returns 0, or -1 with err set. */
int near_make_shingles(const struct near_job *job, const struct near_block *block,
                       const struct near_item *item, struct near_tools *tools,
                       struct error *err);
/* Read the text of a sample as a new item. */
int near_block_add(struct near_block *block, const struct near_job *job, int64_t id,
                   uint32_t number, struct error *err);
int near_block_add_pair(struct near_block *block, uint32_t i, uint32_t j, struct error *err);
void near_block_clear(struct near_block *block);
/* Bytes of texts at which a block is full. */
size_t near_block_bytes(const struct near_job *job);
/* Run a crew over blocks of texts; its members for blocks and the report are set here. */
struct crew;
int near_run_blocks(const struct near_job *job, const struct crew *crew, struct error *err);

/* near_run.c: fail with ERR_CANCELLED if a signal asks to stop. */
int near_stop(const struct near_job *job, struct error *err);

/* sketches.c: call fn for each pair of samples whose sketches have a hash in common. n_hashes
 * is the number of hashes of all. */
int near_each_contained(struct near_job *job, uint64_t n_hashes,
                        int (*fn)(void *arg, uint32_t a, uint32_t b, struct error *err),
                        void *arg, struct error *err);

/* signatures.c: compute and store the signatures of these samples. */
int near_sign(struct near_job *job, const struct id_list *pending, struct error *err);

/* candidates.c: find and store the pairs of the samples that are new. */
int near_find_pairs(struct near_job *job, struct error *err);

/* verify.c: verify pairs of samples, a << 32 | b with a < b, and store those that are similar.
 * Sorts them; spare has room for n. */
int near_verify(struct near_job *job, uint64_t *candidates, uint64_t *spare, size_t n,
                struct error *err);

#endif
