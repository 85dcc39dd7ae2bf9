/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/segment.h"

size_t segment_count(size_t n_context, size_t segment_tokens)
{
    const size_t n_full = n_context / segment_tokens;
    const size_t rest = n_context % segment_tokens;

    if (n_full == 0)
        return rest > 0;
    /* rest >= segment_tokens / 2 as numbers, not as integers, and without a product. */
    return n_full + (rest >= segment_tokens - rest);
}

struct span segment_span(size_t n_context, size_t segment_tokens, size_t i)
{
    const size_t start = i * segment_tokens;

    if (i + 1 == segment_count(n_context, segment_tokens))
        return (struct span){ start, n_context };
    return (struct span){ start, start + segment_tokens };
}
