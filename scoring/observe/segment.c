/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/observe/segment.h"

const char *const segment_last_names[] = { [SEGMENT_LAST_HALF] = "half",
                                           [SEGMENT_LAST_KEEP] = "keep",
                                           [SEGMENT_LAST_MERGE] = "merge",
                                           [SEGMENT_LAST_DROP] = "drop",
                                           NULL };

/* The number of segments when segments have this many tokens. */
static size_t count_segments(enum segment_last last, size_t n_context, size_t tokens)
{
    const size_t n_full = n_context / tokens;
    const size_t rest = n_context % tokens;

    if (rest == 0 || last == SEGMENT_LAST_DROP)
        return n_full;
    if (n_full == 0 || last == SEGMENT_LAST_KEEP)
        return n_full + 1;
    /* 2 * rest >= tokens, without overflow. */
    return n_full + (last == SEGMENT_LAST_HALF && rest >= tokens - rest);
}

/* The tokens of a segment. */
static size_t segment_length(const struct segment_rule *rule, size_t n_context)
{
    if (rule->max_segments == 0 ||
        count_segments(rule->last, n_context, rule->tokens) <= rule->max_segments)
        return rule->tokens;
    return n_context / rule->max_segments + (n_context % rule->max_segments > 0);
}

size_t segment_count(const struct segment_rule *rule, size_t n_context)
{
    return count_segments(rule->last, n_context, segment_length(rule, n_context));
}

struct span segment_span(const struct segment_rule *rule, size_t n_context, size_t i)
{
    const size_t tokens = segment_length(rule, n_context);
    const size_t start = i * tokens;

    if (rule->last != SEGMENT_LAST_DROP &&
        i + 1 == count_segments(rule->last, n_context, tokens))
        return (struct span){ start, n_context };
    return (struct span){ start, start + tokens };
}
