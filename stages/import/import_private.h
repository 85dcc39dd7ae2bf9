/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_private.h - the rows of a file of scores.
 *
 * read.c reads CSV or JSON as rows of a key and a value. find.c finds the sample that a key
 * names. score_import.c stores the value or a reject.
 */
#ifndef CURATE_IMPORT_PRIVATE_H
#define CURATE_IMPORT_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/record/defect.h"

struct error;
struct import_reader;
struct sample_places;
struct store;

enum import_key { KEY_EXT_ID, KEY_HASH, KEY_PLACE };
enum import_format { IMPORT_AUTO, IMPORT_CSV, IMPORT_JSONL };

/* Replace IMPORT_AUTO by the format that the end of the name says, before that of a compressed
 * file. ERR_USAGE if it has no known one. */
int import_choose_format(const char *path, enum import_format *format, struct error *err);

struct import_options {
    const char *path;          /* for messages */
    const char *local_path;    /* what is opened; "-" is standard input */
    enum import_format format; /* not IMPORT_AUTO */
    /* Columns of the header, or members of the records. */
    const char *key_field;
    const char *line_field; /* NULL: the key has one part */
    const char *value_field;
};

struct import_row {
    struct slice key; /* valid until the next call, like raw */
    int64_t line_key; /* the number in line_field */
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

struct import_finder {
    struct store *store;
    enum import_key key;
    const char *source;           /* of KEY_EXT_ID; NULL: all */
    int64_t first_line;           /* of KEY_PLACE: the number of a file's first line, 0 or 1 */
    struct sample_places *places; /* of KEY_PLACE */
};
/* Find the one sample that the key of a row names. Returns 1; 0 if there is none or several,
 * with the row marked as rejected; -1. */
int import_find_sample(const struct import_finder *finder, struct import_row *row,
                       int64_t *sample_id, struct error *err);

#endif
