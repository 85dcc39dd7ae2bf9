/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/cmd_model.h"
#include "cli/command.h"
#include "scoring/infer/gguf.h"
#include "scoring/infer/tokenizer.h"

/* Encode with the vocabulary of a file, which need not hold a whole model. */
static int encode(const char *path, struct slice text, struct token_buf *ids, struct error *err)
{
    struct file_map map = { 0 };
    struct gguf *gguf = NULL;
    struct tokenizer *tokenizer = NULL;
    int rc = -1;

    if (file_map_open(path, &map, err) < 0)
        return -1;
    if (gguf_parse(map.data, map.len, &gguf, err) < 0 ||
        tokenizer_new(gguf, &tokenizer, err) < 0)
        error_prefix(err, "%s", path);
    else if (!tokenizer)
        error_set(err, ERR_INPUT, "%s: the file carries no vocabulary", path);
    else if ((rc = tokenizer_encode(tokenizer, text, TOKENIZE_FIRST, ids, err)) < 0)
        error_prefix(err, "standard input");
    tokenizer_free(tokenizer);
    gguf_free(gguf);
    file_map_close(&map);
    return rc;
}

static void print_ids(const struct token_buf *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        printf(i ? " %" PRId32 : "%" PRId32, ids->ids[i]);
    putchar('\n');
}

static int run_tokenize(struct cli *cli, const void *args, struct error *err)
{
    const struct model_args *a = args;
    struct token_buf ids = { 0 };
    struct buf text;
    int rc = -1;

    buf_init(&text, STDIN_MAX_BYTES);
    if (model_read_stdin(&text, err) < 0 || encode(a->path, buf_slice(&text), &ids, err) < 0)
        goto done;
    rc = 0;
    if (cli->json)
        rc = model_print_array("curate.model-tokenize/1", "ids", ids.ids, NULL, ids.n, err);
    else
        print_ids(&ids);
done:
    token_buf_release(&ids);
    buf_release(&text);
    return rc;
}

const struct command cmd_model_tokenize = {
    .name = "model tokenize",
    .summary = "print the token ids of the text on standard input",
    .description =
        "Ids are separated by blanks. No BOS or EOS is added; names of control tokens\n"
        "in the text are ordinary text.",
    .positional = &model_positional,
    .positional_required = true,
    .args_size = sizeof(struct model_args),
    .defaults = &(const struct model_args){ .path = NULL },
    .run = run_tokenize,
};
