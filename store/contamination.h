/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contamination.h - evaluations, and what of their items was found in which samples.
 *
 * An evaluation and its items are added in one transaction. Then each sample that was searched
 * gets a row, also if nothing was found, so that a later search goes on with the others.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise. Those that write
 * are called inside a transaction.
 */
#ifndef CURATE_STORE_CONTAMINATION_H
#define CURATE_STORE_CONTAMINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/slice.h"

struct error;
struct id_list;
struct store;

struct evaluation {
    const char *name;
    const char *path;
    struct slice params; /* canonical JSON */
    uint8_t digest[DIGEST_BYTES];
    int64_t n_items;
    int64_t n_not_checkable;
    int64_t n_common;
};

/* How a stored evaluation differs from one of the same name. */
enum evaluation_state {
    EVALUATION_NEW,
    EVALUATION_SAME,
    EVALUATION_OTHER_PARAMS, /* perhaps also other items */
    EVALUATION_OTHER_ITEMS,
};

/* Find an evaluation by its name, and compare params and digest. *id is 0 if it is new. */
int evaluation_find(struct store *store, const struct evaluation *evaluation, int64_t *id,
                    enum evaluation_state *state, struct error *err);
/* Remove an evaluation with all that was found of it. */
int evaluation_remove(struct store *store, int64_t id, struct error *err);
int evaluation_add(struct store *store, const struct evaluation *evaluation, int64_t run_id,
                   int64_t *id, struct error *err);

struct evaluation_item {
    int64_t item;        /* from 0 */
    struct slice place;  /* id, or line in the file */
    struct slice prompt; /* ptr NULL: known by hashes only, or absent; likewise the answer */
    struct slice answer;
    int64_t n_prompt_words;
    int64_t n_answer_words;
    bool checkable;
};
int evaluation_add_item(struct store *store, int64_t evaluation_id,
                        const struct evaluation_item *item, struct error *err);

/* List the samples that meet the condition (NULL: all) and were not searched for each of the n
 * evaluations, ascending. An id 0 is an evaluation that is not stored. */
int contamination_find_pending(struct store *store, const int64_t *evaluation_ids, size_t n,
                               const char *condition, struct id_list *out, struct error *err);

struct contamination_row {
    int64_t evaluation_id;
    int64_t sample_id;
    double covered;
    int64_t longest;
    bool flagged;
};
/* Store that a sample was searched; replaces what was found in it before. */
int contamination_put(struct store *store, const struct contamination_row *row,
                      struct error *err);

struct contamination_hit_row {
    int64_t item;
    double covered;
    int64_t longest;
    bool answer_whole;
    bool flagged;
};
int contamination_add_hit(struct store *store, const struct contamination_row *sample,
                          const struct contamination_hit_row *hit, struct error *err);

struct contamination_span_row {
    int64_t item;
    int64_t number; /* of the span in the hit, from 0 */
    int64_t turn;   /* -1: the context */
    uint64_t start; /* bytes */
    uint64_t end;
    bool of_answer;
    int64_t item_word;
    int64_t n_words;
};
int contamination_add_span(struct store *store, const struct contamination_row *sample,
                           const struct contamination_span_row *span, struct error *err);

struct contamination_summary {
    int64_t n_hit_items; /* for which a sample is flagged */
    int64_t n_searched;  /* samples */
    int64_t n_flagged;   /* samples */
};
int contamination_summarise(struct store *store, int64_t evaluation_id,
                            struct contamination_summary *out, struct error *err);

#endif
