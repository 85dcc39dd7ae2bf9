/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/cost.h"

#include "scoring/infer/forward/session.h"
#include "scoring/observe/observe.h"
#include "stages/score/texts.h"

enum { BYTES_PER_TOKEN = 4, BATCH_SECONDS = 2 };

/* Tokens that the model is run on for text i. If only NLLs are needed, the pass over the last
 * response of a dialogue serves the earlier ones, too. */
static size_t cost_of_text(const struct score_texts *texts, size_t i,
                           const struct observer_options *observing, unsigned needs)
{
    const bool shares = !(needs & ~(unsigned)(NEED_NLL | NEED_NLL_ALONE));
    const bool is_last = i + 1 == texts->n;

    return observer_guess_tokens(observing, &texts->texts[i],
                                 shares && !is_last ? needs & ~(unsigned)NEED_NLL : needs);
}

/* How many of the n tokens of a sample are shared with another sample of its context: the
 * context, if none of it is cut. Prefixes are shared in whole blocks, so half a block is lost
 * on average. */
static size_t shared_with_context(const struct observed_text *text,
                                  const struct observer_options *observing, size_t n)
{
    const size_t lost = SESSION_SHARED_BLOCK / 2;
    const size_t context = text->context.len / BYTES_PER_TOKEN;
    const size_t shared = context > lost ? context - lost : 0;

    if (n > observing->max_tokens || observing->prompt_window > 0)
        return 0;
    return shared < n ? shared : n;
}

struct token_cost token_cost_of(const struct score_texts *texts,
                                const struct observer_options *observing, unsigned needs,
                                bool shares_context)
{
    struct token_cost cost = { 0 };

    for (size_t i = 0; i < texts->n; i++) {
        const size_t longest = observer_guess_tokens(observing, &texts->texts[i], NEED_NLL);

        cost.n_tokens += cost_of_text(texts, i, observing, needs);
        cost.longest = longest > cost.longest ? longest : cost.longest;
    }
    const size_t n = (size_t)cost.n_tokens;
    cost.n_new = n - (shares_context ? shared_with_context(&texts->texts[0], observing, n) : 0);
    return cost;
}

void token_cost_add(struct token_cost *sum, const struct token_cost *cost)
{
    sum->n_tokens += cost->n_tokens;
    sum->n_new += cost->n_new;
    sum->longest = cost->longest > sum->longest ? cost->longest : sum->longest;
}

void token_cost_set(struct token_cost *cost, double n_tokens)
{
    const double ratio = cost->n_tokens > 0 ? n_tokens / (double)cost->n_tokens : 0;

    cost->n_tokens = (uint64_t)(n_tokens + 0.5);
    cost->longest = (uint64_t)(ratio * (double)cost->longest + 0.5);
    cost->n_new = ratio > 0 ? (uint64_t)(ratio * (double)cost->n_new + 0.5) : cost->n_tokens;
}

size_t cost_batch_tokens(const struct cost_probe *probe, size_t least)
{
    const double secs = probe->secs > 0 ? probe->secs : 1e-9;
    const double goal = probe->tokens / secs * BATCH_SECONDS;

    return goal > (double)least ? (size_t)goal : least;
}
