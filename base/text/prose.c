/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text/prose.h"

#include <string.h>

#include "base/buf.h"

enum { FENCE_MIN = 3, FENCE_INDENT_MAX = 3 };

/* The length of the code fence ('`' or '~') at the start of the line, 0 when there is none.
 * *end is where the run of these characters ends. */
static size_t fence_length(struct slice line, size_t *end)
{
    size_t i = 0;

    while (i < line.len && i < FENCE_INDENT_MAX && line.ptr[i] == ' ')
        i++;
    const size_t start = i;
    if (i < line.len && (line.ptr[i] == '`' || line.ptr[i] == '~'))
        while (i < line.len && line.ptr[i] == line.ptr[start])
            i++;
    *end = i;
    return i - start >= FENCE_MIN ? i - start : 0;
}

int prose_add(struct slice text, struct buf *out, struct error *err)
{
    size_t open_len = 0, end;
    char open_mark = 0;

    for (size_t i = 0, len; i < text.len; i += len) {
        const char *feed = memchr(text.ptr + i, '\n', text.len - i);

        len = feed ? (size_t)(feed - (text.ptr + i)) + 1 : text.len - i;
        const struct slice line = slice_of(text.ptr + i, len);
        const size_t n = fence_length(line, &end);
        const struct slice rest = slice_of(line.ptr + end, line.len - end);
        if (open_len == 0) {
            if (n > 0 && !(line.ptr[end - 1] == '`' && memchr(rest.ptr, '`', rest.len))) {
                open_len = n;
                open_mark = line.ptr[end - 1];
            } else if (buf_add_slice(out, line, err) < 0) {
                return -1;
            }
        } else if (n >= open_len && line.ptr[end - 1] == open_mark && slice_is_blank(rest)) {
            open_len = 0;
        }
    }
    return 0;
}
