/* SPDX-License-Identifier: Apache-2.0 */
/*
 * column_private.h - the state of a column that is read: shared by column.c, levels.c, and the
 * files values_*.c, which decode the values of a page.
 */
#ifndef CURATE_PARQUET_COLUMN_PRIVATE_H
#define CURATE_PARQUET_COLUMN_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/parquet/body.h"
#include "base/parquet/budget.h"
#include "base/parquet/column.h"
#include "base/parquet/delta.h"
#include "base/parquet/feed.h"
#include "base/parquet/hybrid.h"
#include "base/parquet/input.h"
#include "base/parquet/page.h"
#include "base/slice.h"

struct codec;
struct encoding;
struct error;
struct parquet_chunk;

enum {
    COLUMN_BATCH = 4096,           /* levels of a batch */
    COLUMN_WINDOW_BYTES = 1 << 18, /* of a long page */
    COLUMN_TEXT_BYTES = 1 << 16,   /* of the values that are put together for a batch */
    LENGTHS_PART = 128,
};

/* One kind of levels of a page: encoded bytes in memory, and the levels decoded of them. */
struct levels {
    const char *what;
    uint8_t max;
    struct block copy; /* the encoded bytes, if they do not stay in the page */
    struct feed feed;
    struct hybrid hybrid;
    struct block decoded; /* COLUMN_BATCH bytes; empty if max is 0 */
};

/* The values of the dictionary page. Its bytes belong to it. */
struct dictionary {
    bool is_read;
    struct block bytes;
    struct block values; /* by the physical type, as in struct parquet_batch */
    size_t n;
};

/* Lengths that stand before all values of a page. Their encoded bytes are copied, and decoded
 * in parts when the values are: there may be more lengths than memory. */
struct lengths {
    struct delta delta;
    struct block copy;
    struct feed feed;
    int64_t part[LENGTHS_PART]; /* part[used..n) are next */
    size_t used;
    size_t n;
};

/* What the decoder of an encoding needs. */
struct value_state {
    struct hybrid hybrid; /* indices, booleans */
    unsigned n_bits;      /* PLAIN booleans of the byte at hand that were returned */
    struct delta numbers;
    struct lengths lengths;  /* of values, or of suffixes */
    struct lengths prefixes; /* what a value shares with the value before */
    struct block text;       /* values that are put together */
    size_t previous_at;      /* in text, of the value before the next one */
    size_t n_previous;
    size_t n_split;       /* values of BYTE_STREAM_SPLIT in the page */
    size_t n_split_taken; /* of these, values that were returned */
};

struct parquet_column {
    struct budget *budget;
    char path[256]; /* for messages */
    enum parquet_type type;
    size_t type_bytes;  /* of a value in the page; 0: it differs */
    size_t value_bytes; /* of a value in a batch */
    bool is_flat;       /* no repetition: a value a row */
    uint64_t n_rows;    /* that the row group has */
    uint64_t n_rows_seen;
    uint64_t n_values_left; /* levels of the chunk in pages that were not begun */
    const struct codec *codec;
    void *codec_state;
    struct input input;
    struct page page;
    struct body body;
    uint64_t n_page_left; /* levels of the page that were not decoded */
    struct levels repetitions;
    struct levels definitions;
    size_t level_pos; /* decoded levels that were not returned: level_pos to n_levels */
    size_t n_levels;
    size_t n_present; /* values of these */
    struct dictionary dictionary;
    const struct encoding *encoding; /* of the page */
    bool has_begun;                  /* the encoding */
    struct value_state state;
    struct block values;  /* COLUMN_BATCH of value_bytes */
    struct block indices; /* COLUMN_BATCH of uint32_t, if there is a dictionary */
};

/* How the values of a page are encoded. */
struct encoding {
    /* Begin with the values, which are the bytes of the body. Not called for a page that has
     * only nulls: it may have no bytes at all. */
    int (*begin)(struct parquet_column *column, struct error *err);
    /* Decode 1 to n values to column->values. Returns their number, or -1. n is 1 to
     * COLUMN_BATCH. */
    ssize_t (*read)(struct parquet_column *column, size_t n, struct error *err);
};

/* Find the encoding of a data page for the type of the column. Returns 0, or -1 with err set:
 * ERR_UNSUPPORTED, ERR_INPUT. */
int encoding_find(const struct parquet_column *column, int32_t number,
                  const struct encoding **out, struct error *err);

extern const struct encoding encoding_plain_boolean;
extern const struct encoding encoding_plain_number;
extern const struct encoding encoding_plain_fixed;
extern const struct encoding encoding_plain_bytes;
extern const struct encoding encoding_rle_boolean;
extern const struct encoding encoding_dictionary;
extern const struct encoding encoding_delta_number;
extern const struct encoding encoding_delta_length;
extern const struct encoding encoding_delta_bytes;
extern const struct encoding encoding_split;

/* Decode up to n PLAIN texts (BYTE_ARRAY) that begin in the feed to out. Returns their number:
 * at least one, and as many as are at hand. Also decodes the dictionary. */
ssize_t plain_bytes_read(struct feed *feed, struct slice *out, size_t n, struct error *err);
/* Read the dictionary page whose header was read. */
int dictionary_read(struct parquet_column *column, struct error *err);
void dictionary_release(struct parquet_column *column);

/* Read the levels of the page that begins, up to its values. */
int levels_begin(struct parquet_column *column, struct error *err);
/* Decode the next levels of the page to column->..._levels, and count the values. */
int levels_read(struct parquet_column *column, struct error *err);

/* Make a column of a chunk. The chunk is compared with the bytes of the file, `limit` of them
 * before the footer. */
struct column_place {
    int fd;
    uint64_t limit;
    size_t block_bytes;
    struct budget *budget;
    const char *path;
    uint64_t n_rows;
};
struct parquet_element;
int column_new(const struct column_place *place, const struct parquet_chunk *chunk,
               const struct parquet_element *element, struct parquet_column **out,
               struct error *err);

#endif
