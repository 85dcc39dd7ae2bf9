/* SPDX-License-Identifier: Apache-2.0 */
/* E-mail addresses. */
#include "scoring/facts/personal_private.h"

enum { LOCAL_MAX_BYTES = 64, DOMAIN_MAX_BYTES = 253, URL_MAX_BYTES = 80 };

/* Is this byte part of a letter of the Latin, Greek or Cyrillic script, two bytes long? The
 * first bytes are 0xc3 to 0xd4; that of U+0080 to U+00BF, punctuation, is 0xc2. */
static bool is_letter_byte(char c)
{
    return (unsigned char)c >= 0x80 && (unsigned char)c <= 0xd4 && (unsigned char)c != 0xc2;
}

/* The length of the letter of two bytes at an offset; 0: there is none. */
static size_t wide_letter(struct slice text, size_t at)
{
    const unsigned char first = (unsigned char)personal_byte(text, at);
    const unsigned char second = (unsigned char)personal_byte(text, at + 1);

    return first >= 0xc3 && first <= 0xd4 && second >= 0x80 && second < 0xc0 ? 2 : 0;
}

static bool is_local_byte(char c)
{
    return personal_is_alnum(c) || (c && memchr("._%+-", c, 5));
}

/* Where the part before '@' begins; `at` if it is not valid. */
static size_t find_local(struct slice text, size_t at, size_t floor)
{
    size_t start = at;

    while (start > floor && at - start < LOCAL_MAX_BYTES) {
        if (is_local_byte(text.ptr[start - 1]))
            start--;
        else if (start - floor >= 2 && is_letter_byte(text.ptr[start - 1]) &&
                 wide_letter(text, start - 2))
            start -= 2;
        else
            break;
    }
    while (start < at && memchr(".%+-", text.ptr[start], 4))
        start++;
    return start < at && text.ptr[at - 1] == '.' ? at : start;
}

/* Names of files, as in icon@2x.png, end like domains. */
static bool is_file_ending(struct slice label)
{
    static const char *const endings[] = { "png", "jpg",  "jpeg", "gif", "svg", "webp",
                                           "bmp", "html", "json", "css", "js",  NULL };

    for (size_t i = 0; endings[i]; i++)
        if (slice_equal(label, slice_text(endings[i])))
            return true;
    return false;
}

/* Can the label be the last one of a domain? It has two or more letters, or is in Punycode. */
static bool is_top_label(struct slice label)
{
    if (label.len < 2 || is_file_ending(label))
        return false;
    if (label.len > 4 && memcmp(label.ptr, "xn--", 4) == 0)
        return true;
    for (size_t i = 0; i < label.len; i++)
        if (!personal_is_letter(label.ptr[i]) && !is_letter_byte(label.ptr[i]))
            return false;
    return true;
}

/* Where the domain ends that begins here; `start` if there is none. */
static size_t find_domain(struct slice text, size_t start)
{
    size_t end = start, label = start, end_of_domain = start;
    bool has_dot = false;

    while (end < text.len && end - start < DOMAIN_MAX_BYTES) {
        const size_t wide = wide_letter(text, end);

        if (!wide && !personal_is_alnum(text.ptr[end]) && text.ptr[end] != '-' &&
            text.ptr[end] != '.')
            break;
        if (text.ptr[end] == '.') {
            if (end == label || text.ptr[end - 1] == '-' || text.ptr[label] == '-')
                break;
            if (has_dot && is_top_label(slice_of(text.ptr + label, end - label)))
                end_of_domain = end;
            has_dot = true;
            label = end + 1;
        }
        end += wide ? wide : 1;
    }
    while (end > label && text.ptr[end - 1] == '-')
        end--;
    if (has_dot && is_top_label(slice_of(text.ptr + label, end - label)))
        return end;
    /* A full stop that ends the sentence, or another word that was glued to it. */
    return end_of_domain;
}

/* Does the text before an address end with "//" or "//user:"? Then it is part of a URL. */
static bool is_in_url(struct slice text, size_t start)
{
    for (size_t i = start; i > 1 && start - i < URL_MAX_BYTES; i--) {
        const char c = text.ptr[i - 1];

        if (c == '/')
            return text.ptr[i - 2] == '/';
        if (!is_local_byte(c) && c != ':')
            return false;
    }
    return false;
}

bool personal_find_email(struct slice text, size_t at, size_t floor, struct personal_hit *hit)
{
    const size_t end = find_domain(text, at + 1);

    if (end == at + 1)
        return false;
    const size_t start = find_local(text, at, floor);
    if (start == at || personal_byte(text, end) == '@' ||
        personal_before(text, start, 1) == '@')
        return false;
    const bool is_git = at - start == 3 && memcmp(text.ptr + start, "git", 3) == 0;
    if ((is_git && personal_byte(text, end) == ':') || is_in_url(text, start))
        return false;
    *hit = (struct personal_hit){ start, end, PERSONAL_EMAIL, NULL };
    return true;
}
