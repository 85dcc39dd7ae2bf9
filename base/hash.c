/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <assert.h>
#include <string.h>

#include <xxhash.h>

#include "base/error.h"

static struct hash to_big_endian(XXH128_hash_t value)
{
    XXH128_canonical_t big_endian;
    struct hash hash;

    static_assert(sizeof big_endian.digest == sizeof hash.bytes, "XXH3-128 is 16 bytes");
    XXH128_canonicalFromHash(&big_endian, value);
    memcpy(hash.bytes, big_endian.digest, sizeof hash.bytes);
    return hash;
}

struct hash hash_bytes(struct slice bytes)
{
    return to_big_endian(XXH3_128bits(bytes.ptr, bytes.len));
}

/* struct hash_stream is never defined: it is the library's state under another name. Only
 * XXH3_createState() gives the state the alignment that it needs. */
static XXH3_state_t *hash_state(struct hash_stream *stream)
{
    return (XXH3_state_t *)stream;
}

int hash_stream_new(struct hash_stream **out, struct error *err)
{
    XXH3_state_t *state = XXH3_createState();

    if (!state)
        return error_nomem(err);
    XXH3_128bits_reset(state);
    *out = (struct hash_stream *)state;
    return 0;
}

void hash_stream_free(struct hash_stream *stream)
{
    XXH3_freeState(hash_state(stream));
}

void hash_stream_reset(struct hash_stream *stream)
{
    XXH3_128bits_reset(hash_state(stream));
}

void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t n)
{
    if (n > 0)
        XXH3_128bits_update(hash_state(stream), bytes, n);
}

struct hash hash_stream_end(const struct hash_stream *stream)
{
    return to_big_endian(XXH3_128bits_digest((const XXH3_state_t *)stream));
}

uint64_t hash_u64(struct slice bytes)
{
    return XXH3_64bits(bytes.ptr, bytes.len);
}
