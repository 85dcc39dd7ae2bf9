/* SPDX-License-Identifier: Apache-2.0 */
/*
 * candidates.h - the samples that a selection can choose from, and columns of them.
 *
 * Candidates are numbered from 0 in the order of their content hashes, so that nothing that is
 * computed from the columns depends on the order of ingestion. Memory: 28 bytes a candidate,
 * while reading 52.
 *
 * Functions return 0, or -1 with err set. All can run out of memory (ERR_NOMEM).
 */
#ifndef CURATE_CANDIDATES_H
#define CURATE_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"

struct error;
struct id_list;
struct profile_fact;
struct store;

struct candidates {
    size_t n;
    int64_t *ids;        /* the sample of each candidate */
    struct hash *hashes; /* its content hash */
    uint32_t *by_id;     /* the candidates in the order of their ids */
};

/* Which samples are candidates. */
struct candidate_filter {
    const char *condition;        /* NULL: all samples; errors as condition_select() */
    const struct id_list *within; /* ascending; NULL: all */
    const struct id_list *except; /* ascending; NULL: none */
};
int candidates_read(struct store *store, const struct candidate_filter *filter,
                    struct candidates *out, struct error *err);
/* Zeroed candidates may be released. */
void candidates_release(struct candidates *candidates);

/* Read the value of each candidate by a fact or metric, NAN where it has none. n_outside may be
 * NULL: of them, those known to be outside the top of a cohort. ERR_INPUT for a stored value
 * that is not finite. */
int candidates_read_numbers(struct store *store, const struct candidates *candidates,
                            const struct profile_fact *fact, double *out, uint64_t *n_outside,
                            struct error *err);

/* How long a sample is as a sequence of a trainer, in the tokens that were measured. */
struct candidate_length {
    bool is_pair;
    int64_t n_tokens;  /* -1: missing */
    int64_t n_targets; /* of them, tokens that are trained on: of a text all, else the answers
                        * but those of weight 0; -1: missing */
};
/* candidates_lengths.c: read the length of each candidate. ERR_NOT_FOUND if no tokens were
 * measured, ERR_INPUT for a stored number that is not a length. */
int candidates_read_lengths(struct store *store, const struct candidates *candidates,
                            struct candidate_length *out, struct error *err);

enum { CANDIDATE_GROUPS_MAX = 10000 };
/* Which group each candidate is in. */
struct candidate_groups {
    uint32_t *group;    /* of each candidate */
    const char **names; /* of the n groups, in byte order; NULL, the first: no value */
    size_t n;
    struct arena texts;
};
/*
 * Group the candidates by a user's SQL expression over what conditions know: a fact, "source",
 * "CASE WHEN words < 100 THEN 'short' ELSE 'long' END". A number becomes text. ERR_USAGE for a
 * mistake in it, or more than CANDIDATE_GROUPS_MAX groups.
 */
int candidates_read_groups(struct store *store, const struct candidates *candidates,
                           const char *expression, struct candidate_groups *out,
                           struct error *err);
/* Zeroed groups may be released. */
void candidate_groups_release(struct candidate_groups *groups);

#endif
