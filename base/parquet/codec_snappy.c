/* SPDX-License-Identifier: Apache-2.0 */
#include <snappy-c.h>

#include "base/error.h"
#include "base/parquet/codec.h"

static int snappy_decompress(void *state, const uint8_t *in, size_t n_in, uint8_t *out,
                             size_t n_out, struct error *err)
{
    size_t len = 0;

    (void)state;
    if (snappy_uncompressed_length((const char *)in, n_in, &len) != SNAPPY_OK || len != n_out)
        return error_set(
            err, ERR_INPUT,
            "the snappy data is corrupt, or has another length than the page says");
    if (snappy_uncompress((const char *)in, n_in, (char *)out, &len) != SNAPPY_OK)
        return error_set(err, ERR_INPUT, "the snappy data is corrupt");
    return 0;
}

const struct codec codec_snappy = {
    .name = "snappy",
    .max_ratio = 64, /* a copy of 64 bytes needs 3 */
    .decompress = snappy_decompress,
};
