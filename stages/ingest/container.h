/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.h - what a file holds its records in: JSON, rows of CSV, one text, or the rows of a
 * table (base/table/table.h).
 *
 * The first bytes decide where they can: JSON is JSON under any name. The name decides between
 * CSV and text. A table is recognised by its first bytes alone.
 */
#ifndef CURATE_CONTAINER_H
#define CURATE_CONTAINER_H

#include <stddef.h>

#include "base/slice.h"

struct error;

enum container {
    CONTAINER_JSON,  /* JSON values one after another */
    CONTAINER_CSV,   /* rows below a row of names (RFC 4180) */
    CONTAINER_TEXT,  /* the file is one text */
    CONTAINER_TABLE, /* a Parquet or Arrow file; not of container_find() */
    CONTAINER_NONE,  /* of a name: it says nothing */
};

/* The length of a name without the ending of a compressed file, such as ".gz". */
size_t container_unpacked_len(const char *name);
/* What the name of a file says that it holds, perhaps compressed. */
enum container container_of_name(const char *name);

/* Find what a file holds by its name and first bytes. *delimiter is what the user gave, or 0;
 * for CSV it becomes the character between two fields. Returns 0, or -1 with err set:
 * ERR_NOMEM. */
int container_find(const char *name, struct slice head, char *delimiter, enum container *out,
                   struct error *err);

#endif
