/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h - the compressions of pages, one file each.
 *
 * A codec decompresses a page at once, and most can also do it as a stream, so that a long page
 * does not need its length in memory.
 *
 * To add a codec: write codec_NAME.c, and put it into the list of codec.c.
 */
#ifndef CURATE_PARQUET_CODEC_H
#define CURATE_PARQUET_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget;
struct error;

/* One step of a stream. The codec moves in and out. */
struct codec_step {
    const uint8_t *in;
    size_t n_in;
    uint8_t *out;
    size_t n_out;
};

struct codec {
    const char *name;
    /* A page has at most this many times its compressed bytes; 0: there is no such limit. */
    uint32_t max_ratio;
    /* Decompress a page to exactly n_out bytes. Returns 0, or -1 with err set. */
    int (*decompress)(void *state, const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out,
                      struct error *err);
    /* Make and free the state. NULL: the codec needs none. */
    int (*open)(struct budget *budget, void **state, struct error *err);
    void (*close)(void *state); /* also NULL */
    /* Begin a page of n_out bytes, and decompress a part of it. NULL: the codec needs pages as
     * a whole. A step makes progress if it has input and room. */
    int (*begin)(void *state, size_t n_out, struct error *err);
    int (*step)(void *state, struct codec_step *step, struct error *err);
    /* Did the last step end the data? */
    bool (*is_complete)(const void *state);
};

extern const struct codec codec_snappy;
extern const struct codec codec_gzip;
extern const struct codec codec_brotli;
extern const struct codec codec_zstd;
extern const struct codec codec_lz4;

/* Get the codec of a number of parquet.thrift; NULL for pages that are not compressed. Returns
 * 0, or -1 with err set: ERR_UNSUPPORTED, naming the codec. */
int codec_find(int32_t number, const struct codec **out, struct error *err);

/* Continue a CRC-32, which begins at 0. */
uint32_t codec_crc32(uint32_t crc, const uint8_t *bytes, size_t n);

#endif
