/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random chat templates of model files, and random dialogues formatted with them.
 *
 * The first byte chooses a template (0: the template of the file), the second the type of the
 * control tokens, the third where the context ends. The rest are texts with a zero byte after
 * each: the file's template, the system text, the context, then the turns, whose first byte has
 * the role in its low bits. The next bits say whether an assistant's turn has a thought before
 * its text and a call behind it, both of the same text. For any input, no text becomes a
 * control token, spans are in order within the ids, and the prompt of an earlier response is a
 * prefix of the prompt of a later one.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/templates/template.h"
#include "tests/support/vocab_fixture.h"

enum { TURNS_MAX = 12, HEAD_BYTES = 2 };

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* The text up to the next zero byte. */
static struct slice take_text(struct slice *input)
{
    const char *end = input->len > 0 ? memchr(input->ptr, 0, input->len) : NULL;
    const size_t len = end ? (size_t)(end - input->ptr) : input->len;
    const struct slice text = slice_of(input->ptr, len);
    const size_t taken = end ? len + 1 : len;

    *input = slice_of(input->ptr + taken, input->len - taken);
    return text;
}

static const struct prompt_template *form_at(size_t index)
{
    for (size_t i = 0; template_families[i]; i++)
        for (size_t j = 0; template_families[i]->forms[j]; j++)
            if (index-- == 0)
                return template_families[i]->forms[j];
    return NULL;
}

/* Open a vocabulary of the bytes and the control tokens of all templates. */
static void open_vocabulary(int32_t type, struct slice chat_template, struct vocab_open *open)
{
    struct vocab_fixture fixture;
    struct error err;

    vocab_fixture_bpe(&fixture);
    for (size_t i = 0; form_at(i); i++) {
        for (size_t j = 0; j < TEMPLATE_CONTROLS_MAX && form_at(i)->controls[j]; j++) {
            const struct slice name = slice_text(form_at(i)->controls[j]);
            bool is_new = true;

            for (size_t k = 0; k < fixture.n_tokens; k++)
                is_new = is_new && !slice_equal(fixture.texts[k], name);
            if (is_new)
                vocab_fixture_add(&fixture, name.ptr, type, 0);
        }
    }
    fixture.bos = vocab_fixture_add(&fixture, "<s>", TOKEN_CONTROL, 0);
    fixture.eos = vocab_fixture_add(&fixture, "</s>", TOKEN_CONTROL, 0);
    fixture.chat_template = chat_template;
    expect(vocab_fixture_open(&fixture, open, &err) == 0);
}

/* The number of ids that are control tokens of the template. */
static size_t count_controls(const struct prompt_template *form,
                             const struct tokenizer *tokenizer, const struct prompt *prompt)
{
    size_t n = 0;

    for (size_t i = 0; i < TEMPLATE_CONTROLS_MAX && form->controls[i]; i++) {
        const int32_t id = tokenizer_find(tokenizer, slice_text(form->controls[i]));

        for (size_t j = 0; j < prompt->ids.n; j++)
            n += prompt->ids.ids[j] == id;
    }
    return n;
}

static void check_spans(const struct prompt *prompt)
{
    const size_t n = prompt->n_head + prompt->n_context + prompt->n_tail + prompt->n_response;
    size_t at = 0;

    expect(n == prompt->ids.n && prompt->n_turns > 0);
    for (size_t i = 0; i < prompt->n_turns; i++) {
        const struct span text = prompt->turns[i].text;

        expect(text.start <= text.end && text.end <= n && text.start >= at);
        at = text.start;
    }
    expect(prompt->turns[prompt->n_turns - 1].text.end <= n);
}

static const struct dialogue_call harmless_call = { .name = { "x", 1 },
                                                    .arguments = { "{}", 2 } };

/* The same dialogue without any text that could be read as a control token. */
static void harmless(const struct dialogue *dialogue, struct dialogue_turn *turns,
                     struct dialogue *out)
{
    *out = *dialogue;
    out->turns = turns;
    for (size_t i = 0; i < dialogue->n_turns; i++) {
        turns[i] = dialogue->turns[i];
        if (!slice_is_blank(turns[i].text))
            turns[i].text = slice_text("x");
        if (turns[i].thought.ptr)
            turns[i].thought = slice_text("x");
        if (turns[i].n_calls > 0)
            turns[i].calls = &harmless_call;
    }
    if (out->system.len > 0)
        out->system = slice_text("x");
}

static void check(const struct prompt_template *form, const struct tokenizer *tokenizer,
                  const struct dialogue *dialogue, struct slice context)
{
    struct dialogue_turn turns[TURNS_MAX];
    struct dialogue same;
    struct prompt before = { 0 };
    struct error err;

    harmless(dialogue, turns, &same);
    for (size_t i = 0; i < dialogue->n_turns; i++) {
        const struct observed_text text = { .context = context,
                                            .dialogue = dialogue,
                                            .response_turn = i };
        const struct observed_text plain = { .context =
                                                 context.len > 0 ? slice_text("x") : context,
                                             .dialogue = &same,
                                             .response_turn = i };
        struct prompt prompt = { 0 }, next = { 0 }, want = { 0 };

        if (dialogue->turns[i].role != ROLE_ASSISTANT)
            continue;
        if (prompt_build(form, tokenizer, &text, &prompt, &err) == 0) {
            if (!prompt.reason) /* a call that the template cannot write */
                check_spans(&prompt);
            expect(prompt_build(form, tokenizer, &plain, &want, &err) == 0);
            /* A thought in the response changes what qwen3 writes, but no control token. */
            expect(count_controls(form, tokenizer, &prompt) ==
                   count_controls(form, tokenizer, &want));
        } else {
            prompt_release(&prompt); /* the text is not UTF-8 */
        }
        if (before.n_turns > 0 && prompt.n_turns > 0) {
            expect(prompt_build_next(form, tokenizer, &before, &text, &next, &err) == 0);
            expect(next.ids.n == prompt.ids.n &&
                   memcmp(next.ids.ids, prompt.ids.ids, prompt.ids.n * sizeof(int32_t)) == 0);
        }
        prompt_release(&want);
        prompt_release(&next);
        prompt_release(&before);
        before = prompt;
    }
    prompt_release(&before);
}

/* Give an assistant's turn a thought and a call, if its first byte says so. */
static void add_parts(struct dialogue_turn *turn, struct dialogue_call *call, struct slice text)
{
    const unsigned bits = (uint8_t)text.ptr[0];

    if (turn->role != ROLE_ASSISTANT)
        return;
    if (bits & 4)
        turn->thought = text;
    if (bits & 8) {
        *call = (struct dialogue_call){ .name = text, .arguments = slice_text("{}") };
        turn->calls = call;
        turn->n_calls = 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const int32_t types[] = { TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_NORMAL };
    struct slice input = slice_of((const char *)data, len);
    struct dialogue_turn turns[TURNS_MAX];
    struct dialogue_call calls[TURNS_MAX];
    struct dialogue dialogue = { .turns = turns };
    struct chosen_template chosen;
    struct vocab_open open;
    struct error err;

    if (len < HEAD_BYTES)
        return 0;
    input = slice_of(input.ptr + HEAD_BYTES, input.len - HEAD_BYTES);
    const struct slice source = take_text(&input);
    dialogue.system = take_text(&input);
    const struct slice context = take_text(&input);
    while (input.len > 0 && dialogue.n_turns < TURNS_MAX) {
        const struct slice text = take_text(&input);
        const unsigned role = text.len > 0 ? (uint8_t)text.ptr[0] % 4 : ROLE_ASSISTANT;

        turns[dialogue.n_turns] =
            (struct dialogue_turn){ .role = (enum dialogue_role)role, .text = text };
        if (text.len > 0)
            add_parts(&turns[dialogue.n_turns], &calls[dialogue.n_turns], text);
        dialogue.n_turns++;
    }
    open_vocabulary(types[data[1] % 3], source, &open);
    const struct prompt_template *form = data[0] > 0 ? form_at(data[0] - 1U) : NULL;
    if (prompt_template_choose(form ? form->name : "auto", open.tokenizer, &chosen, &err) == 0)
        check(&chosen.form, open.tokenizer, &dialogue, context);
    vocab_open_release(&open);
    return 0;
}
