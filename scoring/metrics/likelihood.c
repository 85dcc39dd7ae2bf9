/* SPDX-License-Identifier: Apache-2.0 */
/* How likely a text is to the model: the response given the prompt, the response after one
 * start token, and the instruction after one start token. */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

/* ln of the largest double is 709.78. */
static const double max_exponent = 709;

static void observe_nll(const struct observation *observation, struct score *out)
{
    out->reason = observation->nll_reason;
    out->value = observation->nll_nats;
}

const struct scorer scorer_nll = {
    .name = "nll",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_LOWER,
    .summary = "mean negative log-likelihood of the response given the prompt",
    .needs = NEED_NLL,
    .observe = observe_nll,
};

/* For readers. Metrics that are derived or ranked use nll, which cannot overflow. */
static void derive_ppl(const struct score *inputs, struct score *out)
{
    if (inputs[0].value > max_exponent)
        out->reason = "ppl_overflow";
    else
        out->value = exp(inputs[0].value);
}

const struct scorer scorer_ppl = {
    .name = "ppl",
    .version = 1,
    .unit = "perplexity",
    .better = BETTER_LOWER,
    .summary = "perplexity of the response given the prompt",
    .inputs = { { "nll", SCORER_MODEL } },
    .derive = derive_ppl,
};

/* Comparable between models whose tokens differ in size (2409.05816). */
static void observe_bpb(const struct observation *observation, struct score *out)
{
    const double nats = observation->nll_nats * (double)observation->n_response_tokens;

    out->reason = observation->nll_reason;
    out->value = nats / log(2) / (double)observation->n_response_bytes;
}

const struct scorer scorer_bpb = {
    .name = "bpb",
    .version = 1,
    .unit = "bits/byte",
    .better = BETTER_LOWER,
    .summary = "bits per byte of the response given the prompt",
    .needs = NEED_NLL,
    .observe = observe_bpb,
};

static void observe_response_tokens(const struct observation *observation, struct score *out)
{
    out->value = (double)observation->n_response_tokens;
    out->truncated = false; /* a response is never cut */
}

const struct scorer scorer_response_tokens = {
    .name = "response_tokens",
    .version = 1,
    .unit = "tokens",
    .better = BETTER_HIGHER,
    .summary = "number of tokens of the response",
    .needs = NEED_LENGTH,
    .observe = observe_response_tokens,
};

/* The start token gives the response's first token a prediction, so that nll_alone is a mean
 * over the same tokens as nll. */
static void observe_nll_alone(const struct observation *observation, struct score *out)
{
    out->reason = observation->alone_reason;
    out->value = observation->nll_alone_nats;
    out->truncated = false; /* the context plays no part */
}

const struct scorer scorer_nll_alone = {
    .name = "nll_alone",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_LOWER,
    .summary = "mean negative log-likelihood of the response after one start token",
    .needs = NEED_NLL_ALONE,
    .observe = observe_nll_alone,
};

/* The instruction without template and context. */
static void observe_nll_instruction(const struct observation *observation, struct score *out)
{
    out->value = observation->nll_instruction_nats;
}

const struct scorer scorer_nll_instruction = {
    .name = "nll_instruction",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_LOWER,
    .summary = "mean negative log-likelihood of the instruction after one start token",
    .needs = NEED_NLL_INSTRUCTION,
    .about = ABOUT_INSTRUCTION,
    .observe = observe_nll_instruction,
};
