/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

int arrow_input_read(const struct arrow_input *input, uint64_t at, void *out, size_t n,
                     struct error *err)
{
    uint8_t *to = out;

    while (n > 0) {
        const ssize_t got = pread(input->fd, to, n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, input->name);
        if (got == 0)
            return error_set(err, ERR_INPUT, "%s: truncated at byte %" PRIu64, input->name, at);
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

int arrow_bytes_reserve(struct arrow_input *input, struct arrow_bytes *bytes, size_t n,
                        struct error *err)
{
    if (n <= bytes->cap)
        return 0;
    const uint64_t others = input->used_bytes - bytes->cap;
    if (input->max_bytes > 0 && (others > input->max_bytes || n > input->max_bytes - others))
        return error_set(err, ERR_NOMEM,
                         "needs more than the %" PRIu64
                         " bytes of memory that this file may use: give more with "
                         "--max-memory, or write the file with fewer rows in a batch",
                         input->max_bytes);
    uint8_t *ptr = realloc(bytes->ptr, n);
    if (!ptr)
        return error_nomem(err);
    bytes->ptr = ptr;
    bytes->cap = n;
    input->used_bytes = others + n;
    return 0;
}

void arrow_bytes_free(struct arrow_input *input, struct arrow_bytes *bytes)
{
    input->used_bytes -= bytes->cap;
    free(bytes->ptr);
    *bytes = (struct arrow_bytes){ NULL, 0, 0 };
}
