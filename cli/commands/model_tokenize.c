/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/commands/model.h"
#include "cli/ids.h"
#include "scoring/infer/gguf/gguf_fetch.h"
#include "scoring/infer/gguf/gguf_file.h"
#include "scoring/infer/tokenizer/tokenizer.h"

struct tokenize_args {
    struct model_args model; /* first: its positional fills it */
    bool special;
    bool decode;
};

/* Append the ids of the text; `special` adds BOS and EOS and reads names of control tokens. */
static int encode_input(const struct tokenizer *tokenizer, struct slice text, bool special,
                        struct token_buf *ids, struct error *err)
{
    const unsigned flags = TOKENIZE_FIRST | (special ? TOKENIZE_CONTROL : 0);

    if (special && tokenizer_adds_bos(tokenizer) &&
        token_buf_add(ids, tokenizer_bos(tokenizer), err) < 0)
        return -1;
    if (tokenizer_encode(tokenizer, text, flags, ids, err) < 0)
        return error_prefix(err, "standard input");
    if (special && tokenizer_adds_eos(tokenizer))
        return token_buf_add(ids, tokenizer_eos(tokenizer), err);
    return 0;
}

static void print_ids(const struct token_buf *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        printf(i ? " %" PRId32 : "%" PRId32, ids->ids[i]);
    putchar('\n');
}

static int print_encoded(const struct cli *cli, const struct tokenizer *tokenizer,
                         struct slice text, bool special, struct error *err)
{
    struct token_buf ids = { 0 };
    int rc = encode_input(tokenizer, text, special, &ids, err);

    if (rc == 0 && cli->json)
        rc = model_print_array("curate.model-tokenize/1", "ids", ids.ids, NULL, ids.n, err);
    else if (rc == 0)
        print_ids(&ids);
    token_buf_release(&ids);
    return rc;
}

static int print_decoded(const struct tokenizer *tokenizer, struct slice text, bool special,
                         struct error *err)
{
    struct token_buf ids = { 0 };
    struct buf out;
    size_t first = 0;
    int rc = -1;

    buf_init(&out, SIZE_MAX / 2);
    if (ids_parse(text, (uint32_t)tokenizer_count(tokenizer), &ids, err) < 0)
        goto done;
    /* Leave out the BOS and EOS that --special adds. */
    if (special && tokenizer_adds_bos(tokenizer) && ids.n > 0 &&
        ids.ids[0] == tokenizer_bos(tokenizer))
        first = 1;
    if (special && tokenizer_adds_eos(tokenizer) && ids.n > first &&
        ids.ids[ids.n - 1] == tokenizer_eos(tokenizer))
        ids.n--;
    if (tokenizer_decode(tokenizer, ids.ids + first, ids.n - first, TOKENIZE_FIRST, &out, err) <
        0)
        goto done;
    fwrite(out.data, 1, out.len, stdout);
    rc = 0;
done:
    buf_release(&out);
    token_buf_release(&ids);
    return rc;
}

/* The file needs a vocabulary, not a whole model. */
static int convert(struct cli *cli, const struct tokenize_args *args, struct slice text,
                   struct error *err)
{
    struct fetched_file fetched;
    struct gguf_file file = { .n_maps = 0 };
    struct tokenizer *tokenizer = NULL;
    int rc = -1;

    if (gguf_fetch(&cli->fetcher, args->model.path, &fetched, err) < 0)
        return -1;
    if (gguf_file_open(fetched.local_path, &file, err) < 0)
        goto done;
    if (tokenizer_new(file.gguf, &tokenizer, err) < 0)
        error_prefix(err, "%s", fetched.public_name);
    else if (!tokenizer)
        error_set(err, ERR_INPUT, "%s: the file has no vocabulary", fetched.public_name);
    else if (args->decode)
        rc = print_decoded(tokenizer, text, args->special, err);
    else
        rc = print_encoded(cli, tokenizer, text, args->special, err);
done:
    tokenizer_free(tokenizer);
    gguf_file_close(&file);
    fetched_file_release(&fetched);
    return rc;
}

static int cmd_model_tokenize_run(struct cli *cli, const void *args, struct error *err)
{
    const struct tokenize_args *a = args;
    struct buf text;
    int rc = -1;

    buf_init(&text, STDIN_MAX_BYTES);
    if (a->decode && cli->json)
        error_set(err, ERR_USAGE, "--decode prints the text itself: leave out --json");
    else if (model_read_stdin(&text, err) == 0)
        rc = convert(cli, a, buf_slice(&text), err);
    buf_release(&text);
    return rc;
}

static const struct option options[] = {
    { OPTION_FLAG, 0, "special", offsetof(struct tokenize_args, special), NULL,
      .help = "add BOS and EOS, and read names of control tokens in the text as their ids" },
    { OPTION_FLAG, 0, "decode", offsetof(struct tokenize_args, decode), NULL,
      .help = "print the text of the ids on standard input" },
    { .type = OPTION_END },
};

const struct command cmd_model_tokenize = {
    .name = "model tokenize",
    .summary = "print the token ids of the text on standard input",
    .description =
        "Ids are separated by blanks. Without --special, no BOS or EOS is added, and names of\n"
        "control tokens are ordinary text.",
    .options = options,
    .positional = &model_positional,
    .positional_required = true,
    .args_size = sizeof(struct tokenize_args),
    .defaults = &(const struct tokenize_args){ .special = false },
    .run = cmd_model_tokenize_run,
};
