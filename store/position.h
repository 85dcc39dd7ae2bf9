/* SPDX-License-Identifier: Apache-2.0 */
/*
 * position.h - how far a file was read by an ingest run that did not come to its end.
 *
 * A position is put in the transaction that adds the rows up to it, so that both are there or
 * neither. It belongs to a run, and when that run is finished as RUN_OK it is void with the
 * same commit. All of these are called inside a transaction.
 */
#ifndef CURATE_POSITION_H
#define CURATE_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/io/file.h"
#include "base/io/frame.h"
#include "base/io/inflate.h"

struct error;
struct store;

enum { POSITION_FORMAT_BYTES = 64 };

struct position {
    struct hash settings; /* of the options that decide what a record becomes */
    struct file_stamp stamp;
    bool done;       /* the whole file was read */
    uint64_t n_read; /* records of it so far, by all runs that had a part in it */
    uint64_t n_rejected;
    char format[POSITION_FORMAT_BYTES]; /* the file's; empty for none */
    struct frame_place place;
    struct inflate_mark mark;
};

/* Of a file by its source and path: 1, 0 when there is none, -1. It is this run's from then on.
 */
int position_take(struct store *store, const char *source, const char *path, int64_t run_id,
                  struct position *out, struct error *err);
/* Insert or replace. */
int position_put(struct store *store, int64_t file_id, const struct position *position,
                 int64_t run_id, struct error *err);
/* Give up those of this run. */
int position_clear(struct store *store, int64_t run_id, struct error *err);
/* Remove those that are void. */
int position_sweep(struct store *store, struct error *err);

#endif
