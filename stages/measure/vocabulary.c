/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/gguf/gguf_fetch.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "stages/measure/measure_private.h"

/* Measured: 170 to 210 bytes for each token of vocabularies of 100,000 and 128,000 tokens. */
enum { VOCABULARY_TOKEN_BYTES = 256 };

int measure_vocabulary_open(struct fetcher *fetcher, const char *argument,
                            struct measure_vocabulary *out, struct error *err)
{
    if (gguf_fetch(fetcher, argument, &out->fetched, err) < 0 ||
        gguf_file_open(out->fetched.local_path, &out->file, err) < 0)
        return -1;
    if (tokenizer_new(out->file.gguf, &out->tokenizer, err) < 0)
        return error_prefix(err, "%s", out->fetched.public_name);
    if (!out->tokenizer)
        return error_set(err, ERR_INPUT, "%s: the file has no vocabulary",
                         out->fetched.public_name);
    return 0;
}

void measure_vocabulary_close(struct measure_vocabulary *vocabulary)
{
    tokenizer_free(vocabulary->tokenizer);
    gguf_file_close(&vocabulary->file);
    fetched_file_release(&vocabulary->fetched);
}

uint64_t measure_vocabulary_bytes(const struct measure_vocabulary *vocabulary)
{
    return vocabulary->tokenizer
               ? (uint64_t)VOCABULARY_TOKEN_BYTES * tokenizer_count(vocabulary->tokenizer)
               : 0;
}
