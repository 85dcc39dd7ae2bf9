/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_files.h - the records of corpus files, without a database: JSON, CSV, Parquet, Arrow,
 * compressed, in archives, from the network.
 */
#ifndef CURATE_RECORD_FILES_H
#define CURATE_RECORD_FILES_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct fetcher;
struct frame_record;
struct parser;
struct report;

struct record_files {
    const char *name;        /* a file, folder, pattern or URL; "-" is standard input */
    const char *config;      /* only files of this config of a dataset; NULL: all */
    const char *split;       /* only files of this split; NULL: all */
    struct fetcher *fetcher; /* of a URL */
    struct report *report; /* of what is passed over in folders; its stop signal ends reading */
    uint64_t max_memory;   /* of pages and windows of compressed data; 0: no limit */
    size_t max_record_bytes;
};

/*
 * Call each() for every record, file by file, those of a folder sorted by name. A record that
 * is malformed has its issue (base/io/frame.h). record and path are valid during the call. When
 * a call returns -1, reading ends with that error. Fails as opening and reading the files does;
 * ERR_CANCELLED when the report says to stop.
 */
int record_files_each(const struct record_files *files,
                      int (*each)(void *arg, const char *path,
                                  const struct frame_record *record, struct error *err),
                      void *arg, struct error *err);

/* Make a parser (stages/ingest/parse.h) of samples by their shapes, with the default options.
 * ERR_NOMEM. */
int record_parser_new(struct parser **out, struct error *err);

#endif
