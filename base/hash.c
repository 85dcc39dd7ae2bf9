/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <assert.h>
#include <string.h>

#include <xxhash.h>

#include "base/error.h"

static struct hash canonical(XXH128_hash_t value)
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
    return canonical(XXH3_128bits(bytes.ptr, bytes.len));
}

/* struct hash_stream is never completed: it stands for the library's own state, which wants an
 * alignment only XXH3_createState() gives. */
static XXH3_state_t *state_of(struct hash_stream *stream)
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
    XXH3_freeState(state_of(stream));
}

void hash_stream_reset(struct hash_stream *stream)
{
    XXH3_128bits_reset(state_of(stream));
}

void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t n)
{
    if (n > 0)
        XXH3_128bits_update(state_of(stream), bytes, n);
}

struct hash hash_stream_end(const struct hash_stream *stream)
{
    return canonical(XXH3_128bits_digest((const XXH3_state_t *)stream));
}

uint64_t hash_u64(struct slice bytes)
{
    return XXH3_64bits(bytes.ptr, bytes.len);
}
