/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/facts/phrase.h"

#include "base/text/utf8.h"

bool phrase_is_in(struct slice text, const char *const *phrases)
{
    bool begins[256] = { false }; /* bytes that a phrase begins with */

    for (size_t i = 0; phrases[i]; i++)
        begins[(unsigned char)phrases[i][0]] = true;
    for (size_t at = 0; at < text.len; at++) {
        if (!begins[(unsigned char)ascii_lower_byte(text.ptr[at])])
            continue;
        for (size_t i = 0; phrases[i]; i++)
            if (phrase_len_at(slice_of(text.ptr + at, text.len - at), phrases[i]) > 0)
                return true;
    }
    return false;
}

uint32_t last_character(struct slice text, size_t *start)
{
    size_t at = text.len - 1;
    size_t len;

    while (at > 0 && (text.ptr[at] & 0xc0) == 0x80)
        at--;
    *start = at;
    return utf8_first(slice_of(text.ptr + at, text.len - at), &len);
}

struct slice trim_end(struct slice text)
{
    size_t start;

    while (text.len > 0 && utf8_is_space(last_character(text, &start)))
        text.len = start;
    return text;
}

struct slice trim_both(struct slice text)
{
    size_t len;

    while (text.len > 0 && utf8_is_space(utf8_first(text, &len)))
        text = slice_of(text.ptr + len, text.len - len);
    return trim_end(text);
}
