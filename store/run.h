/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the log of what was done to the database.
 */
#ifndef CURATE_RUN_H
#define CURATE_RUN_H

#include <stdint.h>

#include "base/slice.h"

struct error;
struct store;

struct run_counts {
    uint64_t n_read;
    uint64_t n_inserted;
    uint64_t n_duplicate;
    uint64_t n_rejected;
    uint64_t n_scored;
};

enum run_status { RUN_OK, RUN_FAILED, RUN_INTERRUPTED };

/* The caller holds the lock beside the database, so a run that is still 'running' and not one
 * of the parents is of a process that is gone: it is marked 'interrupted'. parent 0 for none;
 * options is a JSON object. Its own transaction. */
int run_begin(struct store *store, int64_t parent_run_id, const char *command,
              struct slice options_json, int64_t *run_id, struct error *err);
/* Which kernel family computed the scores of this run. */
int run_set_kernels(struct store *store, int64_t run_id, const char *kernels,
                    struct error *err);
/* Add to the counts; call it inside the transaction that adds the rows. */
int run_add_counts(struct store *store, int64_t run_id, const struct run_counts *counts,
                   struct error *err);
int run_counts(struct store *store, int64_t run_id, struct run_counts *out, struct error *err);
/* Its own transaction. message may be NULL. */
int run_finish(struct store *store, int64_t run_id, enum run_status status, const char *message,
               struct error *err);

#endif
