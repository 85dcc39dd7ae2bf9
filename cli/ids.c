/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ids.h"

#include <ctype.h>

#include "base/error.h"
#include "scoring/infer/tokenizer/tokenizer.h"

int ids_parse(struct slice text, uint32_t n_vocab, struct token_buf *out, struct error *err)
{
    size_t i = 0;

    while (i < text.len) {
        const size_t start = i;
        uint64_t id = 0;

        if (isspace((unsigned char)text.ptr[i])) {
            i++;
            continue;
        }
        for (; i < text.len && isdigit((unsigned char)text.ptr[i]) && id < n_vocab; i++)
            id = id * 10 + (uint64_t)(text.ptr[i] - '0');
        const bool ended = i == text.len || isspace((unsigned char)text.ptr[i]);
        if (i == start || !ended || id >= n_vocab)
            return error_set(err, ERR_INPUT,
                             "standard input: id %zu, at byte %zu, is not a number below %u",
                             out->n + 1, start, (unsigned)n_vocab);
        if (token_buf_add(out, (int32_t)id, err) < 0)
            return -1;
    }
    return 0;
}
