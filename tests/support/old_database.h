/* SPDX-License-Identifier: Apache-2.0 */
/*
 * old_database.h - databases as earlier releases made them. Every error fails the test.
 */
#ifndef CURATE_OLD_DATABASE_H
#define CURATE_OLD_DATABASE_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct sample;

/* The folder of the source, from the environment variable CURATE_SOURCE. */
const char *old_database_source(void);
/* Append a file of the source. */
void old_database_add_file(struct buf *out, const char *path);
/* Make, with the sqlite3 program, the database that a program of schema version n makes. */
void old_database_make(const char *path, size_t n);
/* Insert a sample without a context as releases before schema 15 stored it: with the hash of
 * identity version 1. It belongs to run 1 and file 1, which must exist. */
void old_database_add_sample(const char *path, int64_t id, const struct sample *sample);

#endif
