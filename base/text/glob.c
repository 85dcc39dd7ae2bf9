/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text/glob.h"

/* The part of text before the first '/'. */
static struct slice first_component(struct slice text)
{
    const char *slash = text.len > 0 ? memchr(text.ptr, '/', text.len) : NULL;

    return slash ? slice_of(text.ptr, (size_t)(slash - text.ptr)) : text;
}

/* The text after the component and one '/'. */
static struct slice after_component(struct slice text, struct slice component)
{
    const size_t n = component.len < text.len ? component.len + 1 : component.len;

    return slice_of(text.ptr + n, text.len - n);
}

static bool is_double_star(struct slice component)
{
    return slice_equal(component, slice_of("**", 2));
}

/* The number of bytes of the UTF-8 character at i that '?' stands for. */
static size_t char_len(struct slice text, size_t i)
{
    size_t n = 1;

    while (i + n < text.len && ((unsigned char)text.ptr[i + n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* A longer set is no set, so that each '[' is looked at in constant time. */
enum { SET_MAX_BYTES = 128 };

/* The number of bytes of the set "[...]" at i; 0 if it has no end. A ']' right behind its start
 * belongs to it. */
static size_t set_len(struct slice pattern, size_t i)
{
    size_t end = i + 1;

    if (end < pattern.len && pattern.ptr[end] == '!')
        end++;
    for (end++; end < pattern.len && end - i < SET_MAX_BYTES; end++)
        if (pattern.ptr[end] == ']')
            return end + 1 - i;
    return 0;
}

/* Is the byte in the set? The set includes its brackets. */
static bool set_has(struct slice set, char byte)
{
    const unsigned char wanted = (unsigned char)byte;
    const bool is_inverted = set.ptr[1] == '!';
    size_t i = is_inverted ? 2 : 1;
    bool found = false;

    while (i + 1 < set.len) {
        const unsigned char first = (unsigned char)set.ptr[i];
        const bool is_range = i + 3 < set.len && set.ptr[i + 1] == '-';
        const unsigned char last = is_range ? (unsigned char)set.ptr[i + 2] : first;

        found |= first <= wanted && wanted <= last;
        i += is_range ? 3 : 1;
    }
    return found != is_inverted;
}

/* Match what stands for one character: itself, '?' or a set. Returns its length in the pattern
 * and sets the length in the name, or returns 0. */
static size_t match_char(struct slice pattern, size_t p, struct slice name, size_t n,
                         size_t *len)
{
    *len = char_len(name, n);
    if (p == pattern.len)
        return 0;
    if (pattern.ptr[p] == '?')
        return 1;
    const size_t set = pattern.ptr[p] == '[' ? set_len(pattern, p) : 0;
    if (set > 0)
        return set_has(slice_of(pattern.ptr + p, set), name.ptr[n]) ? set : 0;
    *len = 1;
    return pattern.ptr[p] == name.ptr[n] ? 1 : 0;
}

/* One component against one component. Remembers the last '*' only: an earlier one need not
 * match more. */
static bool part_matches(struct slice pattern, struct slice name)
{
    size_t p = 0, n = 0, star_p = 0, star_n = 0;
    size_t n_bytes, n_pattern;
    bool has_star = false;

    if (name.len > 0 && name.ptr[0] == '.' && (pattern.len == 0 || pattern.ptr[0] != '.'))
        return false;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            has_star = true;
            star_p = ++p;
            star_n = n;
        } else if ((n_pattern = match_char(pattern, p, name, n, &n_bytes)) > 0) {
            p += n_pattern;
            n += n_bytes;
        } else if (has_star) {
            p = star_p;
            star_n += char_len(name, star_n);
            n = star_n;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* The same rule for "**" and components as for '*' and characters. */
bool glob_matches(const char *pattern, struct slice path)
{
    struct slice p = slice_text(pattern);
    struct slice star_p = { NULL, 0 }, star_path = path;

    while (path.len > 0) {
        const struct slice want = first_component(p);
        const struct slice part = first_component(path);

        if (is_double_star(want)) {
            p = after_component(p, want);
            star_p = p;
            star_path = path;
        } else if (p.len > 0 && part_matches(want, part)) {
            p = after_component(p, want);
            path = after_component(path, part);
        } else if (star_p.ptr && star_path.ptr[0] != '.') {
            star_path = after_component(star_path, first_component(star_path));
            path = star_path;
            p = star_p;
        } else {
            return false;
        }
    }
    while (is_double_star(first_component(p)))
        p = after_component(p, first_component(p));
    return p.len == 0;
}
