/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - the messages of an Arrow stream: a schema, then dictionaries and record batches.
 *
 * A message is the marker ffffffff, the length of its metadata (4 bytes), the metadata (a
 * FlatBuffer) and a body of buffers. Length 0 ends the stream. The file format is a stream
 * between the magic "ARROW1\0\0" and a footer, which has the schema once more and says where
 * the dictionaries are: they may stand behind the batches that use them. polars does that, and
 * writes the first message of a file without marker and length.
 *
 * Source: Message.fbs, File.fbs and Columnar.rst of apache/arrow.
 */
#ifndef CURATE_ARROW_MESSAGE_H
#define CURATE_ARROW_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arrow/flatbuf.h"
#include "base/slice.h"

struct arrow_bytes;
struct arrow_input;
struct error;

enum { ARROW_METADATA_MAX = 64 << 20 };

/* By the numbers of MessageHeader. */
enum arrow_message_type {
    ARROW_MESSAGE_SCHEMA = 1,
    ARROW_MESSAGE_DICTIONARY = 2,
    ARROW_MESSAGE_BATCH = 3,
    ARROW_MESSAGE_OTHER, /* tensors and what is not known */
};

struct arrow_message {
    enum arrow_message_type type;
    bool is_v4;               /* unions have a buffer of validity */
    struct flat_table header; /* Schema, DictionaryBatch or RecordBatch; refers to buf */
    struct flatbuf buf;
    uint64_t at; /* of the marker in the file */
    uint64_t body_at;
    uint64_t body_bytes;
};

enum arrow_compression { ARROW_LZ4 = 0, ARROW_ZSTD = 1, ARROW_UNCOMPRESSED };

/* A RecordBatch: how many values each array has, and where in the body its buffers are. */
struct arrow_batch_header {
    uint64_t n_rows;
    struct flat_list nodes;    /* of 16 bytes: number of values, number of nulls */
    struct flat_list buffers;  /* of 16 bytes: offset in the body, length */
    struct flat_list variadic; /* of 8 bytes: data buffers of each array of views */
    enum arrow_compression compression;
};

struct arrow_dictionary_header {
    int64_t id;
    bool is_delta;          /* the values follow those that are known; else they replace them */
    struct flat_table data; /* a RecordBatch */
};

/* Where the messages of a file are. */
struct arrow_layout {
    bool is_file;
    uint64_t first; /* offset of the first message */
    uint64_t end;   /* no message begins here or later */
    bool has_footer;
    struct flatbuf buf; /* of the footer; the members below refer to it */
    struct flat_table schema;
    struct flat_list dictionaries; /* of 24 bytes: offset of the message first */
};

/* Do the first 8 bytes begin a stream or a file? */
bool arrow_matches(struct slice head);
/* Find the first message and read the footer, if there is one. A file without its footer is
 * read up to its end. `footer` holds the bytes of the footer. */
int arrow_layout_read(struct arrow_input *input, struct arrow_bytes *footer,
                      struct arrow_layout *out, struct error *err);

/* Read the message at *pos and move *pos behind its body. metadata holds the bytes that *out
 * refers to. Returns 1, 0 at the end of the stream, or -1 with err set: ERR_INPUT, naming the
 * byte, if the message or its end cannot be found. */
int arrow_message_read(struct arrow_input *input, const struct arrow_layout *layout,
                       uint64_t *pos, struct arrow_bytes *metadata, struct arrow_message *out,
                       struct error *err);
/* Parse metadata. at and body_at are not set. ERR_INPUT without the name of a file. */
int arrow_message_parse(struct slice metadata, struct arrow_message *out, struct error *err);
/* Parse a RecordBatch or a DictionaryBatch. ERR_INPUT if the number of its rows cannot be read;
 * ERR_UNSUPPORTED, naming the compression. */
int arrow_batch_header_parse(const struct flat_table *table, struct arrow_batch_header *out,
                             struct error *err);
int arrow_dictionary_header_parse(const struct flat_table *table,
                                  struct arrow_dictionary_header *out, struct error *err);

#endif
