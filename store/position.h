/* SPDX-License-Identifier: Apache-2.0 */
/*
 * position.h - how far an unfinished ingest run has read a file, so that a later run can
 * resume.
 *
 * Write a position in the transaction that adds the rows up to it, so that both are stored or
 * neither. A position belongs to a run. It becomes void when that run finishes as RUN_OK. Call
 * all functions inside a transaction. They return 0, or -1 with err set, unless the comment
 * says otherwise.
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
    struct hash settings; /* hash of the options that affect how records are read */
    struct file_stamp stamp;
    bool done;       /* the whole file was read */
    uint64_t n_read; /* records read so far, in all runs that read the file */
    uint64_t n_rejected;
    char format[POSITION_FORMAT_BYTES]; /* format of the file; empty if not known yet */
    struct frame_place place;
    struct inflate_mark mark;
};

/* Read the position in a file, and make it belong to this run. Returns 1, 0 if there is none,
 * or -1. */
int position_claim(struct store *store, const char *source, const char *path, int64_t run_id,
                   struct position *out, struct error *err);
/* Insert or replace a position. */
int position_put(struct store *store, int64_t file_id, const struct position *position,
                 int64_t run_id, struct error *err);
/* Delete the position in a file, if there is one. */
int position_remove(struct store *store, int64_t file_id, struct error *err);
/* Delete the positions of this run. */
int position_clear(struct store *store, int64_t run_id, struct error *err);
/* Delete all void positions. */
int position_sweep(struct store *store, struct error *err);

#endif
