/* SPDX-License-Identifier: Apache-2.0 */
/* The prompts of samples: built, or taken from the cache that another observer has filled. */
#include "base/error.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/prompt_cache.h"

/* True if `before` is an earlier response of the same dialogue. */
static bool is_earlier_response(const struct observed_text *before,
                                const struct observed_text *text)
{
    return text->dialogue && before->dialogue == text->dialogue &&
           before->response_turn < text->response_turn &&
           slice_equal(before->context, text->context);
}

/* Build the prompt of texts[i], from the prompt of texts[i - 1] if possible. A dialogue that is
 * too long loses its oldest turns; the result can still be too long. */
static int build_prompt(const struct observer *observer, const struct observed_text *texts,
                        struct prompt *prompts, size_t i, struct error *err)
{
    const struct prompt_template *template = observer->options.template;
    const struct prompt *before = i > 0 ? &prompts[i - 1] : NULL;
    struct prompt *out = &prompts[i];
    struct span context;
    int rc;

    if (observer->options.take_prompts_from &&
        prompt_cache_take(observer->options.take_prompts_from, texts[i].sample,
                          texts[i].response_turn, out))
        return 0;
    if (before && before->n_response > 0 && !before->shortened &&
        is_earlier_response(&texts[i - 1], &texts[i]))
        rc = prompt_build_next(template, observer->tokenizer, before, &texts[i], out, err);
    else
        rc = prompt_build(template, observer->tokenizer, &texts[i], out, err);
    if (rc < 0 || !texts[i].dialogue ||
        observe_fit_context(out, observer->options.max_tokens, false, &context))
        return rc;
    prompt_release(out);
    return prompt_build_short(template, observer->tokenizer, &texts[i],
                              observer->options.max_tokens, out, err);
}

bool observe_has_response(const struct observed_text *text)
{
    return !slice_is_blank(text->response) ||
           (text->dialogue && text->part != RESPONSE_THOUGHT &&
            text->dialogue->turns[text->response_turn].n_calls > 0);
}

int observe_build_prompts(const struct observer *observer, const struct observed_text *texts,
                          size_t n, struct prompt *prompts, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        prompts[i].reason = texts[i].reason ? texts[i].reason : texts[i].prompt_reason;
        if (observer->options.compat != COMPAT_NONE || prompts[i].reason ||
            !observe_has_response(&texts[i]))
            continue;
        if (build_prompt(observer, texts, prompts, i, err) == 0)
            continue;
        if (err->code != ERR_INPUT)
            return -1;
        /* The vocabulary lacks a byte of the text. That concerns this sample only. */
        prompt_release(&prompts[i]);
        prompts[i].reason = "not_tokenizable";
    }
    return 0;
}

int observe_cache_prompts(const struct observer *observer, const struct observed_text *texts,
                          size_t n, struct prompt *prompts, struct error *err)
{
    struct prompt_cache *cache = observer->options.add_prompts_to;

    for (size_t i = 0; cache && i < n; i++)
        if (prompt_cache_add(cache, texts[i].sample, texts[i].response_turn, &prompts[i], err) <
            0)
            return -1;
    return 0;
}
