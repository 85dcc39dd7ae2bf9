/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completions.h - scripts that complete command lines of curate in a shell.
 *
 * The scripts are made from the option tables: commands, options, the names of choices, and
 * file arguments. A value that the table calls METRIC or CLASS is completed by the names of
 * that registry. Words consist of lower-case letters, digits and "-_.=+", so that no shell has
 * to quote them.
 */
#ifndef CURATE_COMPLETIONS_H
#define CURATE_COMPLETIONS_H

#include <stdbool.h>
#include <stddef.h>

struct option;

/* Print a script to standard output. */
void completions_print_bash(void);
void completions_print_zsh(void);
void completions_print_fish(void);

/* What follows is for the scripts. */

/* What can be completed for a value. */
enum completion_kind { COMPLETE_NOTHING, COMPLETE_FILES, COMPLETE_WORDS };

/* What can be completed for the value of an option, or for a positional. A flag and NULL have
 * no value: COMPLETE_NOTHING. */
enum completion_kind completion_kind(const struct option *value);
/* Print the words of COMPLETE_WORDS, with a blank between two. */
void completion_print_words(const struct option *value);

/* A word that the names of one or more commands begin with: "score", "cohort". */
struct first_word {
    char word[32];
    char summary[128]; /* of the command of this name; without one, the second words */
    char second[128];  /* "make drop": the second words, with a blank between two */
};

/* First word i, from 0: those of the commands, "help" and "version". False after the last. */
bool completion_first_word(size_t i, struct first_word *out);

/* Print text for the inside of single quotes: a backslash before each byte of `special`, and
 * `quote` for a single quote. */
void completion_print_text(const char *text, const char *special, const char *quote);

#endif
