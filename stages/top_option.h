/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top_option.h - the option --top of select and score: "100", "10%", "12.5%".
 */
#ifndef CURATE_TOP_OPTION_H
#define CURATE_TOP_OPTION_H

#include <stdbool.h>
#include <stdint.h>

enum { TOP_DECIMALS = 2 };

/* A number above 0, or a part of up to 100% in parts of 10,000; the other one is untouched.
 * False for what is neither. */
bool top_parse(const char *text, uint64_t *top_n, uint64_t *top_per_10000);

#endif
