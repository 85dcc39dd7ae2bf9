/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bounds.h - the options --min and --max: conditions of the form METRIC=X.
 */
#ifndef CURATE_BOUNDS_H
#define CURATE_BOUNDS_H

struct error;
struct text_list;

/* Make one condition of all conditions and bounds, as condition_join(). Returns 0, or -1 with
 * err set. */
int bounds_join(const struct text_list *where, const struct text_list *min,
                const struct text_list *max, char **out, struct error *err);

#endif
