/* SPDX-License-Identifier: Apache-2.0 */
/* The number of tokens of a text, by the vocabulary of a model. */
#include "base/error.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/infer/tokenizer/tokenizer.h"

static const struct fact token_facts[] = {
    { "tokens", FACT_INTEGER, "tokens", "tokens by the vocabulary of --tokenizer" },
};

/* A text that the tokenizer cannot encode has a reason and does not end the run. */
static int measure_tokens(const struct measured_text *text,
                          const struct measure_options *options, struct fact_value *out,
                          struct error *err)
{
    struct token_buf *ids = options->ids;

    ids->n = 0;
    if (tokenizer_encode(options->tokenizer, text->text, TOKENIZE_FIRST, ids, err) == 0) {
        out->integer = (int64_t)ids->n;
        return 0;
    }
    if (err->code != ERR_INPUT)
        return -1;
    out->reason = "not_tokenized";
    return 0;
}

static size_t bytes_of_tokens(const struct measured_text *text,
                              const struct measure_options *options)
{
    return tokenizer_bytes(options->tokenizer, text->text);
}

const struct measurer measurer_tokens = {
    .name = "tokens",
    .version = 1,
    .summary = "tokens by the vocabulary of a model",
    .facts = token_facts,
    .n_facts = 1,
    .parts = PARTS_WHOLE_AND_EACH,
    .of_turns = true,
    .needs_tokenizer = true,
    .measure = measure_tokens,
    .measure_bytes = bytes_of_tokens,
};
