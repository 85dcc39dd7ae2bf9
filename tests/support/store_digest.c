/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/store_digest.h"

#include "store/sample.h"
#include "store/source.h"
#include "tests/support/test.h"

static void hash_text(struct hash_stream *stream, struct slice text)
{
    hash_stream_add(stream, &text.len, sizeof text.len);
    if (text.ptr)
        hash_stream_add(stream, text.ptr, text.len);
}

static void hash_sample(struct hash_stream *stream, const struct sample *sample)
{
    const uint64_t place[] = { sample->line, sample->byte_offset, (uint64_t)sample->file_id,
                               sample->n_turns };

    hash_stream_add(stream, &sample->hash, sizeof sample->hash);
    hash_stream_add(stream, place, sizeof place);
    hash_text(stream, sample->ext_id);
    hash_text(stream, sample->context);
    hash_text(stream, sample->meta);
    for (size_t i = 0; i < sample->n_turns; i++)
        hash_text(stream, sample->turns[i].content);
}

static void hash_rejects(struct hash_stream *stream, struct store *store)
{
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct error err;
    int rc;

    assert_ok(reject_scan_open(store, &(struct reject_filter){ 0 }, &scan, &err));
    while ((rc = reject_scan_next(scan, &row, &err)) == 1) {
        hash_stream_add(stream, &row.reject.byte_offset, sizeof row.reject.byte_offset);
        hash_text(stream, slice_text(row.reject.class));
        hash_text(stream, row.reject.detail);
        hash_text(stream, row.reject.raw);
    }
    assert_ok(rc);
    reject_scan_close(scan);
}

struct hash store_digest(struct store *store)
{
    struct sample_reader *reader = NULL;
    struct hash_stream *stream = NULL;
    struct sample sample;
    struct error err;
    int64_t n = 0;

    assert_ok(sample_count(store, &n, &err));
    assert_ok(hash_stream_new(&stream, &err));
    assert_ok(sample_reader_new(store, &reader, &err));
    for (int64_t id = 1; id <= n; id++) {
        assert_int_equal(sample_read(reader, id, &sample, &err), 1);
        hash_sample(stream, &sample);
    }
    hash_rejects(stream, store);
    const struct hash hash = hash_stream_end(stream);
    sample_reader_free(reader);
    hash_stream_free(stream);
    return hash;
}
