/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest_private.h - the threads of an ingest run and the batches that they pass on.
 *
 *   free ──> reader ──filled──> parsers ──done──> writer ──> free
 *
 * A fixed number of batches circulates. Their number and size bound the memory of the run. Each
 * queue has room for all batches, so only a thread that receives ever waits. The reader numbers
 * batches in input order. The writer (the calling thread) commits them in that order.
 *
 * A batch belongs to one thread at a time, so its members need no lock. The first failure of a
 * parser or of the writer cancels all queues. A read error does not: what was read before is
 * parsed and committed, then the run fails with that error.
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
#include "base/json/path.h"
#include "base/option.h"
#include "stages/ingest/container.h"
#include "stages/ingest/defect_tally.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/mapping.h"
#include "stages/ingest/parse.h"
#include "stages/record/role_words.h"
#include "store/position.h"
#include "store/run.h"

struct explain;
struct fetcher;
struct queue;
struct report;
struct stage_context;
struct stat;

struct ingest_file {
    /* What is stored and printed. "-" is standard input; of a member "archive.zip!name"; of a
     * fetched file its public name (base/net/remote.h). */
    const char *path;
    /* What is opened: of a member the archive, of a fetched file its place on this machine. */
    const char *local_path;
    const char *source;
    bool has_chosen_source;  /* by --source, or by the repository: other files may share it */
    const char *archive;     /* path of the archive that it is a member of; NULL: none */
    uint64_t member;         /* its number in the archive, from 0 */
    bool has_size;           /* false for a pipe or standard input */
    uint64_t size_bytes;     /* on disk, perhaps compressed; of a member, unpacked */
    struct file_stamp stamp; /* set when has_size is; that of the archive for a member */
    const char *config;      /* of the dataset that it belongs to; NULL: unknown */
    const char *split;       /* NULL: unknown */
    const struct position *from; /* where an earlier run was stopped; NULL: the beginning */
};

struct ingest_files {
    struct arena arena; /* texts of the list */
    struct ingest_file *items;
    size_t n;
    size_t cap;
    uint64_t total_bytes; /* 0 when the size of a file is unknown */
};

/* Which files to read. */
struct ingest_query {
    const struct text_list *names; /* files, folders, patterns, URLs and "-" */
    const char *source;            /* the corpus of all files; NULL: each file's base name */
    const char *config;            /* only files of this config of a dataset; NULL: all */
    const char *split;             /* only files of this split; NULL: all */
    struct fetcher *fetcher;       /* of URLs */
    bool allow_empty;              /* a folder without corpus files is no error */
    struct report *report;         /* of what is passed over in folders */
};

/* files.c: list the files that the names mean, those of a folder sorted by name. All are found
 * before one is read. ERR_NOT_FOUND. */
int ingest_files_find(const struct ingest_query *query, struct ingest_files *out,
                      struct error *err);
void ingest_files_release(struct ingest_files *files);
/* Add a file that is opened by its path. Copies the path; st is NULL for standard input. source
 * NULL: the last part of the path. */
int ingest_files_add(struct ingest_files *files, const char *path, const char *source,
                     const struct stat *st, struct error *err);
/* folder.c: add the corpus files of a folder, and report how many others it has. */
int ingest_folder_add(struct ingest_files *files, const char *path,
                      const struct ingest_query *query, struct error *err);
/* Add the corpus files among the members of an archive in the same way. The paths of the
 * members begin with `path`; the archive is opened by local_path. Returns 1, 0 if the file is
 * no archive, or -1. */
int ingest_archive_add(struct ingest_files *files, const char *path, const char *local_path,
                       const struct ingest_query *query, struct error *err);

/* splits.c: of the files from `first` on, which were named one by one, keep those that config
 * and split of the query ask for, and set config and split as far as their names say them. */
int ingest_split_named(struct ingest_files *files, size_t first,
                       const struct ingest_query *query, struct error *err);
/* Is the folder no dataset repository: has it neither a README.md with `configs` nor a file
 * data/SPLIT-00000-of-00001.EXT? The files from `first` on are those of the folder. Returns 1,
 * 0 or -1. */
int ingest_folder_is_plain(const struct ingest_files *files, size_t first, const char *folder,
                           struct error *err);
/* If the folder holds datasets that save_to_disk of Python's `datasets` wrote, keep the files
 * that are asked for by the rules of saved_dataset.h. Returns 1, 0 if it holds none, or -1. */
int ingest_split_saved(struct ingest_files *files, size_t first, const char *folder,
                       const struct ingest_query *query, struct error *err);
/* The same as ingest_split_named() for the files of a folder, by the rules of repository.h. */
int ingest_split_folder(struct ingest_files *files, size_t first, const char *folder,
                        bool is_plain, const struct ingest_query *query, struct error *err);

/* Append the first CARD_MAX_BYTES of a file. */
int ingest_read_start(const char *path, struct buf *out, struct error *err);
/* fetched.c: add the files that a URL names, after bringing them to this machine. */
int ingest_url_add(struct ingest_files *files, const char *url,
                   const struct ingest_query *query, struct error *err);

/* A batch is one transaction: large enough to be worth a commit, small enough to lose little in
 * a kill. */
enum {
    BATCH_RECORDS = 256,
    BATCH_RAW_BYTES = 2 << 20,
    BATCH_RAW_LEAST = 256 << 10, /* with little memory: the vote on a format needs this much */
    PARSERS_MAX = 8,             /* more parsers would wait for the writer */
};

struct batch {
    uint64_t number; /* in input order, from 0 */
    size_t file;     /* index in the list */
    bool begins_file;
    bool ends_file;
    struct frame_place place; /* after the last record of the batch */
    struct inflate_mark mark; /* where decompression can continue */
    const char *encoding;     /* of the file; NULL for UTF-8 */
    enum container container;
    char delimiter;              /* of CSV */
    size_t n_columns;            /* of CSV */
    const char *table_format;    /* of a table, as all three, in the first batch: static text */
    uint64_t n_table_rows;       /* UINT64_MAX: unknown */
    char passed_over[200];       /* names of columns of images and audio */
    unsigned noted_behind;       /* frame.h's notes after the last record of the file */
    const struct format *format; /* of the file; NULL when no record has a known shape */
    size_t n_votes;              /* first batch of a file: records that have this format, */
    size_t n_looked_at;          /* of this many */
    uint64_t position_bytes;     /* of the input so far as stored, all files */
    uint64_t stream_bytes;       /* of the input so far, decompressed, all files */
    struct buf raw;              /* bytes of the records, one after the other */
    struct arena arena;          /* texts of the samples */
    size_t n;                    /* records */
    uint64_t n_records;          /* the same, with all rows of a bad page */
    struct frame_record records[BATCH_RECORDS]; /* their text is in raw */
    struct parsed parsed[BATCH_RECORDS];
};

/* batch.c */
void batch_init(struct batch *batch);
void batch_release(struct batch *batch);
/* Make the batch empty, and free its memory if it holds more than keep_bytes. */
void batch_clear(struct batch *batch, size_t keep_bytes);
/* Copy a record into the batch, which must not be full. ERR_NOMEM. */
int batch_add(struct batch *batch, const struct frame_record *record, struct error *err);
/* Does the batch hold BATCH_RECORDS records or raw_bytes bytes? */
bool batch_is_full(const struct batch *batch, size_t raw_bytes);
/* Set the texts of the records, after the last batch_add(): before, raw may move. */
void batch_seal(struct batch *batch);

/* Limits on memory. */
struct ingest_memory {
    uint64_t max_bytes;     /* of the process; 0: no limit */
    size_t n_parsers;       /* at most */
    size_t batch_bytes;     /* of records, at which a batch is full */
    size_t in_flight_bytes; /* of records in all batches between reader and writer */
    size_t cache_bytes;     /* of database pages; 0: the default */
    size_t table_bytes;     /* of the reader of a table, if there is a limit */
};

/* The smallest limit on memory that ingest can work with. */
enum { INGEST_MEMORY_LEAST = 64 << 20 };

/* memory.c: set out->memory and the limits on a record and its JSON, so that a run takes at
 * most max_bytes. max_bytes is at least INGEST_MEMORY_LEAST, or 0 for no limit. */
struct ingest_settings;
void ingest_share_memory(size_t max_bytes, struct ingest_settings *out);

struct ingest_settings {
    struct defect_policy policy;
    struct format_options format_options;
    struct mapping mapping;  /* by --map; n is 0 for none */
    struct role_words roles; /* by --role */
    const struct format
        *forced; /* by --format or --map; NULL: found by the keys of the records */
    size_t max_record_bytes;
    char delimiter;                  /* of CSV; 0: found for each file */
    bool has_records;                /* --records was given */
    struct json_path records;        /* where the records lie in each JSON document */
    const struct text_list *columns; /* of tables, by --columns; NULL: all */
    struct ingest_memory memory;
    double max_reject_percent;
    bool allow_empty;        /* an input without a record is no error */
    unsigned expected_kinds; /* a bit for each enum sample_kind; another kind is an error */
    struct measure_facts *labels; /* by --label; NULL: none */
    struct hash hash;             /* of the settings that decide what becomes of a record */
};

struct ingest {
    const struct stage_context *context;
    struct ingest_settings settings;
    struct ingest_files files;
    struct explain *explain; /* NULL unless --explain asks what becomes of the first records */

    struct batch *batches;
    size_t n_batches;
    struct queue *free;
    struct queue *filled;
    struct queue *done;
    atomic_size_t n_parsing; /* parsers that still run */
    atomic_bool cancelled;

    pthread_mutex_t mutex; /* protects the next two */
    bool failed;
    struct error failure; /* the first one */

    /* The reader thread writes these. Read them after it was joined. */
    uint64_t n_framed; /* records cut out of all files */
    bool reading_failed;
    struct error reading_failure;
};

/* columns.c: check the texts of --columns. ERR_USAGE. */
int ingest_check_columns(const struct text_list *texts, struct error *err);
/* Set the columns to read, if the texts name any. `out` has their names, which live as long as
 * the list of files. ERR_NOMEM. */
int ingest_split_columns(const struct text_list *texts, struct ingest *ingest,
                         struct text_list *out, struct error *err);

/* sources.c: give each file that has no source by --source one of its own. */
int ingest_name_sources(struct ingest *ingest, struct error *err);

/* resume.c: set `from` of each file that an earlier run was stopped in, and report it. */
int ingest_find_positions(struct ingest *ingest, struct error *err);
/* Forget the positions of this run, so that the next run reads all files from the beginning. */
int ingest_clear_positions(struct ingest *ingest, struct error *err);

/* threads.c: store the failure if it is the first, and end all threads. */
void ingest_fail(struct ingest *ingest, const struct error *err);
/* End all threads without a failure. */
void ingest_cancel(struct ingest *ingest);

/* read.c: the main function of the reader thread; arg is the struct ingest. */
void *ingest_read(void *arg);

/* What was committed; in a dry run, what would be read. */
struct ingest_tally {
    struct run_counts counts; /* of samples and rejects: a record may hold several */
    uint64_t n_records;       /* cut out of the files */
    size_t n_reject_files;    /* files with rejects */
    const char *reject_path;  /* the first of them */
    uint64_t n_several;       /* records that hold several samples */
    uint64_t n_items;         /* samples and rejects of these records */
    uint64_t n_parsed;        /* samples, new or not */
    uint64_t n_documents;     /* files that were read as one text */
    uint64_t n_other_format;  /* samples of another format than their file */
    uint64_t n_closed;        /* rejects of earlier runs whose records are samples now */
    uint64_t n_mapped;        /* records that were read by --map */
    uint32_t map_found;       /* the paths of --map that led to something, as a set of bits */
    char map_members[160];    /* names of the members of the first of them */
    uint64_t stream_bytes;    /* decompressed input */
    struct defect_tally defects;
    int stop_signal; /* signal that ended the run; 0 for none */
};

/* write.c: commit batches in input order until the parsers are done, something fails, or a
 * signal arrives. */
int ingest_write(struct ingest *ingest, struct ingest_tally *tally, struct error *err);

/* outcome.c: report rejects, defects and other notes on the run. Fails if more are rejected
 * than
 * --max-rejects allows; everything is committed by then. */
int ingest_report_outcome(const struct ingest *ingest, const struct ingest_tally *tally,
                          struct error *err);

/* threads.c: start the threads, run the writer on this one, and join them. */
int ingest_run_threads(struct ingest *ingest, struct ingest_tally *tally, struct error *err);

#endif
