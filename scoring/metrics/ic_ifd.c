/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction-complex IFD (2412.11231): ifd_loss over the difficulty of the instruction itself,
 * so that an odd instruction is not taken for a good one.
 */
#include "scoring/scorer.h"

/* Below, there is no difficulty to divide by. */
static const double min_nll_nats = 1e-6;
/* Tokens; of one the mean is that token. */
static const int64_t min_instruction_tokens = 2;

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
    .summary = "nll over the product of nll_instruction and nll_alone",
    .inputs = { { "nll", SCORER_MODEL },
                { "nll_instruction", SCORER_MODEL },
                { "nll_alone", SCORER_MODEL } },
    .derive = derive_ic_ifd,
};
