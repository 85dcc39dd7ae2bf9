/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.h - the help texts, made from the command and option tables.
 */
#ifndef CURATE_HELP_H
#define CURATE_HELP_H

struct command;

/* The one-screen overview. */
void help_overview(void);
/* All about one command. */
void help_command(const struct command *command);

#endif
