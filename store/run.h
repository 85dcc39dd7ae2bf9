/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the log of runs: which command ran when, with which options and counts.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_RUN_H
#define CURATE_RUN_H

#include <stdint.h>

#include "base/slice.h"
#include "store/sample.h"

struct error;
struct store;

struct run_counts {
    uint64_t n_read;
    uint64_t n_inserted;
    uint64_t n_duplicate;
    uint64_t n_rejected;
    uint64_t n_scored;
    uint64_t n_dup_meta;                /* of n_duplicate: those with another meta */
    uint64_t n_of_kind[N_SAMPLE_KINDS]; /* of n_inserted, by enum sample_kind */
};

enum run_status { RUN_OK, RUN_FAILED, RUN_INTERRUPTED };

/* Add a run, in its own transaction. parent_run_id is 0 for none; options is a JSON object. The
 * caller holds the lock of the database, so every other run that is still 'running', except the
 * ancestors, belongs to a process that has ended: mark these runs 'interrupted'. */
int run_begin(struct store *store, int64_t parent_run_id, const char *command,
              struct slice options_json, int64_t *run_id, struct error *err);
/* Store the name of the kernel family that computes the scores of this run. */
int run_set_kernels(struct store *store, int64_t run_id, const char *kernels,
                    struct error *err);
/* Add to the counts. Call inside the transaction that adds the rows. */
int run_add_counts(struct store *store, int64_t run_id, const struct run_counts *counts,
                   struct error *err);
int run_counts(struct store *store, int64_t run_id, struct run_counts *out, struct error *err);
/* Add counts to a sum. */
void run_counts_sum(struct run_counts *sum, const struct run_counts *counts);
/* Get the largest id of a run with the status 'running'; 0 if there is none. */
int run_last_running(struct store *store, int64_t *run_id, struct error *err);
/* Store the status and end time of the run, in its own transaction. message may be NULL. The
 * commit is synced to the disk, so whatever the run did survives a power cut. */
int run_finish(struct store *store, int64_t run_id, enum run_status status, const char *message,
               struct error *err);

#endif
