/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - the header of a page.
 */
#ifndef CURATE_PARQUET_PAGE_H
#define CURATE_PARQUET_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct input;

enum page_type { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

/* Numbers of parquet.thrift. */
enum page_encoding {
    PAGE_PLAIN = 0,
    PAGE_PLAIN_DICTIONARY = 2,
    PAGE_RLE = 3,
    PAGE_BIT_PACKED = 4,
    PAGE_DELTA_BINARY_PACKED = 5,
    PAGE_DELTA_LENGTH_BYTE_ARRAY = 6,
    PAGE_DELTA_BYTE_ARRAY = 7,
    PAGE_RLE_DICTIONARY = 8,
    PAGE_BYTE_STREAM_SPLIT = 9,
    PAGE_ALP = 10,
};

struct page {
    uint64_t offset; /* of the header in the file */
    int32_t type;    /* enum page_type */
    int32_t n_bytes; /* decompressed; of version 2 with the levels */
    int32_t n_compressed;
    bool has_crc;
    uint32_t crc;
    bool has_numbers; /* the header has the part that its type needs */
    int32_t n_values; /* of a data page: levels */
    int32_t encoding;
    int32_t definition_encoding; /* of version 1 */
    int32_t repetition_encoding;
    int32_t n_definition_bytes; /* of version 2 */
    int32_t n_repetition_bytes;
    bool is_compressed; /* of version 2; true of all others */
};

/* Read the header that begins at the next byte, and check its numbers against the bytes of the
 * chunk and, if there is one, the CRC. The input is then at the first byte of the page. */
int page_read(struct input *input, struct page *page, struct error *err);
/* The name of an encoding, for messages. */
const char *page_encoding_name(int32_t encoding);

#endif
