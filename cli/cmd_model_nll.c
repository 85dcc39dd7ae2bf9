/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/pool.h"
#include "cli/cmd_model.h"
#include "cli/command.h"
#include "cli/ids.h"
#include "scoring/infer/model.h"
#include "scoring/infer/session.h"
#include "scoring/infer/tokenizer.h"
#include "scoring/kernels/kernels.h"

static int evaluate(const struct model *model, const struct cli *cli,
                    const struct sequence *sequence, struct error *err)
{
    struct kernels kernels;
    struct pool *pool = NULL;
    struct session *session = NULL;
    int rc = -1;

    kernels_init(&kernels, cli->cpu_flags);
    if (pool_new(cli->n_threads, &pool, err) == 0 &&
        session_new(model, &kernels, pool, &session, err) == 0)
        rc = session_eval(session, sequence, 1, err);
    session_free(session);
    pool_free(pool);
    return rc;
}

static int print_nll(const char *path, const struct model *model, const struct cli *cli,
                     const struct token_buf *ids, struct error *err)
{
    double *nll = calloc(ids->n, sizeof *nll);
    const struct sequence sequence = {
        .tokens = ids->ids, .n_tokens = ids->n, .score_from = 1, .nll_nats = nll
    };
    int rc = -1;

    if (!nll)
        error_nomem(err);
    else if ((rc = evaluate(model, cli, &sequence, err)) < 0)
        error_prefix(err, "%s", path);
    if (rc == 0 && cli->json)
        rc = model_print_array("curate.model-nll/1", "nll", NULL, nll, ids->n - 1, err);
    for (size_t i = 0; rc == 0 && !cli->json && i + 1 < ids->n; i++)
        printf("%.9g\n", nll[i]);
    free(nll);
    return rc;
}

static int run_nll(struct cli *cli, const void *args, struct error *err)
{
    const struct model_args *a = args;
    struct model *model = NULL;
    struct token_buf ids = { 0 };
    struct buf text;
    int rc = -1;

    buf_init(&text, STDIN_MAX_BYTES);
    if (model_open(a->path, &model, err) == 0 && model_read_stdin(&text, err) == 0 &&
        ids_parse(buf_slice(&text), model_info(model)->n_vocab, &ids, err) == 0)
        rc = ids.n < 2 ? error_set(err, ERR_INPUT, "standard input: at least 2 ids are needed")
                       : print_nll(a->path, model, cli, &ids, err);
    token_buf_release(&ids);
    buf_release(&text);
    model_close(model);
    return rc;
}

const struct command cmd_model_nll = {
    .name = "model nll",
    .summary = "print the NLL of token ids read from standard input",
    .description =
        "One line for each of the ids 2..n: its negative log-likelihood in nats, given\n"
        "all ids before it.",
    .positional = &model_positional,
    .positional_required = true,
    .args_size = sizeof(struct model_args),
    .defaults = &(const struct model_args){ .path = NULL },
    .run = run_nll,
};
