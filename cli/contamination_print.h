/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contamination_print.h - print the flagged samples with the texts of the evaluations.
 */
#ifndef CURATE_CONTAMINATION_PRINT_H
#define CURATE_CONTAMINATION_PRINT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

/* Print the first `most` pairs of a flagged sample and an item, those with the most coverage
 * first: the item's texts and each span, escaped for a terminal, or as one JSON object.
 * ERR_NOT_FOUND if no sample is flagged. */
int contamination_print(struct store *store, int64_t most, bool as_json, struct error *err);

#endif
