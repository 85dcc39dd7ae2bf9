/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_ahead.h - decode the groups of a table in several threads, and return their rows in the
 * order of the file.
 *
 * Each thread has a table of its own on the same file. A thread decodes one group after another
 * that no other thread has; its rows wait in memory until those of all earlier groups were
 * returned. Only the thread that decodes the earliest group goes on when max_bytes of rows
 * wait.
 *
 * One thread uses a table_ahead: the one that made it.
 */
#ifndef CURATE_TABLE_AHEAD_H
#define CURATE_TABLE_AHEAD_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct table_ahead;
struct table_options;
struct table_row;

enum { TABLE_AHEAD_THREADS = 4 }; /* at most */

struct table_ahead_options {
    int fd; /* of the table; not closed */
    const char *name;
    const struct table_options *table;
    uint64_t after_row; /* return the rows behind it */
    size_t n_threads;   /* 1 to TABLE_AHEAD_THREADS */
    uint64_t max_bytes; /* of rows that wait */
};

/* The columns are borrowed until table_ahead_free(). Returns 0, or -1 with err set: as
 * table_open(), or ERR_NOMEM for a thread. */
int table_ahead_new(const struct table_ahead_options *options, struct table_ahead **out,
                    struct error *err);
void table_ahead_free(struct table_ahead *ahead);
/* As table_next(). After an error the rows before it were all returned. */
int table_ahead_next(struct table_ahead *ahead, struct table_row *out, struct error *err);

#endif
