/* SPDX-License-Identifier: Apache-2.0 */
#include <lz4.h>

#include "base/error.h"
#include "base/parquet/codec.h"

/* The lengths of pages are at most INT32_MAX. */
static int lz4_decompress(void *state, const uint8_t *in, size_t n_in, uint8_t *out,
                          size_t n_out, struct error *err)
{
    (void)state;
    if (LZ4_decompress_safe((const char *)in, (char *)out, (int)n_in, (int)n_out) != (int)n_out)
        return error_set(err, ERR_INPUT,
                         "the LZ4 data is corrupt, or has another length than the page says");
    return 0;
}

const struct codec codec_lz4 = {
    .name = "LZ4",
    .max_ratio = 255, /* a byte lengthens a match by at most 255 */
    .decompress = lz4_decompress,
};
