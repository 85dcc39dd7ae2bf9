/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest_private.h - the threads of an ingest run and what goes between them.
 *
 *   free ──> reader ──filled──> parsers ──done──> writer ──> free
 *
 * A fixed number of batches goes around: that, and the size of one, is all the memory there is.
 * Every queue has room for all of them, so only taking ever waits. The reader numbers batches
 * in input order; the writer (the calling thread) commits them in that order whoever parsed
 * them.
 *
 * A batch belongs to one thread at a time and the queues hand it over, so its members need no
 * lock. The first failure of a parser or the writer cancels all queues. A file that cannot be
 * read on is no such failure: what was read before is parsed and committed, then the error is
 * told.
 */
#ifndef CURATE_INGEST_PRIVATE_H
#define CURATE_INGEST_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/frame.h"
#include "base/io/inflate.h"
#include "base/option.h"
#include "stages/ingest/defect_tally.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"
#include "store/position.h"
#include "store/run.h"

struct queue;
struct stage_context;

struct ingest_file {
    const char *path; /* "-" is standard input */
    const char *source;
    bool has_size;               /* false: a pipe */
    uint64_t size_bytes;         /* as stored, perhaps compressed */
    struct file_stamp stamp;     /* when has_size is set */
    const struct position *from; /* where a run was stopped; NULL: from the beginning */
};

struct ingest_files {
    struct arena arena; /* all text of the list */
    struct ingest_file *items;
    size_t n;
    size_t cap;
    uint64_t total_bytes; /* 0 when the size of one is not known */
};

/* ingest_files.c: files, folders, patterns and "-", in the order given; folders sorted by name.
 * Everything is looked for before anything is read. source NULL: each file is its own, by its
 * base name. */
int ingest_files_find(const struct text_list *names, const char *source,
                      struct ingest_files *out, struct error *err);
void ingest_files_release(struct ingest_files *files);

/* Enough rows for a transaction to be worth its commit, few enough to lose little by a kill. */
enum {
    BATCH_RECORDS = 256,
    BATCH_RAW_BYTES = 2 << 20,
    BATCH_RAW_LEAST =
        256 << 10,   /* however little memory there is: formats are voted on in it */
    PARSERS_MAX = 8, /* more only wait for the writer */
};

struct batch {
    uint64_t number; /* in input order, from 0 */
    size_t file;     /* index in the list */
    bool begins_file;
    bool ends_file;
    struct frame_place place; /* behind its last record */
    struct inflate_mark mark;
    const char *encoding;        /* of the file, where it is not UTF-8; or NULL */
    unsigned noted_behind;       /* the last record of the file, as frame.h notes it */
    const struct format *format; /* the file's; NULL when no record told */
    size_t n_votes;              /* of n_looked_at records that have this format, */
    size_t n_looked_at;          /* both only when begins_file is set */
    uint64_t position_bytes;     /* stored bytes of the input used up so far, all files */
    uint64_t stream_bytes;       /* decompressed bytes of the input so far, all files */
    struct buf raw;              /* the records' bytes, one after the other */
    struct arena arena;          /* what parsing makes of them */
    size_t n;
    struct frame_record records[BATCH_RECORDS]; /* .text lies in raw */
    struct parsed parsed[BATCH_RECORDS];
};

/* ingest_batch.c */
void batch_init(struct batch *batch);
void batch_release(struct batch *batch);
/* Empty again; memory beyond this is given back. */
void batch_clear(struct batch *batch, size_t keep_bytes);
/* Copy a record into it. ERR_NOMEM. */
int batch_add(struct batch *batch, const struct frame_record *record, struct error *err);
bool batch_is_full(const struct batch *batch, size_t raw_bytes);
/* After the last batch_add(): now that raw stays where it is, let the records point into it. */
void batch_seal(struct batch *batch);

/* How much may be in memory, and where. */
struct ingest_memory {
    size_t n_parsers;       /* at most */
    size_t batch_bytes;     /* of records; a batch is full then */
    size_t in_flight_bytes; /* of records, in all batches that are on their way */
    size_t cache_bytes;     /* of the database's pages; 0: the usual */
};

/* ingest_memory.c: what these come to for a limit of so many bytes (0: none), besides the
 * limits on a record and its JSON. ERR_USAGE when it is too little to work in. */
struct ingest_settings;
int ingest_share_memory(size_t max_bytes, struct ingest_settings *out, struct error *err);

struct ingest_settings {
    struct defect_policy policy;
    struct format_options format_options;
    const struct format *forced; /* NULL: by the records' keys */
    size_t max_record_bytes;
    struct ingest_memory memory;
    double max_reject_percent;
    struct hash hash; /* of those of them that decide what becomes of a record */
};

struct ingest {
    const struct stage_context *context;
    struct ingest_settings settings;
    struct ingest_files files;

    struct batch *batches;
    size_t n_batches;
    struct queue *free;
    struct queue *filled;
    struct queue *done;
    atomic_size_t n_parsing; /* parsers that have not ended */
    atomic_bool cancelled;

    pthread_mutex_t mutex; /* over these two: */
    bool failed;
    struct error failure; /* the first */

    /* The reader's, for others to read when its thread has been joined. */
    uint64_t n_framed; /* records cut out of all files */
    bool reading_failed;
    struct error reading_failure;
};

/* ingest_resume.c: find out which files a run that was stopped has read, and how far. */
int ingest_find_positions(struct ingest *ingest, struct error *err);
/* The run fails although all files were read to their ends: the next one begins anew. */
int ingest_clear_positions(struct ingest *ingest, struct error *err);

/* ingest_threads.c: keep the first failure and wake every thread to end. */
void ingest_fail(struct ingest *ingest, const struct error *err);
/* Wake every thread to end, without a failure. */
void ingest_cancel(struct ingest *ingest);

/* ingest_read.c: the reader's thread; arg is the struct ingest. */
void *ingest_read(void *arg);

/* What was committed; in a dry run, what would have been read. */
struct ingest_tally {
    struct run_counts counts;
    uint64_t n_parsed;       /* samples, new or not */
    uint64_t n_other_format; /* of them, not of their file's format */
    uint64_t stream_bytes;
    struct defect_tally defects;
    int stop_signal; /* that ended the run, or 0 */
};

/* ingest_write.c: commit batch after batch until the parsers have no more, something fails, or
 * a signal came. */
int ingest_write(struct ingest *ingest, struct ingest_tally *tally, struct error *err);

/* ingest_threads.c: start the threads, write on the calling one, and wait for all. */
int ingest_run_threads(struct ingest *ingest, struct ingest_tally *tally, struct error *err);

#endif
