/* SPDX-License-Identifier: Apache-2.0 */
/* Code fences that close. */
#include "scoring/facts/form.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

extern const struct measurer measurer_code_blocks;

enum { BLOCKS_ALL, BLOCKS_OPEN, N_BLOCK_FACTS };

static const struct fact block_facts[N_BLOCK_FACTS] = {
    [BLOCKS_ALL] = { "code_blocks", FACT_INTEGER, "blocks", "code blocks of the response" },
    [BLOCKS_OPEN] = { "code_blocks_open", FACT_INTEGER, "blocks",
                      "code blocks of the response without a closing fence" },
};

static int verify_blocks(const struct measured_sample *sample,
                         const struct measure_options *options, struct fact_value *out,
                         struct span_list *spans, struct error *err)
{
    const struct slice response = form_response(sample);
    struct form_block block;
    size_t pos = 0;

    (void)options;
    while (form_block_next(response, &pos, &block)) {
        out[BLOCKS_ALL].integer += block.is_code;
        if (!block.is_code || block.is_closed)
            continue;
        out[BLOCKS_OPEN].integer++;
        const size_t start = (size_t)(block.opening.ptr - response.ptr);
        const struct span span = { .measurer = &measurer_code_blocks,
                                   .turn = sample->response_turn,
                                   .start = start,
                                   .end = start + block.opening.len,
                                   .kind = "code_block_open" };
        if (span_add(spans, &span, err) < 0)
            return -1;
    }
    if (response.len == 0)
        out[BLOCKS_ALL].reason = MEASURE_UNCHECKED;
    if (out[BLOCKS_ALL].integer == 0)
        out[BLOCKS_OPEN].reason = MEASURE_UNCHECKED;
    return 0;
}

const struct measurer measurer_code_blocks = {
    .name = "code_blocks",
    .version = 1,
    .summary = "code blocks of the response, and those that do not close",
    .facts = block_facts,
    .n_facts = N_BLOCK_FACTS,
    .finds_spans = true,
    .may_be_unchecked = true,
    .verify = verify_blocks,
};
