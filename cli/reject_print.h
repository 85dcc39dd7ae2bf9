/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reject_print.h - print one rejected record.
 */
#ifndef CURATE_REJECT_PRINT_H
#define CURATE_REJECT_PRINT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

/* Print the place of the record, the reason of its rejection and its bytes, escaped for a
 * terminal; or all of it as one JSON object, in which U+FFFD replaces bytes that are not UTF-8.
 * ERR_NOT_FOUND. */
int reject_print(struct store *store, int64_t reject_id, bool as_json, struct error *err);

#endif
