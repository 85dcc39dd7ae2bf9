/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shown.h"

#include "base/buf.h"
#include "base/text/escape.h"
#include "base/text/utf8.h"

int shown_add(struct slice text, size_t max_chars, struct buf *out, struct error *err)
{
    size_t n_chars = 0;

    while (text.len > 0 && n_chars < max_chars) {
        const size_t len = utf8_char_len(text);

        if (text.ptr[0] == '\n' || text.ptr[0] == '\t' || !visible_is_plain(text)) {
            const char *mark = text.ptr[0] == '\n' ? "\xe2\x8f\x8e" : "\xef\xbf\xbd";
            if (buf_add_text(out, mark, err) < 0)
                return -1;
        } else if (buf_add(out, text.ptr, len, err) < 0) {
            return -1;
        }
        text = slice_of(text.ptr + len, text.len - len);
        n_chars++;
    }
    return text.len > 0 ? buf_add_text(out, "\xe2\x80\xa6", err) : 0;
}
