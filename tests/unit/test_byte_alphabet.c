/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "scoring/infer/tokenizer/byte_alphabet.h"

static void assert_char(uint8_t byte, const char *want)
{
    char text[ALPHABET_CHAR_MAX];
    const size_t len = alphabet_encode(byte, text);

    if (!slice_equal(slice_of(text, len), slice_text(want)))
        fail_msg("byte 0x%02X is not written %s", byte, want);
}

/* The bytes on both sides of each border in the byte-to-character table. */
static void bytes_are_written_as_vocabularies_write_them(void **state)
{
    (void)state;
    assert_char(0x00, "\u0100");
    assert_char(' ', "\u0120");
    assert_char('!', "!");
    assert_char('~', "~");
    assert_char(0x7f, "\u0121");
    assert_char(0xa0, "\u0142");
    assert_char(0xa1, "\u00a1");
    assert_char(0xac, "\u00ac");
    assert_char(0xad, "\u0143");
    assert_char(0xae, "\u00ae");
    assert_char(0xff, "\u00ff");
}

static void every_byte_is_read_back(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[ALPHABET_CHAR_MAX];
        char back = 0;
        size_t n = 0;
        const size_t len = alphabet_encode((uint8_t)byte, text);

        assert_true(alphabet_decode(slice_of(text, len), &back, &n));
        assert_int_equal(n, 1);
        assert_int_equal((uint8_t)back, byte);
    }
}

static void characters_outside_the_alphabet_are_refused(void **state)
{
    static const char *const others[] = { " ",      "a b",    "\n",     "\xc2\x85",
                                          "\u00ad", "\u0144", "\u4e2d", "\xc4",
                                          "\xc4!",  "\x80",   "\xff" };
    char room[8];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (alphabet_decode(slice_text(others[i]), room, &n))
            fail_msg("case %zu was read", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_written_as_vocabularies_write_them),
        cmocka_unit_test(every_byte_is_read_back),
        cmocka_unit_test(characters_outside_the_alphabet_are_refused),
    };

    return cmocka_run_group_tests_name("infer/byte_alphabet", tests, NULL, NULL);
}
