/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Divide a limit on memory. A record of n bytes is in memory several times at once: in the
 * framing, whose buffer grows by doubling (2 n); in its batch (2 n); as JSON text and tree (2 n
 * and the tree); as a sample (n); in canonical form (3 n). The samples of a batch take as much
 * as its records. A quarter is left to the window of decompression (base/io/inflate.h). The
 * reader of a table gets this quarter and an eighth, because it needs no framing, and a page
 * may be as large as its row group.
 */
#include "stages/ingest/ingest_private.h"

enum {
    PARSER_BYTES = 32 << 20, /* one parser for each */
    PARSERS_LIMITED = 4,     /* at most: the limit on a tree assumes this many parsers */
    BATCHES_MOST = 2 * PARSERS_MAX + 3,
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void ingest_share_memory(size_t max_bytes, struct ingest_settings *out)
{
    struct ingest_memory *memory = &out->memory;

    *memory =
        (struct ingest_memory){ .max_bytes = max_bytes,
                                .n_parsers = PARSERS_MAX,
                                .batch_bytes = BATCH_RAW_BYTES,
                                .in_flight_bytes = (size_t)BATCHES_MOST * BATCH_RAW_BYTES };
    if (max_bytes == 0)
        return;
    memory->n_parsers = smaller(max_bytes / PARSER_BYTES, PARSERS_LIMITED);
    /* Records in batches and the samples of them take a quarter of the memory. */
    memory->in_flight_bytes = max_bytes / 16;
    memory->batch_bytes = smaller(BATCH_RAW_BYTES, memory->in_flight_bytes / 8);
    if (memory->batch_bytes < BATCH_RAW_LEAST)
        memory->batch_bytes = BATCH_RAW_LEAST;
    memory->cache_bytes = max_bytes / 8;
    memory->table_bytes = max_bytes / 8 * 3;
    out->max_record_bytes = smaller(out->max_record_bytes, max_bytes / 32);
    out->format_options.max_tree_bytes = max_bytes / 4 / PARSERS_LIMITED;
}
