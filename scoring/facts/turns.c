/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a dialogue. */
#include "scoring/facts/measurer.h"

enum { TURNS_TURNS, TURNS_USER, TURNS_ASSISTANT, TURNS_TOOL, N_TURN_FACTS };

static const struct fact turn_facts[N_TURN_FACTS] = {
    [TURNS_TURNS] = { "turns", FACT_INTEGER, "turns", "turns of the dialogue" },
    [TURNS_USER] = { "turns_user", FACT_INTEGER, "turns", "turns of the user" },
    [TURNS_ASSISTANT] = { "turns_assistant", FACT_INTEGER, "turns", "turns of the assistant" },
    [TURNS_TOOL] = { "turns_tool", FACT_INTEGER, "turns", "results of tools" },
};

static int verify_turns(const struct measured_sample *sample,
                        const struct measure_options *options, struct fact_value *out,
                        struct span_list *spans, struct error *err)
{
    (void)options;
    (void)spans;
    (void)err;
    out[TURNS_TURNS].integer = (int64_t)sample->n_turns;
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct slice role = sample->turns[i].role;

        out[TURNS_USER].integer += slice_equal(role, slice_text("user"));
        out[TURNS_ASSISTANT].integer += slice_equal(role, slice_text("assistant"));
        out[TURNS_TOOL].integer += slice_equal(role, slice_text("tool"));
    }
    return 0;
}

const struct measurer measurer_turns = {
    .name = "turns",
    .version = 1,
    .summary = "turns of the dialogue, by role",
    .facts = turn_facts,
    .n_facts = N_TURN_FACTS,
    .verify = verify_turns,
};
