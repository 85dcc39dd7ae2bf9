/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/hash.h"

/* From the XXH3 specification: no bytes, seed 0, in big-endian order. */
static void hash_of_no_bytes_is_the_published_value(void **state)
{
    static const uint8_t want[HASH_BYTES] = { 0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8,
                                              0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49, 0x7f };
    const struct hash hash = hash_bytes(slice_of(NULL, 0));

    (void)state;
    assert_memory_equal(hash.bytes, want, sizeof want);
    assert_int_equal(hash_u64(slice_of(NULL, 0)), 0x2d06800538d394c2);
}

static void hash_does_not_depend_on_how_the_bytes_are_split(void **state)
{
    struct hash_stream *stream = NULL;
    struct error err;
    char text[3000];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 31 % 251);
    const struct hash whole = hash_bytes(slice_of(text, sizeof text));
    assert_ok(hash_stream_new(&stream, &err));

    for (size_t part = 1; part < sizeof text; part = part * 2 + 1) {
        hash_stream_reset(stream);
        for (size_t i = 0; i < sizeof text; i += part) {
            const size_t left = sizeof text - i;
            hash_stream_add(stream, text + i, left < part ? left : part);
        }
        const struct hash hash = hash_stream_end(stream);
        assert_memory_equal(hash.bytes, whole.bytes, HASH_BYTES);
    }
    hash_stream_free(stream);
}

static void a_new_hash_needs_no_reset(void **state)
{
    struct hash_stream *stream = NULL;
    struct error err;

    (void)state;
    assert_ok(hash_stream_new(&stream, &err));
    hash_stream_add(stream, NULL, 0);
    const struct hash got = hash_stream_end(stream);
    const struct hash want = hash_bytes(slice_text(""));

    assert_memory_equal(got.bytes, want.bytes, HASH_BYTES);
    hash_stream_free(stream);
    hash_stream_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_of_no_bytes_is_the_published_value),
        cmocka_unit_test(hash_does_not_depend_on_how_the_bytes_are_split),
        cmocka_unit_test(a_new_hash_needs_no_reset),
    };

    return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}
