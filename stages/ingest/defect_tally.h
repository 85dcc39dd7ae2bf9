/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect_tally.h - how many records had which defect, and the rows that say so.
 */
#ifndef CURATE_DEFECT_TALLY_H
#define CURATE_DEFECT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stages/record/defect.h"

struct error;
struct parsed;
struct store;

struct defect_tally {
    uint64_t rejected[N_DEFECTS];
    uint64_t taken[N_DEFECTS]; /* repaired or kept */
};

void defect_tally_parsed(struct defect_tally *tally, const struct parsed *parsed);
void defect_tally_taken(struct defect_tally *tally, uint64_t defects);
void defect_tally_add(struct defect_tally *sum, const struct defect_tally *tally);
/* Count them in the run's rows, too; inside a transaction. */
int defect_tally_put(const struct defect_tally *tally, const struct defect_policy *policy,
                     struct store *store, int64_t run_id, struct error *err);
/* "bad_json 3, truncated 1", cut to fit. skip_layout leaves out what says no more than how a
 * file is laid out, and changed nothing. */
void defect_tally_list(const uint64_t counts[N_DEFECTS], bool skip_layout, char *out,
                       size_t size);
/* Whether another sample of its file has the id of a record that became a sample, whose file_id
 * is set: it is marked, or refused after all, as the policy says. */
int defect_check_id(struct store *store, const struct defect_policy *policy,
                    struct parsed *parsed, struct error *err);
/* Rows for what is the sample's own; inside a transaction. */
int defect_put_sample(struct store *store, int64_t sample_id, uint64_t defects,
                      struct error *err);

#endif
