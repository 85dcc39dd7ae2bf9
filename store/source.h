/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - sources, their files, and rejects: records that could not be read.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_SOURCE_H
#define CURATE_SOURCE_H

#include <stdint.h>

#include "base/slice.h"

struct error;
struct store;

/* Get the id of a file of a source. Adds the source and the file if they are new. */
int source_file_put(struct store *store, const char *source, const char *path, int64_t *file_id,
                    struct error *err);

/* Store which config and split of a dataset a file belongs to, if the file is stored; NULL:
 * unknown, and what is stored stays. A split without a config is stored only if none is. */
int source_file_set_split(struct store *store, const char *source, const char *path,
                          const char *config, const char *split, struct error *err);

/* Is this file one of the source's? Returns 1; 2 when the source has only other files; 0 when
 * it has none, or does not exist; -1. A path with "./" in front is the same. */
int source_find_file(struct store *store, const char *source, const char *path,
                     struct error *err);

enum { REJECT_RAW_MAX_BYTES = 1 << 20 };

struct reject {
    int64_t file_id;
    uint64_t line;
    uint64_t byte_offset;
    uint64_t byte_len;
    uint64_t item;     /* which sample of a record that holds several, from 0 */
    uint64_t n_rows;   /* of a table that are lost together; 0: 1 */
    const char *class; /* lower_snake, see docs/design.md */
    struct slice detail;
    struct slice raw; /* only the first REJECT_RAW_MAX_BYTES are stored */
};

/* Store a reject, unless one with the same bytes at the same place is stored already. Of a bad
 * page that loses other rows the new number replaces the old one. */
int reject_add(struct store *store, const struct reject *reject, int64_t run_id,
               struct error *err);

/* Are there rejects of this file? Returns 1, 0 or -1. */
int reject_exists(struct store *store, int64_t file_id, struct error *err);
/* Delete the rejects of this record, because it is a sample now: those of the same file, place
 * and length whose bytes it begins with, and the one of a bad page that the record was lost
 * with. class and detail are not read. Adds their number to *n. Call inside a transaction. */
int reject_close(struct store *store, const struct reject *record, uint64_t *n,
                 struct error *err);

/* Delete a reject, because its record is a sample now. Call inside a transaction. */
int reject_remove(struct store *store, int64_t reject_id, struct error *err);
/* Replace class and detail of a reject. Call inside a transaction. */
int reject_update(struct store *store, int64_t reject_id, const char *class,
                  struct slice detail, struct error *err);

struct reject_row {
    int64_t reject_id;
    int64_t run_id;
    struct slice source;
    struct slice path;
    struct reject reject;
};
struct reject_scan;
struct reject_filter {
    int64_t after_id;  /* only ids greater than this; 0: all */
    int64_t limit;     /* at most this many; 0: all */
    const char *class; /* NULL: all classes */
};
/* Open a scan over the rejects that pass the filter, by id. The class is borrowed until the
 * scan is closed. */
int reject_scan_open(struct store *store, const struct reject_filter *filter,
                     struct reject_scan **out, struct error *err);
/* Get the next reject. Returns 1, 0 at the end, or -1. Text is valid until the next call. */
int reject_scan_next(struct reject_scan *scan, struct reject_row *out, struct error *err);
void reject_scan_close(struct reject_scan *scan);

#endif
