/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - what goes to a terminal goes through here.
 *
 * Samples, file names and messages about them come from strangers, and a terminal obeys escape
 * sequences wherever they come from. Where standard output or standard error is a terminal, the
 * stream itself is exchanged for one that writes out what a terminal would obey
 * (base/text/escape.h), so that no command can forget to. Files and pipes get every byte as it
 * is.
 */
#ifndef CURATE_TERMINAL_H
#define CURATE_TERMINAL_H

#include <stdio.h>

struct error;

/* The streams that were there before, where they were exchanged; else NULL. */
struct terminal {
    FILE *out;
    FILE *err;
};

/* Before anything is printed. ERR_NOMEM; terminal_release() also then. */
int terminal_guard(struct terminal *terminal, struct error *err);
/* After the last of it: writes what is left, and puts the streams back. */
void terminal_release(struct terminal *terminal);
/* Our own sequence: back to the start of the line, and clear it. Standard error is a terminal.
 */
void terminal_clear_line(void);

#endif
