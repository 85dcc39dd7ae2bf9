/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect.h - what was wrong with records, by the names of stages/record/defect.h. Inside a
 * transaction.
 */
#ifndef CURATE_STORE_DEFECT_H
#define CURATE_STORE_DEFECT_H

#include <stdint.h>

struct error;
struct store;

/* The sample's record had this defect; class is static text. */
int defect_add(struct store *store, int64_t sample_id, const char *class, struct error *err);
/* So many records more had it in this run; action is "reject", "repair" or "keep". */
int defect_count(struct store *store, int64_t run_id, const char *class, const char *action,
                 uint64_t n, struct error *err);

#endif
