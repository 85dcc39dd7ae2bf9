/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - which samples of a selection a trainer reads together: the options of export --pack,
 * and the plan of packs that they give.
 */
#ifndef CURATE_EXPORT_PACK_H
#define CURATE_EXPORT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "scoring/packing/packing.h"

struct buf;
struct error;
struct id_list;
struct report;
struct stage_result;
struct store;

enum pack_method { PACK_BEST_FIT, PACK_SORTED, PACK_WRAPPED };
extern const char *const pack_method_names[];
/* The values are those of enum packing_long. */
extern const char *const pack_long_names[];

struct pack_args {
    int64_t length; /* 0: --pack was not given */
    enum pack_method method;
    enum packing_long when_long;
    struct option_share margin; /* of each pack: tokens, or a share */
    int64_t min_length;
    int64_t n_batch; /* 0: not given */
    int64_t seed;
};

/* Check options that exclude or need each other. is_plan: --to plan. ERR_USAGE. */
int pack_check(const struct pack_args *args, bool is_plan, struct error *err);
/* Tokens of a pack that are not left free; at least 1 after pack_check(). */
uint32_t pack_limit(const struct pack_args *args);

struct pack_document; /* a sample that is packed */

/* The packs of a selection. The pieces of the packing are of documents[]. */
struct pack_plan {
    struct packing packing;
    struct pack_document *documents;
    double *weights;       /* of each piece; NULL: none */
    bool is_batch;         /* each piece is a row of its own */
    uint64_t n_places;     /* tokens that all packs have room for */
    uint64_t n_samples;    /* samples in a pack */
    uint64_t n_unmeasured; /* samples left out because their tokens are missing */
    uint64_t n_pairs;      /* pairs left out: two sequences */
};

/*
 * Pack the samples of the list, which is in rank order, by their measured tokens. Samples that
 * cannot be packed are left out with `skip`, and are ERR_INPUT without. The result does not
 * depend on the order of ingestion: equal lengths come in the order of content hashes. Memory:
 * 120 bytes a sample, and that of packing.h. Returns 0, or -1 with err set; release the plan in
 * any case.
 */
int pack_plan_make(struct store *store, const struct pack_args *args, const struct id_list *ids,
                   bool skip, struct pack_plan *out, struct error *err);
/* Print notes about what was left out, truncated or split. */
void pack_plan_report(const struct pack_plan *plan, const struct pack_args *args,
                      struct report *report);
/* Add the facts of the closing line: "packs", "tokens", "tokens_left_out" of samples that were
 * left out or truncated, and "filled", the share of all places that holds a token. */
void pack_plan_facts(const struct pack_plan *plan, struct stage_result *result);
/*
 * Append pack i as a JSON object without a newline: "pack", its number; "length", its tokens,
 * or those of the longest row of a batch; and lists with an element for each piece: "samples",
 * content hashes; "rows", numbers of the samples in the list, from 0; "offsets", where the
 * piece begins in the pack or row; "starts", where it begins in the sample; "lengths";
 * "weights" of the loss, if they were asked for. Returns 0 or -1: ERR_NOMEM.
 */
int pack_plan_add(const struct pack_plan *plan, size_t i, struct buf *out, struct error *err);
void pack_plan_release(struct pack_plan *plan);

#endif
