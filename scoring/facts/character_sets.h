/* SPDX-License-Identifier: Apache-2.0 */
/*
 * character_sets.h - sets of characters that published filters list.
 */
#ifndef CURATE_CHARACTER_SETS_H
#define CURATE_CHARACTER_SETS_H

#include <stdbool.h>
#include <stdint.h>

/* The special characters of data-juicer 1.6: ASCII other than letters and control characters,
 * further punctuation, and emoji. Digits and white space are special, too. */
bool is_special_character(uint32_t code);
/* The marks that end a line of prose in FineWeb: full stops, question and exclamation marks of
 * all scripts. */
bool is_terminal_mark(uint32_t code);

#endif
