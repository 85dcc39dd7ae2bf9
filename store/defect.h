/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect.h - defects of records, by the names in stages/record/defect.h.
 *
 * Call all functions inside a transaction. They return 0, or -1 with err set.
 */
#ifndef CURATE_STORE_DEFECT_H
#define CURATE_STORE_DEFECT_H

#include <stdint.h>

struct error;
struct store;

/* Store that the sample's record had this defect. */
int defect_add(struct store *store, int64_t sample_id, const char *class, struct error *err);
/* Add n to the number of records with this defect in this run. action is "reject", "repair" or
 * "keep". */
int defect_count(struct store *store, int64_t run_id, const char *class, const char *action,
                 uint64_t n, struct error *err);

#endif
