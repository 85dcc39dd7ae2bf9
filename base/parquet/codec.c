/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/codec.h"

#include "base/error.h"

struct codec_entry {
    const struct codec *codec; /* NULL: none, or not supported */
    const char *name;
};

int codec_find(int32_t number, const struct codec **out, struct error *err)
{
    static const struct codec_entry entries[] = {
        { NULL, "UNCOMPRESSED" }, { &codec_snappy, "SNAPPY" }, { &codec_gzip, "GZIP" },
        { NULL, "LZO" },          { &codec_brotli, "BROTLI" }, { NULL, "LZ4 (Hadoop frames)" },
        { &codec_zstd, "ZSTD" },  { &codec_lz4, "LZ4_RAW" },
    };

    if (number < 0 || (size_t)number >= sizeof entries / sizeof *entries)
        return error_set(err, ERR_UNSUPPORTED, "the compression %d is unknown", (int)number);
    if (number != 0 && !entries[number].codec)
        return error_set(err, ERR_UNSUPPORTED,
                         "the compression %s is not supported: write the file with snappy, "
                         "zstd, gzip, brotli or lz4_raw",
                         entries[number].name);
    *out = entries[number].codec;
    return 0;
}
