/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction-following difficulty: how much of the response's surprise remains when the prompt
 * is known. Three published definitions. */
#include <math.h>

#include "scoring/scorer.h"

/* ln of the largest double is 709.78, of the smallest one with all its digits -708.39. */
static const double max_exponent = 709;
static const double min_exponent = -708;
/* A smaller loss is no divisor: the text is certain without any prompt. */
static const double min_nll_nats = 1e-6;
/* The mean over a single token is that token's loss and says little about an instruction. */
static const int64_t min_instruction_tokens = 2;

/* A ratio of perplexities, as Superfiltering (2402.00530) defines it. */
static void derive_ifd(const struct score *inputs, struct score *out)
{
    /* exp(a) / exp(b) in one step: neither perplexity has to fit into a double. */
    const double log_ratio = inputs[0].value - inputs[1].value;

    if (log_ratio > max_exponent)
        out->reason = "ppl_overflow";
    else if (log_ratio < min_exponent)
        out->reason = "ppl_underflow";
    else
        out->value = exp(log_ratio);
}

const struct scorer scorer_ifd = {
    .name = "ifd",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_HIGHER,
    .summary = "perplexity of the response given the prompt, divided by its perplexity alone",
    .inputs = { { "nll", SCORER_MODEL }, { "nll_alone", SCORER_MODEL } },
    .derive = derive_ifd,
};

/* A ratio of losses, as Cherry LLM (2308.12032) defines it. */
static void derive_ifd_loss(const struct score *inputs, struct score *out)
{
    if (inputs[1].value < min_nll_nats)
        out->reason = "nll_alone_too_small";
    else
        out->value = inputs[0].value / inputs[1].value;
}

const struct scorer scorer_ifd_loss = {
    .name = "ifd_loss",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_HIGHER,
    .summary = "nll divided by nll_alone",
    .inputs = { { "nll", SCORER_MODEL }, { "nll_alone", SCORER_MODEL } },
    .derive = derive_ifd_loss,
};

/* Instruction-complex IFD (2412.11231): ifd_loss divided by the loss of the instruction itself,
 * so that an odd instruction does not raise the score. */
static void derive_ic_ifd(const struct score *inputs, struct score *out)
{
    const double nll = inputs[0].value;
    const double nll_instruction = inputs[1].value;
    const double nll_alone = inputs[2].value;

    if (inputs[1].n_tokens < min_instruction_tokens)
        out->reason = "instruction_too_short";
    else if (nll_instruction < min_nll_nats)
        out->reason = "nll_instruction_too_small";
    else if (nll_alone < min_nll_nats)
        out->reason = "nll_alone_too_small";
    else
        out->value = nll / (nll_instruction * nll_alone);
}

const struct scorer scorer_ic_ifd = {
    .name = "ic_ifd",
    .version = 1,
    .unit = "1/nat",
    .better = BETTER_HIGHER,
    .summary = "nll divided by the product of nll_instruction and nll_alone",
    .inputs = { { "nll", SCORER_MODEL },
                { "nll_instruction", SCORER_MODEL },
                { "nll_alone", SCORER_MODEL } },
    .derive = derive_ic_ifd,
};
