/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/digest.h"
#include "tests/support/tmp.h"

/* From the examples for SHA-256 in FIPS 180-4. */
static const struct {
    const char *text;
    const char *hex;
} vectors[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void assert_digest(const uint8_t *digest, const char *want)
{
    char hex[2 * DIGEST_BYTES + 1];

    digest_hex(digest, DIGEST_BYTES, hex);
    assert_string_equal(hex, want);
}

static void sha256_gives_the_published_values(void **state)
{
    struct digest *digest = NULL;
    uint8_t out[DIGEST_BYTES];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        assert_ok(digest_new(&digest, &err));
        for (const char *c = vectors[i].text; *c; c++)
            assert_ok(digest_add(digest, c, 1, &err));
        assert_ok(digest_end(digest, out, &err));
        assert_digest(out, vectors[i].hex);
        digest_free(digest);
    }
    digest_free(NULL);
}

/* From the examples for SHA-1 in FIPS 180-4; the last is what git says of an empty file. */
static void sha1_gives_the_published_values(void **state)
{
    static const char *const sha1[][2] = {
        { "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
        { "blob 0", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" },
    };
    char hex[2 * DIGEST_BYTES + 1];
    struct digest *digest = NULL;
    uint8_t out[DIGEST_BYTES];
    struct error err;

    (void)state;
    assert_ok(digest_new_sha1(&digest, &err));
    for (size_t i = 0; i < sizeof sha1 / sizeof *sha1; i++) {
        const size_t n = strlen(sha1[i][0]) + (sha1[i][0][0] == 'b');

        assert_ok(digest_restart(digest, &err));
        assert_ok(digest_add(digest, sha1[i][0], n, &err));
        assert_ok(digest_end(digest, out, &err));
        digest_hex(out, DIGEST_SHA1_BYTES, hex);
        assert_string_equal(hex, sha1[i][1]);
    }
    digest_free(digest);
}

static void a_file_of_many_blocks_is_digested(void **state)
{
    struct tmp tmp = { 0 };
    char *million = malloc(1000000);
    uint8_t out[DIGEST_BYTES];
    struct error err;

    (void)state;
    assert_non_null(million);
    memset(million, 'a', 1000000);
    tmp_open(&tmp);
    const char *path = tmp_write(&tmp, "million", million, 1000000);

    assert_ok(digest_file(path, out, &err));
    assert_digest(out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    tmp_close(&tmp);
    free(million);
}

static void an_unreadable_file_is_named(void **state)
{
    struct tmp tmp = { 0 };
    uint8_t out[DIGEST_BYTES];
    struct error err;

    (void)state;
    tmp_open(&tmp);
    assert_fails(digest_file(tmp_path(&tmp, "none"), out, &err), ERR_NOT_FOUND, "none");
    assert_fails(digest_file(tmp.root, out, &err), ERR_IO, tmp.root);
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_values),
        cmocka_unit_test(sha1_gives_the_published_values),
        cmocka_unit_test(a_file_of_many_blocks_is_digested),
        cmocka_unit_test(an_unreadable_file_is_named),
    };

    return cmocka_run_group_tests_name("base/digest", tests, NULL, NULL);
}
