/* SPDX-License-Identifier: Apache-2.0 */
/* What the spans of a sample say about each item. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/duplicates/contamination_private.h"

int contamination_grow(void *array, size_t used, size_t *cap, size_t size, struct error *err)
{
    void **place = array;

    if (used < *cap)
        return 0;
    const size_t wanted = *cap > 0 ? 2 * *cap : 64;
    void *wider = reallocarray(*place, wanted, size);
    if (!wider)
        return error_nomem(err);
    *place = wider;
    *cap = wanted;
    return 0;
}

static int compare_parts(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static int compare_spans(const void *a, const void *b)
{
    const struct contamination_span *x = a;
    const struct contamination_span *y = b;

    if (x->of_answer != y->of_answer)
        return x->of_answer ? 1 : -1;
    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->item_word > y->item_word) - (x->item_word < y->item_word);
}

/* The longest span of a part in one text: the list of its spans begins with `number`. Of equal
 * ones the first of the text. */
static const struct found_span *longest_of_text(const struct lookup *lookup, uint32_t number)
{
    const struct found_span *longest = &lookup->found[number - 1];
    const uint32_t text = longest->text;

    for (; number > 0 && lookup->found[number - 1].text == text;
         number = lookup->found[number - 1].earlier) {
        const struct found_span *found = &lookup->found[number - 1];

        if (found->span.n_words >= longest->span.n_words)
            longest = found;
    }
    return longest;
}

static bool lies_in(const struct found_span *a, const struct found_span *b)
{
    return a != b && b->word <= a->word &&
           a->word + a->span.n_words <= b->word + b->span.n_words &&
           b->span.item_word <= a->span.item_word &&
           a->span.item_word + a->span.n_words <= b->span.item_word + b->span.n_words;
}

/* Return the spans of a part, without those that lie in the longest one of their text. */
static int keep_spans(struct lookup *lookup, uint32_t part, struct error *err)
{
    const struct found_span *longest = NULL;
    uint32_t number = lookup->last_span[part];

    while (number > 0) {
        const struct found_span *found = &lookup->found[number - 1];

        if (!longest || longest->text != found->text)
            longest = longest_of_text(lookup, number);
        number = found->earlier;
        if (lies_in(found, longest))
            continue;
        if (contamination_grow(&lookup->spans, lookup->n_spans, &lookup->spans_cap,
                               sizeof *lookup->spans, err) < 0)
            return -1;
        lookup->spans[lookup->n_spans++] = found->span;
    }
    return 0;
}

static uint32_t count_covered(struct lookup *lookup, const struct contamination_span *spans,
                              size_t n, uint32_t n_words)
{
    uint32_t n_covered = 0;

    for (size_t i = 0; i < n; i++)
        if (!spans[i].of_answer)
            memset(lookup->is_covered + spans[i].item_word, 1, spans[i].n_words);
    for (uint32_t i = 0; i < n_words; i++)
        n_covered += lookup->is_covered[i];
    memset(lookup->is_covered, 0, n_words);
    return n_covered;
}

/* Complete the hit of an item, whose spans were added from hit->first_span on. */
static void rate_hit(struct lookup *lookup, struct contamination_hit *hit)
{
    const struct contamination_rule *rule = &lookup->index->rule;
    const struct part *prompt = &lookup->index->parts[2 * (size_t)hit->item];
    const uint32_t n_answer_words = prompt[1].n_words;
    struct contamination_span *spans = lookup->spans + hit->first_span;
    bool prompt_whole = false;

    hit->n_spans = lookup->n_spans - hit->first_span;
    qsort(spans, hit->n_spans, sizeof *spans, compare_spans);
    for (size_t i = 0; i < hit->n_spans; i++) {
        const bool whole =
            spans[i].n_words == (spans[i].of_answer ? n_answer_words : prompt->n_words);

        if (spans[i].n_words > hit->longest)
            hit->longest = spans[i].n_words;
        hit->answer_whole |= whole && spans[i].of_answer;
        prompt_whole |= whole && !spans[i].of_answer;
    }
    if (prompt->n_words > 0)
        hit->covered = (double)count_covered(lookup, spans, hit->n_spans, prompt->n_words) /
                       prompt->n_words;
    hit->flagged = prompt_whole || hit->answer_whole || hit->covered > rule->covered ||
                   (rule->longest > 0 && hit->longest >= rule->longest);
}

static void add_hit(struct contamination_found *found, const struct contamination_hit *hit)
{
    if (hit->covered > found->covered)
        found->covered = hit->covered;
    if (hit->longest > found->longest)
        found->longest = hit->longest;
    found->flagged |= hit->flagged;
}

int contamination_make_hits(struct lookup *lookup, struct contamination_found *out,
                            struct error *err)
{
    *out = (struct contamination_found){ .n_hits = 0 };
    lookup->n_hits = 0;
    lookup->n_spans = 0;
    qsort(lookup->parts, lookup->n_parts, sizeof *lookup->parts, compare_parts);
    for (size_t k = 0; k < lookup->n_parts;) {
        const uint32_t item = lookup->parts[k] / 2;
        struct contamination_hit hit = { .item = item, .first_span = lookup->n_spans };

        for (; k < lookup->n_parts && lookup->parts[k] / 2 == item; k++)
            if (keep_spans(lookup, lookup->parts[k], err) < 0)
                return -1;
        if (contamination_grow(&lookup->hits, lookup->n_hits, &lookup->hits_cap,
                               sizeof *lookup->hits, err) < 0)
            return -1;
        rate_hit(lookup, &hit);
        lookup->hits[lookup->n_hits++] = hit;
        add_hit(out, &hit);
    }
    out->hits = lookup->hits;
    out->n_hits = lookup->n_hits;
    out->spans = lookup->spans;
    return 0;
}
