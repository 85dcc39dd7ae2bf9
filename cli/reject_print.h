/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reject_print.h - all about one record that was refused.
 */
#ifndef CURATE_REJECT_PRINT_H
#define CURATE_REJECT_PRINT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

/* To standard output: where it was, why it was refused, and its bytes, with what could
 * steer a terminal written out; or all this as one JSON object, in which a byte that is in no
 * character is U+FFFD. ERR_NOT_FOUND. */
int reject_print(struct store *store, int64_t reject_id, bool as_json, struct error *err);

#endif
