/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact_private.h - what the files of facts share within store/.
 */
#ifndef CURATE_STORE_FACT_PRIVATE_H
#define CURATE_STORE_FACT_PRIVATE_H

#include "store/fact.h"

/* fact_column.c: names become part of SQL, so only those of identifiers are accepted. Returns
 * 0, or -1 with err set: ERR_USAGE. */
int fact_check_name(const char *name, struct error *err);

/* fact_view.c: let v_missing_facts derive FACT_UNCHECKED for the columns of a group of samples.
 * Call inside a transaction, when the columns exist. Returns 0, or -1 with err set. */
int fact_view_put(struct store *store, const struct fact_group *group, struct error *err);
/* Let the view of one database derive the reasons that the view of another derives. */
int fact_view_copy(struct store *from, struct store *to, struct error *err);

#endif
