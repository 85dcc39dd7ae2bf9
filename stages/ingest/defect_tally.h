/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect_tally.h - count the records of a run by defect, and store the counts.
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
    uint64_t accepted[N_DEFECTS]; /* repaired or kept */
};

/* Count the defects of one record; of a bad page, those of all its rows. */
void defect_tally_count(struct defect_tally *tally, const struct parsed *parsed);
/* Count a set of defects that was repaired or kept. */
void defect_tally_accept(struct defect_tally *tally, uint64_t defects);
/* Add one tally to another. */
void defect_tally_add(struct defect_tally *sum, const struct defect_tally *tally);
/* Add the counts to the rows of the run. Inside a transaction. */
int defect_tally_store(const struct defect_tally *tally, const struct defect_policy *policy,
                       struct store *store, int64_t run_id, struct error *err);
/* Write "bad_json 3, truncated 1", cut to fit. skip_layout leaves out defects of the file's
 * layout that are kept: they change nothing. */
void defect_tally_list(const uint64_t counts[N_DEFECTS], bool skip_layout, char *out,
                       size_t size);
/* Does another sample of the same file have the id of this one, whose file_id is set? If so,
 * add duplicate_id or reject the record, as the policy says. Inside a transaction. */
int defect_check_id(struct store *store, const struct defect_policy *policy,
                    struct parsed *parsed, struct error *err);
/* Store a row for each defect of the sample itself. Inside a transaction. */
int defect_store_sample(struct store *store, int64_t sample_id, uint64_t defects,
                        struct error *err);

#endif
