/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - little-endian numbers at any address, on a machine of any byte order.
 */
#ifndef CURATE_PARQUET_LOAD_H
#define CURATE_PARQUET_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LOAD_IS_SWAPPED = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };

static inline uint32_t load_u32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return LOAD_IS_SWAPPED ? __builtin_bswap32(value) : value;
}

static inline uint64_t load_u64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return LOAD_IS_SWAPPED ? __builtin_bswap64(value) : value;
}

/* Make an array of n little-endian numbers of 4 or 8 bytes one of the machine. */
static inline void load_in_place(void *numbers, size_t n, size_t number_bytes)
{
    for (size_t i = 0; i < n && LOAD_IS_SWAPPED; i++)
        if (number_bytes == 4)
            ((uint32_t *)numbers)[i] = __builtin_bswap32(((uint32_t *)numbers)[i]);
        else
            ((uint64_t *)numbers)[i] = __builtin_bswap64(((uint64_t *)numbers)[i]);
}

/* Copy n numbers of 4 or 8 bytes to an array. */
static inline void load_array(void *out, const uint8_t *at, size_t n, size_t number_bytes)
{
    memcpy(out, at, n * number_bytes);
    load_in_place(out, n, number_bytes);
}

#endif
