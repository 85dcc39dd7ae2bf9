/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompt.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "scoring/observe.h"

static const struct prompt_template plain = {
    .name = "plain",
    .context_head = "### Input: ",
    .instruction_head = "\n\n### Instruction: ",
    .instruction_only = "### Instruction: ",
    .response_head = "\n\n### Response: ",
};

static const struct prompt_template *const templates[] = { &plain };

const struct prompt_template *prompt_template_find(const char *name)
{
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        if (strcmp(templates[i]->name, name) == 0)
            return templates[i];
    return NULL;
}

/* Append a piece's ids and say how many there are. */
static int add_piece(const struct tokenizer *tokenizer, struct slice text, unsigned flags,
                     struct prompt *prompt, size_t *n_ids, struct error *err)
{
    const size_t before = prompt->ids.n;

    if (tokenizer_encode(tokenizer, text, flags, &prompt->ids, err) < 0)
        return -1;
    *n_ids += prompt->ids.n - before;
    return 0;
}

/* The instruction and what stands around it are one piece. */
static int add_tail(const struct prompt_template *template, const struct tokenizer *tokenizer,
                    struct slice instruction, bool first, struct prompt *prompt,
                    struct error *err)
{
    const char *head = first ? template->instruction_only : template->instruction_head;
    struct buf text;
    int rc = -1;

    buf_init(&text, SIZE_MAX / 2);
    if (buf_add_text(&text, head, err) < 0 || buf_add_slice(&text, instruction, err) < 0 ||
        buf_add_text(&text, template->response_head, err) < 0)
        goto done;
    rc = add_piece(tokenizer, buf_slice(&text), first ? TOKENIZE_FIRST : 0, prompt,
                   &prompt->n_tail, err);
done:
    buf_release(&text);
    return rc;
}

int prompt_build(const struct prompt_template *template, const struct tokenizer *tokenizer,
                 const struct observed_text *text, struct prompt *out, struct error *err)
{
    const bool has_context = text->context.len > 0;

    if (tokenizer_adds_bos(tokenizer)) {
        if (token_buf_add(&out->ids, tokenizer_bos(tokenizer), err) < 0)
            return -1;
        out->n_head++;
    }
    if (has_context && (add_piece(tokenizer, slice_text(template->context_head), TOKENIZE_FIRST,
                                  out, &out->n_head, err) < 0 ||
                        add_piece(tokenizer, text->context, 0, out, &out->n_context, err) < 0))
        return -1;
    if (add_tail(template, tokenizer, text->instruction, !has_context, out, err) < 0)
        return -1;
    if (out->n_tail == 0)
        return error_set(err, ERR_UNSUPPORTED,
                         "the tokenizer %s has no ids for the text of the prompt template '%s'",
                         tokenizer_name(tokenizer), template->name);
    return add_piece(tokenizer, text->response, 0, out, &out->n_response, err);
}

void prompt_release(struct prompt *prompt)
{
    token_buf_release(&prompt->ids);
    *prompt = (struct prompt){ 0 };
}
