/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompts/prompt_private.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"

/* Add the names of control tokens that the vocabulary has. */
static void add_controls(struct prompt_writer *writer, const char *const *names)
{
    for (size_t i = 0; i < TEMPLATE_CONTROLS_MAX && names[i]; i++) {
        const int32_t id = tokenizer_find(writer->tokenizer, slice_text(names[i]));

        if (id != TOKEN_NONE)
            writer->controls[writer->n_controls++] = (struct prompt_control){ names[i], id };
    }
}

int prompt_writer_init(struct prompt_writer *writer, const struct prompt_template *template,
                       const struct tokenizer *tokenizer, struct prompt *prompt,
                       struct error *err)
{
    *writer = (struct prompt_writer){
        .template = template,
        .tokenizer = tokenizer,
        .prompt = prompt,
        .first_unconverted = prompt->n_turns,
        .fresh = prompt->ids.n == 0,
    };
    buf_init(&writer->text, SIZE_MAX / 2);
    add_controls(writer, template->controls);
    return prompt_template_fits(template, tokenizer, err);
}

void prompt_writer_use_tools(struct prompt_writer *writer)
{
    add_controls(writer, writer->template->tools->controls);
}

void prompt_writer_release(struct prompt_writer *writer)
{
    token_buf_free_scratch(&writer->prompt->ids);
    buf_release(&writer->text);
}

/* The white space that Python's str.strip() removes; published templates trim with it. */
static const char *const spaces[] = {
    " ",      "\t",     "\n",     "\v",     "\f",       "\r",     "\x1c",   "\x1d",
    "\x1e",   "\x1f",   "\u00a0", "\u1680", "\u2000",   "\u2001", "\u2002", "\u2003",
    "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",   "\u2009", "\u200a", "\u2028",
    "\u2029", "\u202f", "\u205f", "\u3000", "\xc2\x85",
};

/* The length of the white space character at the start or end of the text; 0 for none. */
static size_t space_len(struct slice text, bool at_end)
{
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        const size_t len = strlen(spaces[i]);

        if (len <= text.len &&
            memcmp(text.ptr + (at_end ? text.len - len : 0), spaces[i], len) == 0)
            return len;
    }
    return 0;
}

static struct slice trim_start(struct slice text)
{
    for (size_t len; (len = space_len(text, false)) > 0;)
        text = slice_of(text.ptr + len, text.len - len);
    return text;
}

/* The text, trimmed if the template trims. */
static struct slice trim_turn(const struct prompt_template *template, struct slice text)
{
    if (!template->trims)
        return text;
    text = trim_start(text);
    for (size_t len; (len = space_len(text, true)) > 0;)
        text.len -= len;
    return text;
}

/*
 * Where to cut the text so that it does not produce a control token of the template: after the
 * first byte of the token's name. The tokenizer never produces real control tokens from text,
 * but it does produce tokens that the model file declares as user-defined or normal.
 */
static size_t next_text_cut(const struct prompt_writer *writer, struct slice text)
{
    size_t cut = text.len;

    for (size_t i = 0; i < writer->n_controls; i++) {
        const char *name = writer->controls[i].name;

        if (tokenizer_is_control(writer->tokenizer, writer->controls[i].id))
            continue;
        const char *found = memmem(text.ptr, cut, name, strlen(name));
        if (found)
            cut = (size_t)(found - text.ptr) + 1;
    }
    return cut;
}

/* Tokenise the text without producing control tokens. */
static int encode_untrusted(struct prompt_writer *writer, struct slice text, struct error *err)
{
    unsigned flags = writer->fresh ? TOKENIZE_FIRST : 0;

    while (text.len > 0) {
        const size_t len = next_text_cut(writer, text);

        if (tokenizer_encode(writer->tokenizer, slice_of(text.ptr, len), flags,
                             &writer->prompt->ids, err) < 0)
            return -1;
        flags = 0;
        text = slice_of(text.ptr + len, text.len - len);
    }
    return 0;
}

/* Convert a range of bytes of the collected text to a range of ids. The ids from `first` on
 * represent the whole text, sometimes with a space in front. If their lengths do not match (an
 * unknown-token id), return all of them. */
static struct span ids_of_bytes(const struct prompt_writer *writer, size_t first,
                                struct span bytes)
{
    const struct prompt *prompt = writer->prompt;
    struct span ids = { prompt->ids.n, first };
    size_t total = 0;

    for (size_t i = first; i < prompt->ids.n; i++)
        total += tokenizer_piece(writer->tokenizer, prompt->ids.ids[i]).len;
    const size_t prefix =
        total - writer->text.len; /* 0 or 1; otherwise the lengths do not match */
    if (prefix > 1)
        return (struct span){ first, prompt->ids.n };
    size_t at = 0;
    for (size_t i = first; i < prompt->ids.n; i++) {
        const size_t end = at + tokenizer_piece(writer->tokenizer, prompt->ids.ids[i]).len;

        if (end > bytes.start + prefix && i < ids.start)
            ids.start = i;
        if (at < bytes.end + prefix)
            ids.end = i + 1;
        at = end;
    }
    if (bytes.start == bytes.end || ids.end < ids.start)
        ids.end = ids.start;
    return ids;
}

int prompt_write_end(struct prompt_writer *writer, struct error *err)
{
    struct prompt *prompt = writer->prompt;
    const size_t first = prompt->ids.n;

    if (encode_untrusted(writer, buf_slice(&writer->text), err) < 0)
        return -1;
    for (; writer->first_unconverted < prompt->n_turns; writer->first_unconverted++) {
        struct span *span = &prompt->turns[writer->first_unconverted].text;

        *span = ids_of_bytes(writer, first, *span);
    }
    writer->fresh = writer->fresh && writer->text.len == 0;
    buf_clear(&writer->text);
    return 0;
}

int prompt_write_id(struct prompt_writer *writer, int32_t id, struct error *err)
{
    if (prompt_write_end(writer, err) < 0 || token_buf_add(&writer->prompt->ids, id, err) < 0)
        return -1;
    writer->fresh = true;
    return 0;
}

/* Parse the start of the template's text: the id of a control token and the length of its name,
 * or TOKEN_NONE and 1 for an ordinary byte. */
static int parse_control_name(const struct prompt_writer *writer, const char *words,
                              int32_t *id, size_t *len, struct error *err)
{
    static const char bos[] = "{bos}", eos[] = "{eos}";
    const bool is_bos = strncmp(words, bos, sizeof bos - 1) == 0;

    *id = TOKEN_NONE;
    *len = 1;
    if (is_bos || strncmp(words, eos, sizeof eos - 1) == 0) {
        *len = sizeof bos - 1;
        *id = is_bos ? tokenizer_bos(writer->tokenizer) : tokenizer_eos(writer->tokenizer);
        return *id != TOKEN_NONE
                   ? 0
                   : error_set(err, ERR_UNSUPPORTED,
                               "the vocabulary has no %s token, which the template '%s' "
                               "needs: choose another with --template",
                               is_bos ? "BOS" : "EOS", writer->template->name);
    }
    for (size_t i = 0; i < writer->n_controls; i++) {
        const size_t n = strlen(writer->controls[i].name);

        if (strncmp(words, writer->controls[i].name, n) != 0)
            continue;
        *id = writer->controls[i].id;
        *len = n;
    }
    return 0;
}

int prompt_write_words(struct prompt_writer *writer, const char *words, struct error *err)
{
    while (words && *words) {
        int32_t id;
        size_t len;

        if (parse_control_name(writer, words, &id, &len, err) < 0 ||
            (id != TOKEN_NONE ? prompt_write_id(writer, id, err)
                              : buf_add(&writer->text, words, len, err)) < 0)
            return -1;
        words += len;
    }
    return 0;
}

int prompt_write_text(struct prompt_writer *writer, struct slice text, struct error *err)
{
    if (writer->template->trims_after_control && writer->fresh && writer->text.len == 0)
        text = trim_start(text);
    return buf_add_slice(&writer->text, text, err);
}

int prompt_write_turn(struct prompt_writer *writer, enum dialogue_role role, int turn,
                      struct slice text, struct error *err)
{
    return prompt_write_verbatim(writer, role, turn, trim_turn(writer->template, text), err);
}

int prompt_write_verbatim(struct prompt_writer *writer, enum dialogue_role role, int turn,
                          struct slice text, struct error *err)
{
    struct prompt *prompt = writer->prompt;
    struct prompt_turn *turns =
        reallocarray(prompt->turns, prompt->n_turns + 1, sizeof *prompt->turns);

    if (!turns)
        return error_nomem(err);
    prompt->turns = turns;
    const size_t start = writer->text.len;
    if (prompt_write_text(writer, text, err) < 0)
        return -1;
    turns[prompt->n_turns++] = (struct prompt_turn){ role, turn, { start, writer->text.len } };
    return 0;
}
