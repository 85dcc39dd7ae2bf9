/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/tokenizer/byte_alphabet.h"

/* Bytes without a printable character of their own: 0..32, 127..160, 173. */
enum {
    N_LOW = 33,
    MIDDLE = 127,
    N_MIDDLE = 34,
    SOFT_HYPHEN = 173,
    MOVED = 0x100,
    N_MOVED = N_LOW + N_MIDDLE + 1,
};

static uint32_t alphabet_code(uint8_t byte)
{
    if (byte < N_LOW)
        return MOVED + byte;
    if (byte >= MIDDLE && byte < MIDDLE + N_MIDDLE)
        return MOVED + N_LOW + (byte - MIDDLE);
    return byte == SOFT_HYPHEN ? MOVED + N_MOVED - 1 : byte;
}

static int alphabet_byte(uint32_t code)
{
    if (code < MOVED)
        return alphabet_code((uint8_t)code) == code ? (int)code : -1;
    const uint32_t n = code - MOVED;
    if (n < N_LOW)
        return (int)n;
    if (n < N_LOW + N_MIDDLE)
        return (int)(MIDDLE + (n - N_LOW));
    return n == N_MOVED - 1 ? SOFT_HYPHEN : -1;
}

size_t alphabet_encode(uint8_t byte, char out[ALPHABET_CHAR_MAX])
{
    const uint32_t code = alphabet_code(byte);

    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    out[0] = (char)(0xc0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3f));
    return 2;
}

bool alphabet_decode(struct slice text, char *bytes, size_t *n)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint32_t code = (uint8_t)text.ptr[i];

        /* The alphabet ends at U+0143: one or two bytes of UTF-8. */
        if (code >= 0x80) {
            if (code < 0xc2 || code > 0xc5 || i + 1 == text.len ||
                ((uint8_t)text.ptr[i + 1] & 0xc0) != 0x80)
                return false;
            code = (code & 0x1f) << 6 | ((uint8_t)text.ptr[++i] & 0x3f);
        }
        const int byte = alphabet_byte(code);
        if (byte < 0)
            return false;
        bytes[len++] = (char)byte;
    }
    *n = len;
    return true;
}
