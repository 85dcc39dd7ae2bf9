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

/* Walk all rejects in order; 1 / 0 / -1. Slices last until the next call. */
struct reject_row {
    int64_t run_id;
    struct slice source;
    struct slice path;
    struct reject reject; /* class lasts until the next call, too */
};
struct reject_scan;
int reject_scan_open(struct store *store, struct reject_scan **out, struct error *err);
int reject_scan_next(struct reject_scan *scan, struct reject_row *out, struct error *err);
void reject_scan_close(struct reject_scan *scan);

#endif
