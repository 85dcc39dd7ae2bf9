/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - escape everything that is printed on a terminal.
 *
 * Samples, file names and messages about them are untrusted, and a terminal executes escape
 * sequences from any text. If standard output or standard error is a terminal, the stream is
 * replaced by one that escapes such text (base/text/escape.h), so no command can forget to.
 * Files and pipes receive every byte unchanged.
 */
#ifndef CURATE_TERMINAL_H
#define CURATE_TERMINAL_H

#include <stdio.h>

struct error;

/* The original streams of those that were replaced; NULL for the others. */
struct terminal {
    FILE *out;
    FILE *err;
};

/* Replace the streams that are terminals; call it before anything is printed. ERR_NOMEM; call
 * terminal_release() also then. */
int terminal_guard(struct terminal *terminal, struct error *err);
/* Write what is buffered and restore the streams. */
void terminal_release(struct terminal *terminal);
/* Clear the current line of standard error, which must be a terminal. */
void terminal_clear_line(void);

#endif
