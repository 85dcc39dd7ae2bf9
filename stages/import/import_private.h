/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_private.h - the rows of a file of scores.
 *
 * read.c reads CSV or JSON as rows of a key and a value. score_import.c finds the sample that a
 * key names, and stores the value or a reject.
 */
#ifndef CURATE_IMPORT_PRIVATE_H
#define CURATE_IMPORT_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/record/defect.h"

struct error;
struct import_reader;

enum import_format { IMPORT_AUTO, IMPORT_CSV, IMPORT_JSONL };

struct import_options {
    const char *path;          /* for messages */
    const char *local_path;    /* what is opened; "-" is standard input */
    enum import_format format; /* not IMPORT_AUTO */
    const char *key_field;     /* columns of the header, or members of the records */
    const char *value_field;   /* likewise */
};

struct import_row {
    struct slice key; /* valid until the next call, like raw */
    double value;
    enum defect rejected_for; /* DEFECT_NONE: the row can be used */
    char detail[200];         /* of a rejected row: what is wrong */
    struct slice raw;
    uint64_t byte_offset;
    uint64_t byte_len;
    uint64_t line;
};

/* Open the file and read the header of a CSV file. ERR_INPUT when the header lacks a field. */
int import_reader_new(const struct import_options *options, struct import_reader **out,
                      struct error *err);
void import_reader_free(struct import_reader *reader);
/* Read the next row. Returns 1 and a row, 0 at the end, -1. A row that cannot be used has
 * rejected_for set. */
int import_reader_next(struct import_reader *reader, struct import_row *out, struct error *err);

#endif
