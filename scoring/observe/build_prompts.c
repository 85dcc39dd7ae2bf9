/* SPDX-License-Identifier: Apache-2.0 */
/* The prompts of samples: made, or taken from another model's observer. */
#include "base/error.h"
#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/prompt_cache.h"

/* Whether one text is an earlier response of the same dialogue. */
static bool is_earlier(const struct observed_text *before, const struct observed_text *text)
{
    return text->dialogue && before->dialogue == text->dialogue &&
           before->response_turn < text->response_turn &&
           slice_equal(before->context, text->context);
}

/* The prompt of texts[i], which may build on the one before. What does not fit loses its oldest
 * turns, as far as that helps. */
static int build_prompt(const struct observer *observer, const struct observed_text *texts,
                        struct prompt *prompts, size_t i, struct error *err)
{
    const struct prompt_template *template = observer->options.template;
    const struct prompt *before = i > 0 ? &prompts[i - 1] : NULL;
    struct prompt *out = &prompts[i];
    struct span part;
    int rc;

    if (observer->options.take_prompts &&
        prompt_cache_take(observer->options.take_prompts, texts[i].sample,
                          texts[i].response_turn, out))
        return 0;
    if (before && before->n_response > 0 && !before->shortened &&
        is_earlier(&texts[i - 1], &texts[i]))
        rc = prompt_build_next(template, observer->tokenizer, before, &texts[i], out, err);
    else
        rc = prompt_build(template, observer->tokenizer, &texts[i], out, err);
    if (rc < 0 || !texts[i].dialogue ||
        observe_fit(out, observer->options.max_tokens, false, &part))
        return rc;
    prompt_release(out);
    return prompt_build_short(template, observer->tokenizer, &texts[i],
                              observer->options.max_tokens, out, err);
}

int observe_build_prompts(const struct observer *observer, const struct observed_text *texts,
                          size_t n, struct prompt *prompts, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        /* Its prompt stays empty. */
        if (observer->options.compat != COMPAT_NONE || slice_is_blank(texts[i].response))
            continue;
        if (build_prompt(observer, texts, prompts, i, err) == 0)
            continue;
        if (err->code != ERR_INPUT)
            return -1;
        /* The vocabulary has no token for a byte of it: this sample's loss, not the run's. */
        prompt_release(&prompts[i]);
        prompts[i].reason = "not_tokenizable";
    }
    return 0;
}

int observe_keep_prompts(const struct observer *observer, const struct observed_text *texts,
                         size_t n, struct prompt *prompts, struct error *err)
{
    struct prompt_cache *cache = observer->options.keep_prompts;

    for (size_t i = 0; cache && i < n; i++)
        if (prompt_cache_keep(cache, texts[i].sample, texts[i].response_turn, &prompts[i],
                              err) < 0)
            return -1;
    return 0;
}
