/* SPDX-License-Identifier: Apache-2.0 */
/* A model in parts. The input is a list of parts, each with its length in 4 bytes before it. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/gguf/gguf_file.h"

enum { PARTS_MAX = 8 };

/* The parsed parts, and the copies that their tensors lie in: a sanitizer sees reads past the
 * end of a copy. */
struct parts {
    struct gguf *ggufs[PARTS_MAX];
    uint8_t *bytes[PARTS_MAX];
    size_t n;
};

static void read_part(struct parts *parts, const uint8_t *data, size_t len)
{
    struct error err;
    uint8_t *copy = malloc(len + 1);

    if (!copy)
        return;
    memcpy(copy, data, len);
    if (gguf_parse(copy, len, &parts->ggufs[parts->n], &err) < 0) {
        free(copy);
        return;
    }
    parts->bytes[parts->n++] = copy;
}

static void read_parts(struct parts *parts, const uint8_t *data, size_t len)
{
    while (len >= 4 && parts->n < PARTS_MAX) {
        uint32_t n;

        memcpy(&n, data, sizeof n);
        data += 4;
        len -= 4;
        n = n < len ? n : (uint32_t)len;
        read_part(parts, data, n);
        data += n;
        len -= n;
    }
}

/* Every tensor is found by its name, and its bytes can be read. */
static void check_joined(const struct gguf *gguf, size_t n_parts)
{
    char name[64];
    unsigned sum = 0;

    if (gguf_part_count(gguf) != n_parts)
        abort();
    for (size_t i = 0; i < gguf_tensor_count(gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(gguf, i);

        memcpy(name, tensor->name.ptr, tensor->name.len);
        name[tensor->name.len] = '\0';
        if (gguf_tensor(gguf, name) != tensor)
            abort();
        sum += tensor->data[0] + tensor->data[tensor->n_bytes - 1];
    }
    __asm__ volatile("" : : "r"(sum)); /* the reads must stay */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct parts parts = { .n = 0 };
    struct gguf *joined = NULL;
    struct error err;

    read_parts(&parts, data, len);
    if (parts.n >= 2 && gguf_join(parts.ggufs, parts.n, &joined, &err) == 0)
        check_joined(joined, parts.n);
    gguf_free(joined);
    for (size_t i = 0; i < parts.n; i++) {
        gguf_free(parts.ggufs[i]);
        free(parts.bytes[i]);
    }
    return 0;
}
