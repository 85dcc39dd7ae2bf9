/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.h - print help, made from the tables of commands and options.
 */
#ifndef CURATE_HELP_H
#define CURATE_HELP_H

struct command;

/* Print the overview: commands and common options. */
void help_overview(void);
/* Print the help of one command. */
void help_command(const struct command *command);

#endif
