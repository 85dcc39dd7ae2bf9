/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - corpora, their files, and the records that were refused.
 */
#ifndef CURATE_SOURCE_H
#define CURATE_SOURCE_H

#include <stdint.h>

#include "base/slice.h"

struct error;
struct store;

/* The id of a file under its source; both rows are made when missing. */
int source_file_put(struct store *store, const char *source, const char *path, int64_t *file_id,
                    struct error *err);

enum { REJECT_RAW_MAX_BYTES = 1 << 20 };

struct reject {
    int64_t file_id;
    uint64_t line;
    uint64_t byte_offset;
    uint64_t byte_len;
    const char *class; /* lower_snake, see docs/design.md */
    struct slice detail;
    struct slice raw; /* kept up to REJECT_RAW_MAX_BYTES */
};

/* Store it, unless the same bytes were refused at the same place before. */
int reject_add(struct store *store, const struct reject *reject, int64_t run_id,
               struct error *err);

/* It became a sample after all. Inside a transaction, as the next. */
int reject_remove(struct store *store, int64_t reject_id, struct error *err);
/* It is still refused, perhaps for another reason. */
int reject_judge(struct store *store, int64_t reject_id, const char *class, struct slice detail,
                 struct error *err);

/* Walk rejects in order; 1 / 0 / -1. Slices last until the next call. */
struct reject_row {
    int64_t reject_id;
    int64_t run_id;
    struct slice source;
    struct slice path;
    struct reject reject; /* class lasts until the next call, too */
};
struct reject_scan;
struct reject_filter {
    int64_t after_id;  /* only those behind this one; 0 for all */
    int64_t limit;     /* so many at most; 0 for all */
    const char *class; /* NULL for every class */
};
int reject_scan_open(struct store *store, struct reject_scan **out, struct error *err);
int reject_scan_open_where(struct store *store, const struct reject_filter *filter,
                           struct reject_scan **out, struct error *err);
int reject_scan_next(struct reject_scan *scan, struct reject_row *out, struct error *err);
void reject_scan_close(struct reject_scan *scan);

#endif
