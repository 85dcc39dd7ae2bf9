/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a model file. A small model that can be opened runs on four tokens: the results
 * are finite, or the call returns an error with a message.
 */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/model_bytes.h"

enum { N_TOKENS = 4 };
/* A model may need more memory than its file has bytes (a wide feed-forward part needs two rows
 * a token), so run only models that need little. */
#define MAX_BYTES (UINT64_C(1) << 26)

static void eval(const struct model *model, struct pool *pool)
{
    const int32_t last = (int32_t)model_info(model)->n_vocab - 1;
    const int32_t tokens[N_TOKENS] = { 0, last, last / 2, last };
    const struct span span = { 0, 2 };
    double nll[N_TOKENS - 1];
    double attention;
    const struct sequence sequence = {
        .tokens = tokens,
        .n_tokens = N_TOKENS,
        .score_from = 1,
        .nll_nats = nll,
        .attend_from = 2,
        .spans = &span,
        .n_spans = 1,
        .attention = &attention,
    };
    struct session *session = NULL;
    struct kernels kernels;
    struct error err;

    kernels_init(&kernels, cpu_detect());
    if (session_new(model, &kernels, pool, &session, &err) < 0)
        return;
    if (session_eval(session, &sequence, 1, &err) == 0) {
        for (int i = 0; i < N_TOKENS - 1; i++)
            if (!isfinite(nll[i]))
                abort();
        if (!(attention >= 0 && attention <= 1))
            abort();
    }
    session_free(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct model *model = NULL;
    struct pool *pool = NULL;
    struct error err;

    if (model_open_bytes(data, len, &model, &err) == 0 && pool_new(1, &pool, &err) == 0 &&
        session_memory(model, 1, N_TOKENS, 1).activation_bytes <= MAX_BYTES)
        eval(model, pool);
    pool_free(pool);
    model_close(model);
    return 0;
}
