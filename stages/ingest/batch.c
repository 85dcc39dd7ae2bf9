/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/ingest_private.h"

void batch_init(struct batch *batch)
{
    buf_init(&batch->raw, SIZE_MAX / 2);
    arena_init(&batch->arena);
    batch->n = 0;
    batch->n_records = 0;
}

void batch_release(struct batch *batch)
{
    buf_release(&batch->raw);
    arena_release(&batch->arena);
}

/* Free the memory after a long record, so that one record does not keep a batch large. */
void batch_clear(struct batch *batch, size_t keep_bytes)
{
    if (batch->raw.cap > keep_bytes || batch->arena.total_bytes > keep_bytes) {
        batch_release(batch);
        batch_init(batch);
    }
    buf_clear(&batch->raw);
    arena_clear(&batch->arena);
    batch->n = 0;
    batch->n_records = 0;
}

int batch_add(struct batch *batch, const struct frame_record *record, struct error *err)
{
    if (buf_add_slice(&batch->raw, record->text, err) < 0)
        return -1;
    batch->records[batch->n++] = *record;
    batch->n_records += 1 + record->n_more_rows;
    return 0;
}

bool batch_is_full(const struct batch *batch, size_t raw_bytes)
{
    return batch->n == BATCH_RECORDS || batch->raw.len >= raw_bytes;
}

void batch_seal(struct batch *batch)
{
    const char *at = buf_slice(&batch->raw).ptr;

    for (size_t i = 0; i < batch->n; i++) {
        batch->records[i].text.ptr = at;
        at += batch->records[i].text.len;
    }
}
