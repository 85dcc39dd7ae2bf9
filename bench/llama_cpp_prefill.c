/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama_cpp_prefill.c - how fast llama.cpp reads a prompt. versus.py builds it with the library
 * it has built; it is not part of our build.
 *
 * llama_cpp_prefill MODEL TOKENS THREADS FLASH: tokens per second of a pass over random ids
 * with the logits of the last one, after a pass that is not measured. FLASH is 0 or 1. Batches
 * are those of llama-bench: 2048 tokens, in parts of 512.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/llama_cpp.h"

enum { BATCH = 2048, AT_ONCE = 512 };

/* Returns 0 on success. */
static int pass(struct llama_context *context, llama_token *ids, int n)
{
    int rc = 0;

    llama_memory_clear(llama_get_memory(context), false);
    for (int i = 0; rc == 0 && i < n; i += BATCH)
        rc = llama_decode(context, llama_batch_get_one(ids + i, n - i < BATCH ? n - i : BATCH));
    llama_synchronize(context);
    return rc;
}

static struct llama_context *open_context(struct llama_model *model, int n, int n_threads,
                                          int flash)
{
    struct llama_context_params params = llama_context_default_params();

    params.n_ctx = (uint32_t)n;
    params.n_batch = BATCH;
    params.n_ubatch = AT_ONCE;
    params.n_threads = params.n_threads_batch = n_threads;
    params.flash_attn_type =
        flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    return llama_init_from_model(model, params);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 64;
    const int n = (int)strtol(argv[2], NULL, 10);
    llama_token *ids = calloc((size_t)n, sizeof *ids);
    int rc = 1;

    llama_log_set(say_nothing, NULL);
    llama_backend_init();
    struct llama_model *model =
        llama_model_load_from_file(argv[1], llama_model_default_params());
    struct llama_context *context =
        model && ids ? open_context(model, n, (int)strtol(argv[3], NULL, 10), argv[4][0] == '1')
                     : NULL;
    if (context) {
        const int n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(model));
        unsigned state = 1;

        for (int i = 0; i < n; i++) {
            state = state * 1664525u + 1013904223u;
            ids[i] = (llama_token)((state >> 8) % (unsigned)n_vocab);
        }
        rc = pass(context, ids, n < BATCH ? n : BATCH); /* warm-up */
        const double start = now();
        if (rc == 0 && (rc = pass(context, ids, n)) == 0)
            printf("%.2f\n", (double)n / (now() - start));
        llama_free(context);
    }
    if (model)
        llama_model_free(model);
    free(ids);
    return rc != 0;
}
