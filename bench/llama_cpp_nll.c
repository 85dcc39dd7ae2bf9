/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama_cpp_nll.c - the NLLs of token ids in llama.cpp. compare_llama_cpp.py builds it with the
 * library it has built; it is not part of our build.
 *
 * llama_cpp_nll MODEL THREADS < ids: the negative log-likelihood of each id but the first, one
 * a line. The KV cache has 32 bits, without flash attention, which would round it to 16.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/llama_cpp.h"

enum { IDS_MAX = 1 << 16 };

static double nll(const float *logits, int n_vocab, llama_token token)
{
    double top = (double)logits[0];
    double sum = 0;

    for (int i = 1; i < n_vocab; i++)
        top = fmax(top, (double)logits[i]);
    for (int i = 0; i < n_vocab; i++)
        sum += exp((double)logits[i] - top);
    return top + log(sum) - (double)logits[token];
}

static struct llama_context *open_context(struct llama_model *model, int n, int n_threads)
{
    struct llama_context_params params = llama_context_default_params();

    params.n_ctx = params.n_batch = params.n_ubatch = (uint32_t)n;
    params.n_threads = params.n_threads_batch = n_threads;
    params.type_k = params.type_v = GGML_TYPE_F32;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    return llama_init_from_model(model, params);
}

static int run(struct llama_model *model, struct llama_context *context, llama_token *ids,
               int n)
{
    const int n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(model));
    struct llama_batch batch = llama_batch_init(n, 0, 1);

    batch.n_tokens = n;
    for (int i = 0; i < n; i++) {
        batch.token[i] = ids[i];
        batch.pos[i] = i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = 1;
    }
    const int rc = llama_decode(context, batch);
    for (int i = 0; rc == 0 && i + 1 < n; i++)
        printf("%.9g\n", nll(llama_get_logits_ith(context, i), n_vocab, ids[i + 1]));
    llama_batch_free(batch);
    return rc;
}

int main(int argc, char **argv)
{
    static llama_token ids[IDS_MAX];
    int n = 0, rc = 1;

    if (argc != 3)
        return 64;
    while (n < IDS_MAX && scanf("%d", &ids[n]) == 1)
        n++;
    llama_log_set(say_nothing, NULL);
    llama_backend_init();
    struct llama_model *model =
        llama_model_load_from_file(argv[1], llama_model_default_params());
    struct llama_context *context =
        model ? open_context(model, n, (int)strtol(argv[2], NULL, 10)) : NULL;
    if (context)
        rc = run(model, context, ids, n);
    if (context)
        llama_free(context);
    if (model)
        llama_model_free(model);
    return rc;
}
