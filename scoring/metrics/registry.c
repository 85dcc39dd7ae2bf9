/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/scorer_list.h"  /* generated: SCORER_LIST */
#include "scoring/scorer_pages.h" /* generated: page_NAME of each, SCORER_REASONS */
#include "scoring/sum.h"

#define X(name) extern const struct scorer scorer_##name;
SCORER_LIST
#undef X

#define X(name) &scorer_##name,
const struct scorer *const scorers[] = { SCORER_LIST NULL };
#undef X

/* Inputs of InstructMining (2307.06290): the score of a reward model, and three of UniEval. */
static const struct scorer imported[] = {
    { .name = "reward", .imported = true },
    { .name = "understandability", .imported = true },
    { .name = "naturalness", .imported = true },
    { .name = "coherence", .imported = true },
};

const struct scorer *scorer_find(const char *name)
{
    for (const struct scorer *const *at = scorers; *at; at++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}

const struct scorer *scorer_find_imported(const char *name)
{
    for (size_t i = 0; i < sizeof imported / sizeof *imported; i++)
        if (strcmp(imported[i].name, name) == 0)
            return &imported[i];
    return NULL;
}

const char *scorer_page(const struct scorer *scorer)
{
#define X(name) page_##name,
    static const unsigned char *const pages[] = { SCORER_LIST };
#undef X
    size_t i = 0;

    while (scorers[i] != scorer)
        i++;
    return (const char *)pages[i];
}

const struct scorer_reason *scorer_reason_at(size_t i)
{
    static const struct scorer_reason reasons[] = { SCORER_REASONS };

    return i < sizeof reasons / sizeof *reasons ? &reasons[i] : NULL;
}

size_t scorer_input_count(const struct scorer *scorer)
{
    size_t n = 0;

    while (n < SCORER_INPUTS_MAX && scorer->inputs[n].metric)
        n++;
    return n;
}

bool scorer_needs_model(const struct scorer *scorer)
{
    const size_t n = scorer_input_count(scorer);

    for (size_t i = 0; i < n; i++) {
        const struct scorer *input = scorer_find(scorer->inputs[i].metric);

        if (input && scorer_needs_model(input))
            return true;
    }
    return scorer->observe != NULL;
}

void score_finalise(struct score *score)
{
    if (!score->reason && !isfinite(score->value))
        score->reason = "not_finite";
    if (score->reason) {
        score->value = 0;
        score->truncated = false;
    }
}

/* The score before observe is called: reason, truncated and n_tokens of the metric's text. */
static struct score score_before_observe(const struct scorer *scorer,
                                         const struct observation *seen)
{
    const struct answers *answers =
        scorer->needs & NEED_RATING ? &seen->rating : &seen->yes_or_no;

    switch (scorer->about) {
    case ABOUT_RESPONSE:
        break;
    case ABOUT_INSTRUCTION:
        return (struct score){ .reason = seen->instruction_reason,
                               .n_tokens = (int64_t)seen->n_instruction_tokens };
    case ABOUT_QUESTION:
        return (struct score){ .reason = answers->reason,
                               .truncated = answers->truncated,
                               .n_tokens = (int64_t)seen->n_response_tokens };
    case ABOUT_DOCUMENT:
        return (struct score){ .reason = seen->document.reason,
                               .truncated = seen->document.truncated,
                               .n_tokens = (int64_t)seen->document.n_tokens };
    }
    return (struct score){ .reason = seen->reason,
                           .truncated = seen->truncated,
                           .n_tokens = (int64_t)seen->n_response_tokens };
}

void scorer_observe(const struct scorer *scorer, const struct observation *observation,
                    struct score *out)
{
    *out = score_before_observe(scorer, observation);
    if (!out->reason)
        scorer->observe(observation, out);
    score_finalise(out);
}

void scorer_derive(const struct scorer *scorer, const struct score *inputs, struct score *out)
{
    const size_t n = scorer_input_count(scorer);

    *out = (struct score){ .n_tokens = inputs[0].n_tokens };
    for (size_t i = 0; i < n && !out->reason; i++) {
        out->reason = inputs[i].reason;
        out->truncated = out->truncated || inputs[i].truncated;
    }
    if (!out->reason)
        scorer->derive(inputs, out);
    score_finalise(out);
}

int scorer_measure(const struct scorer *scorer, const struct observed_text *text,
                   struct score *out, struct error *err)
{
    *out = (struct score){ .value = 0 };
    if (!text->response.ptr)
        out->reason = "no_response";
    else if (text->reason)
        out->reason = text->reason;
    else if (slice_is_blank(text->response))
        out->reason = "empty_response";
    else if (scorer->measure(text, out, err) < 0)
        return -1;
    score_finalise(out);
    return 0;
}

void score_mean_over_turns(const struct score *turns, size_t n, struct score *out)
{
    struct score mean = { 0 };
    struct sum sum = { 0 };
    size_t n_values = 0;

    *out = n > 0 ? turns[n - 1] : (struct score){ .reason = "no_response" };
    for (size_t i = 0; i < n; i++) {
        if (turns[i].reason)
            continue;
        if (n_values++ == 0)
            *out = turns[i];
        mean.n_tokens += turns[i].n_tokens;
        mean.truncated = mean.truncated || turns[i].truncated;
        sum_add(&sum, turns[i].value * (double)turns[i].n_tokens);
    }
    if (n_values < 2 || mean.n_tokens == 0) /* a mean over one turn could round */
        return;
    mean.value = sum_value(&sum) / (double)mean.n_tokens;
    score_finalise(&mean);
    *out = mean;
}
