/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - what goes to a terminal goes through here.
 *
 * Samples, file names and messages about them come from strangers, and a terminal obeys escape
 * sequences wherever they come from. Where standard output or standard error is a terminal, the
 * stream itself is exchanged for one that writes out what a terminal would obey
 * (base/visible.h), so that no command can forget to. Files and pipes get every byte as it is.
 */
#ifndef CURATE_TERMINAL_H
#define CURATE_TERMINAL_H

struct error;

/* Before anything is printed. ERR_NOMEM. */
int terminal_guard(struct error *err);
/* Our own sequence: back to the start of the line, and clear it. Standard error is a terminal.
 */
void terminal_clear_line(void);

#endif
