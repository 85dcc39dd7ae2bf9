/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/gguf/gguf_file.h"
#include "scoring/infer/gguf/gguf_private.h"

/* Read a key of a part that must be there with this value. */
static int check_split_key(const struct gguf *part, const char *key, uint64_t expected,
                           struct error *err)
{
    uint64_t value = 0;
    const int found = gguf_uint(part, key, 0, UINT64_MAX, &value, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INPUT, "key '%s' is missing: the file is not a part", key);
    if (value == expected)
        return 0;
    return error_set(err, ERR_INPUT,
                     "key '%s' is %" PRIu64 ", not %" PRIu64
                     ": the file is not this part of the model",
                     key, value, expected);
}

static int check_split_parts(struct gguf *const *parts, size_t n, uint64_t n_tensors,
                             struct error *err)
{
    uint64_t n_expected = n_tensors;

    for (size_t i = 0; i < n; i++)
        if (check_split_key(parts[i], "split.count", n, err) < 0 ||
            check_split_key(parts[i], "split.no", i, err) < 0)
            return error_prefix(err, "part %zu of %zu", i + 1, n);
    if (gguf_uint(parts[0], "split.tensors.count", 0, UINT64_MAX, &n_expected, err) < 0)
        return -1;
    if (n_expected == n_tensors)
        return 0;
    return error_set(err, ERR_INPUT,
                     "key 'split.tensors.count' is %" PRIu64 ", but the parts have %" PRIu64
                     " tensors together",
                     n_expected, n_tensors);
}

/* Copy the tensors of all parts into *out, which has room for them. */
static int copy_tensors(struct gguf *const *parts, size_t n, struct gguf *out,
                        struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (parts[i]->n_tensors > 0)
            memcpy(out->tensors + out->n_tensors, parts[i]->tensors,
                   parts[i]->n_tensors * sizeof *out->tensors);
        out->n_tensors += parts[i]->n_tensors;
    }
    return gguf_sort_tensors(out, err);
}

int gguf_join(struct gguf **parts, size_t n, struct gguf **out, struct error *err)
{
    size_t n_tensors = 0;

    for (size_t i = 0; i < n; i++)
        n_tensors += parts[i]->n_tensors;
    if (check_split_parts(parts, n, n_tensors, err) < 0)
        return -1;
    struct gguf *joined = calloc(1, sizeof *joined);
    if (!joined)
        return error_nomem(err);
    joined->n_parts = n;
    joined->tensors = calloc(n_tensors + 1, sizeof *joined->tensors);
    joined->by_name = calloc(n_tensors + 1, sizeof *joined->by_name);
    if (!joined->tensors || !joined->by_name) {
        gguf_free(joined);
        return error_nomem(err);
    }
    if (copy_tensors(parts, n, joined, err) < 0) {
        gguf_free(joined);
        return -1;
    }
    joined->entries = parts[0]->entries;
    joined->n_entries = parts[0]->n_entries;
    parts[0]->entries = NULL;
    for (size_t i = 0; i < n; i++) {
        gguf_free(parts[i]);
        parts[i] = NULL;
    }
    *out = joined;
    return 0;
}
