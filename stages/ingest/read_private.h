/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_private.h - the reader thread: it gets the records of one file after the other, and
 * fills batches with them.
 *
 * The records of a file come from a stream that is cut (read_stream.c) or from the rows of a
 * table (read_table.c). Everything after that is the same for both.
 */
#ifndef CURATE_READ_PRIVATE_H
#define CURATE_READ_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io/file.h"
#include "base/io/frame.h"
#include "stages/ingest/cutter.h"
#include "stages/ingest/ingest_private.h"

struct archive_reader;
struct reader;
struct stream;
struct table;
struct table_ahead;

/* Where the records of a file come from. Functions that can fail return 0, or -1 with err set.
 */
struct record_source {
    /* Open the file, and go to the place where an earlier run was stopped. */
    int (*open)(struct reader *r, struct error *err);
    /* Pass all records to reader_add(). */
    int (*read)(struct reader *r, struct error *err);
    /* Set what the batch says about its file. */
    void (*describe)(struct reader *r, struct batch *batch);
    /* The stamp of the file that is open. */
    int (*stamp)(const struct reader *r, struct file_stamp *out, struct error *err);
    /* Stored bytes of the file that were read. */
    uint64_t (*position)(const struct reader *r);
    void (*close)(struct reader *r);
};

extern const struct record_source stream_source;
extern const struct record_source table_source;

struct stream_reader {
    char *block;
    size_t n_head; /* bytes of the block that were read to recognise the file */
    struct stream *in;
    struct cutter *cutter;
    struct cutter_options cutting;
    struct archive_reader *members; /* the archive that is being read */
    const char *members_of;         /* its path */
    uint64_t next_member;           /* number of the member that it reads next */
};

struct table_reader {
    int fd;
    struct table *table;
    struct table_ahead *ahead; /* returns the rows instead of the table; NULL: it does not */
    bool at_end;               /* all rows were read */
};

struct reader {
    struct ingest *ingest;
    struct parser *parser; /* for the votes */
    struct batch *batch;   /* being filled; NULL between two batches */
    const struct record_source *source;
    struct stream_reader stream;
    struct table_reader table;
    struct frame_place place; /* after the last record */
    size_t file;              /* index in the list */
    bool file_begun;          /* a batch of this file was sent */
    const struct format *format;
    uint64_t n_batches;
    uint64_t position_before; /* stored bytes of the earlier files */
    uint64_t stream_bytes;
    bool cancelled;

    /* Batches return when they are committed. The reader waits for them when too many bytes are
     * in flight, and keeps them here until it fills them. */
    struct batch **spare;
    size_t n_spare;
    uint64_t in_flight_bytes; /* of records in batches that were sent and have not returned */
};

/* read.c: add a record to the batch, which is sent when it is full. r->place is the place after
 * the record. ERR_NOMEM, ERR_CANCELLED, and ERR_INPUT for a file that was changed. */
int reader_add(struct reader *r, const struct frame_record *record, struct error *err);
/* The file that is being read. */
const struct ingest_file *reader_file(const struct reader *r);
/* Has --explain seen enough of the file? The first batch decides on its shape. */
bool reader_is_explained(const struct reader *r);
/* Use the format that an earlier run found in the file. */
void reader_resume_format(struct reader *r);

/* read_stream.c: free what is kept from file to file. */
void stream_reader_release(struct stream_reader *stream);

/* read_table.c: is the file a table that can be read? Only a regular file can. Returns 1, 0 or
 * -1 with err set. */
int table_reader_matches(const struct ingest_file *file, struct error *err);

#endif
