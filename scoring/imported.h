/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imported.h - the scores of others that metrics are made of.
 *
 * They are no metrics of the program: their numbers come in by `curate score import`, under
 * these names.
 */
#ifndef CURATE_IMPORTED_H
#define CURATE_IMPORTED_H

struct scorer;

/* What stands for it in a plan; NULL when no metric is made of it. */
const struct scorer *scorer_imported(const char *name);

#endif
