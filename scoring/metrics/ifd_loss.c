/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction-following difficulty as a ratio of losses, as Cherry LLM (2308.12032) has it. */
#include "scoring/scorer.h"

/* A response that is certain without any prompt has no difficulty to compare with. */
static const double min_nll_alone_nats = 1e-6;

static void derive_ifd_loss(const struct score *inputs, struct score *out)
{
    if (inputs[1].value < min_nll_alone_nats)
        out->reason = "nll_alone_too_small";
    else
        out->value = inputs[0].value / inputs[1].value;
}

const struct scorer scorer_ifd_loss = {
    .name = "ifd_loss",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_HIGHER,
    .summary = "nll over nll_alone",
    .inputs = { { "nll", SCORER_MODEL }, { "nll_alone", SCORER_MODEL } },
    .derive = derive_ifd_loss,
};
