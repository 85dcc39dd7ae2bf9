/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a limit on memory is shared out. A record of n bytes is in memory several times while it
 * is on its way: in the framing, whose buffer grows by doubling (2 n), in its batch (2 n), as
 * JSON text and tree (2 n and the tree), as a sample (n), in canonical form (3 n); and the
 * samples of a batch are as long as its records.
 */
#include "stages/ingest/ingest_private.h"

enum {
    PARSER_BYTES = 32 << 20, /* worth a parser more, */
    PARSERS_LIMITED = 4,     /* up to so many: what a record may take must not depend on it */
    BATCHES_MOST = 2 * PARSERS_MAX + 3,
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void ingest_share_memory(size_t max_bytes, struct ingest_settings *out)
{
    struct ingest_memory *memory = &out->memory;

    *memory =
        (struct ingest_memory){ .n_parsers = PARSERS_MAX,
                                .batch_bytes = BATCH_RAW_BYTES,
                                .in_flight_bytes = (size_t)BATCHES_MOST * BATCH_RAW_BYTES };
    if (max_bytes == 0)
        return;
    memory->n_parsers = least(max_bytes / PARSER_BYTES, PARSERS_LIMITED);
    /* Records in batches and the samples made of them: a quarter. */
    memory->in_flight_bytes = max_bytes / 16;
    memory->batch_bytes = least(BATCH_RAW_BYTES, memory->in_flight_bytes / 8);
    if (memory->batch_bytes < BATCH_RAW_LEAST)
        memory->batch_bytes = BATCH_RAW_LEAST;
    memory->cache_bytes = max_bytes / 8;
    out->max_record_bytes = least(out->max_record_bytes, max_bytes / 32);
    out->format_options.max_tree_bytes = max_bytes / 4 / PARSERS_LIMITED;
}
