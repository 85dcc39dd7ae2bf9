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

/* One component against one component. Remembers the last '*' only: an earlier one need not
 * match more. */
static bool part_matches(struct slice pattern, struct slice name)
{
    size_t p = 0, n = 0, star_p = 0, star_n = 0;
    bool has_star = false;

    if (name.len > 0 && name.ptr[0] == '.' && (pattern.len == 0 || pattern.ptr[0] != '.'))
        return false;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            has_star = true;
            star_p = ++p;
            star_n = n;
        } else if (p < pattern.len && pattern.ptr[p] == '?') {
            p++;
            n += char_len(name, n);
        } else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
            p++;
            n++;
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
