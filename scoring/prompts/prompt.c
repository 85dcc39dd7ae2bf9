/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompts/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "scoring/prompts/dialogue.h"
#include "scoring/prompts/prompt_private.h"

/* The dialogue to write: turns first .. response. */
struct script {
    struct slice system;
    struct slice context;
    const struct dialogue_turn *turns;
    const struct dialogue *dialogue; /* NULL: none */
    enum response_part part;         /* of the response */
    bool uses_tools;
    size_t first;
    size_t response;
    size_t last_user;              /* the last user turn before the response; 0 if none */
    struct dialogue_turn alone[2]; /* the turns of a text without a dialogue */
};

static void script_init(struct script *script, const struct observed_text *text)
{
    *script = (struct script){ .context = text->context };
    if (text->dialogue) {
        script->system = text->dialogue->system;
        script->turns = text->dialogue->turns;
        script->dialogue = text->dialogue;
        script->part = text->part;
        script->uses_tools = dialogue_uses_tools(text->dialogue, text->response_turn);
        script->response = text->response_turn;
        for (size_t i = 0; i < script->response; i++)
            if (script->turns[i].role == ROLE_USER)
                script->last_user = i;
        return;
    }
    script->alone[0] = (struct dialogue_turn){ .role = ROLE_USER, .text = text->instruction };
    script->alone[1] = (struct dialogue_turn){ .role = ROLE_ASSISTANT, .text = text->response };
    script->turns = script->alone;
    script->response = 1;
}

static int write_context(struct prompt_writer *writer, struct slice context, struct error *err)
{
    const struct prompt_template *template = writer->template;
    struct prompt *prompt = writer->prompt;

    if (prompt_write_words(writer, template->context_open, err) < 0 ||
        prompt_write_end(writer, err) < 0)
        return -1;
    prompt->n_head = prompt->ids.n;
    if (prompt_write_text(writer, context, err) < 0 || prompt_write_end(writer, err) < 0)
        return -1;
    prompt->n_context = prompt->ids.n - prompt->n_head;
    return prompt_write_words(writer, template->context_close, err);
}

/* The form of the tools if their definitions are written in this place; else NULL. */
static const struct tool_form *tools_at(const struct prompt_writer *writer,
                                        const struct script *script, enum tools_place place)
{
    const struct tool_form *form = writer->template->tools;

    return script->uses_tools && script->dialogue->n_tools > 0 && form->place == place ? form
                                                                                       : NULL;
}

/* The text of the system turn, or of the system part of the first user turn. */
static int write_system_text(struct prompt_writer *writer, const struct script *script,
                             const char *instead, struct error *err)
{
    const struct tool_form *tools = tools_at(writer, script, TOOLS_IN_SYSTEM);
    int rc = 0;

    if (script->system.len > 0)
        rc = prompt_write_turn(writer, ROLE_SYSTEM, PROMPT_SYSTEM_TURN, script->system, err);
    else if (instead)
        rc = prompt_write_text(writer, slice_text(instead), err);
    if (rc < 0 || !tools)
        return rc;
    if ((script->system.len > 0 || instead) &&
        prompt_write_words(writer, tools->after_system, err) < 0)
        return -1;
    return prompt_write_tools(writer, script->dialogue, err);
}

static int write_system(struct prompt_writer *writer, const struct script *script,
                        struct error *err)
{
    const struct prompt_template *template = writer->template;
    const bool has_tools = script->uses_tools && script->dialogue->n_tools > 0;
    const char *instead = script->context.len > 0 && template->default_system_for_context
                              ? template->default_system_for_context
                              : template->default_system;
    const char *open = has_tools && template->tools->system_open ? template->tools->system_open
                                                                 : template->system_open;

    if (script->system.len == 0 && !instead && !tools_at(writer, script, TOOLS_IN_SYSTEM))
        return 0;
    return prompt_write_words(writer, open, err) < 0 ||
                   write_system_text(writer, script, instead, err) < 0
               ? -1
               : prompt_write_words(writer, template->system_close, err);
}

/* The first user turn includes the context and, in some templates, the system text. text.ptr is
 * NULL for a user turn that the template needs but the dialogue lacks. */
static int write_user(struct prompt_writer *writer, const struct script *script, int turn,
                      struct slice text, struct error *err)
{
    const struct prompt_template *template = writer->template;
    const bool is_first = !writer->prompt->has_user;
    const bool has_context = is_first && script->context.len > 0;
    const enum context_place place = template->context_place;

    writer->prompt->has_user = true;
    if (text.ptr && (size_t)turn == script->last_user &&
        tools_at(writer, script, TOOLS_BEFORE_LAST_USER) &&
        prompt_write_tools(writer, script->dialogue, err) < 0)
        return -1;
    if (has_context && place == CONTEXT_BEFORE_TURN &&
        write_context(writer, script->context, err) < 0)
        return -1;
    if (prompt_write_words(writer, template->user_open, err) < 0)
        return -1;
    if (is_first && tools_at(writer, script, TOOLS_IN_FIRST_USER) &&
        prompt_write_tools(writer, script->dialogue, err) < 0)
        return -1;
    if (is_first && template->system_in_user && write_system(writer, script, err) < 0)
        return -1;
    if (has_context && place == CONTEXT_FIRST_IN_TURN &&
        write_context(writer, script->context, err) < 0)
        return -1;
    if (text.ptr && prompt_write_turn(writer, ROLE_USER, turn, text, err) < 0)
        return -1;
    if (has_context && place == CONTEXT_LAST_IN_TURN &&
        write_context(writer, script->context, err) < 0)
        return -1;
    return prompt_write_words(writer, template->user_close, err);
}

/* Write a turn between the template's open and close strings. */
static int write_enclosed(struct prompt_writer *writer, const char *open, const char *close,
                          int turn, const struct dialogue_turn *source, struct error *err)
{
    return prompt_write_words(writer, open, err) < 0 ||
                   prompt_write_turn(writer, source->role, turn, source->text, err) < 0
               ? -1
               : prompt_write_words(writer, close, err);
}

/* Is the thought of the turn written? */
static bool writes_thought(const struct prompt_template *template, const struct script *script,
                           size_t at)
{
    return script->turns[at].thought.ptr &&
           (at == script->response || !template->forgets_thoughts || at > script->last_user);
}

static const char *assistant_open(const struct prompt_template *template,
                                  const struct script *script, size_t at)
{
    const struct slice text = script->turns[at].text;
    const char *unless = template->response_open_unless;

    if (at != script->response || !template->response_open ||
        writes_thought(template, script, at) ||
        (text.len > 0 && unless && memmem(text.ptr, text.len, unless, strlen(unless))))
        return template->assistant_open;
    return template->response_open;
}

/* Append what an assistant's turn says, without the part of its thought that is written before
 * the response begins. */
static int add_spoken(const struct prompt_template *template, const struct dialogue_turn *turn,
                      bool thinks, enum response_part part, struct buf *out, struct error *err)
{
    if (thinks && part == RESPONSE_ALL &&
        prompt_add_thought(out, turn->thought, THOUGHT_OPEN | THOUGHT_TEXT | THOUGHT_CLOSE,
                           err) < 0)
        return -1;
    return part == RESPONSE_THOUGHT ? prompt_add_thought(out, turn->thought, THOUGHT_TEXT, err)
                                    : prompt_add_answer(template, turn, thinks, out, err);
}

/* What an assistant's turn says: its thought, text and calls. The response begins behind the
 * part of the thought that is not scored. Sets *start to its first id. */
static int write_spoken(struct prompt_writer *writer, const struct script *script, size_t at,
                        size_t *start, struct error *err)
{
    const struct prompt_template *template = writer->template;
    const struct dialogue_turn *turn = &script->turns[at];
    const enum response_part part = at == script->response ? script->part : RESPONSE_ALL;
    const bool thinks = writes_thought(template, script, at);
    const bool splits = thinks && part != RESPONSE_ALL;
    const unsigned before =
        part == RESPONSE_THOUGHT ? THOUGHT_OPEN : THOUGHT_OPEN | THOUGHT_TEXT | THOUGHT_CLOSE;
    struct buf text;
    int rc = -1;

    buf_init(&text, SIZE_MAX / 2);
    if (splits && (prompt_write_words(writer, template->assistant_lead, err) < 0 ||
                   prompt_add_thought(&text, turn->thought, before, err) < 0 ||
                   prompt_write_text(writer, buf_slice(&text), err) < 0))
        goto done;
    if (prompt_write_end(writer, err) < 0)
        goto done;
    *start = writer->prompt->ids.n;
    buf_clear(&text);
    if ((!splits && prompt_write_words(writer, template->assistant_lead, err) < 0) ||
        (turn->n_calls > 0 && part != RESPONSE_THOUGHT &&
         prompt_write_words(writer, template->tools->calls_open, err) < 0) ||
        add_spoken(template, turn, thinks, part, &text, err) < 0 ||
        prompt_write_turn(writer, ROLE_ASSISTANT, (int)at, buf_slice(&text), err) < 0)
        goto done;
    writer->prompt->n_response_bytes = thinks || turn->n_calls > 0 ? text.len : turn->text.len;
    rc = prompt_write_end(writer, err);
done:
    buf_release(&text);
    return rc;
}

/* A response is tokenised on its own, so that it has the same ids in every position. */
static int write_assistant(struct prompt_writer *writer, const struct script *script, size_t at,
                           struct error *err)
{
    const struct prompt_template *template = writer->template;
    struct prompt *prompt = writer->prompt;
    const bool after_question =
        at > script->first && script->turns[at - 1].role != ROLE_ASSISTANT;
    const bool lacks_user = template->needs_user ? !after_question || !prompt->has_user
                                                 : !prompt->has_user && script->context.len > 0;
    size_t start = 0;

    if (lacks_user && write_user(writer, script, (int)at, (struct slice){ 0 }, err) < 0)
        return -1;
    if (prompt_write_words(writer, assistant_open(template, script, at), err) < 0 ||
        write_spoken(writer, script, at, &start, err) < 0)
        return -1;
    prompt->n_tail = start - prompt->n_head - prompt->n_context;
    prompt->n_response = prompt->ids.n - start;
    return 0;
}

/* Write a tool turn as a result. Consecutive results are enclosed together. */
static int write_result(struct prompt_writer *writer, const struct script *script, size_t at,
                        struct error *err)
{
    const struct tool_form *form = writer->template->tools;
    const bool is_first = at == script->first || script->turns[at - 1].role != ROLE_TOOL;
    const bool is_last = script->turns[at + 1].role != ROLE_TOOL; /* the response is later */

    if ((is_first && prompt_write_words(writer, form->results_open, err) < 0) ||
        prompt_write_result(writer, &script->turns[at], (int)at, err) < 0)
        return -1;
    return is_last ? prompt_write_words(writer, form->results_close, err) : 0;
}

static int write_any_turn(struct prompt_writer *writer, const struct script *script, size_t at,
                          struct error *err)
{
    const struct prompt_template *template = writer->template;
    const struct dialogue_turn *turn = &script->turns[at];
    const int index = (int)at;

    /* assistant_close is written only before a next turn: a prompt ends with its response. */
    if (at > script->first && script->turns[at - 1].role == ROLE_ASSISTANT &&
        prompt_write_words(writer, template->assistant_close, err) < 0)
        return -1;
    switch (turn->role) {
    case ROLE_ASSISTANT:
        return write_assistant(writer, script, at, err);
    case ROLE_SYSTEM:
        if (!template->system_in_user)
            return write_enclosed(writer, template->system_open, template->system_close, index,
                                  turn, err);
        break;
    case ROLE_TOOL:
        if (script->uses_tools)
            return write_result(writer, script, at, err);
        if (template->tool_open)
            return write_enclosed(writer, template->tool_open, template->tool_close, index,
                                  turn, err);
        break;
    case ROLE_USER:
        break;
    }
    return write_user(writer, script, index, turn->text, err);
}

/* Write the turns from .. response. */
static int write_remaining_turns(struct prompt_writer *writer, const struct script *script,
                                 size_t from, struct error *err)
{
    for (size_t at = from; at <= script->response; at++)
        if (write_any_turn(writer, script, at, err) < 0)
            return -1;
    if (writer->prompt->n_tail == 0)
        return error_set(
            err, ERR_UNSUPPORTED,
            "the tokenizer %s has no ids for the text of the prompt template '%s': "
            "choose another with --template",
            tokenizer_name(writer->tokenizer), writer->template->name);
    return 0;
}

static int write_script(struct prompt_writer *writer, const struct script *script,
                        struct error *err)
{
    const struct tokenizer *tokenizer = writer->tokenizer;
    const int32_t bos = tokenizer_bos(tokenizer);
    const bool wants_bos = tokenizer_adds_bos(tokenizer) ||
                           (writer->template->starts_with_bos && bos != TOKEN_NONE);

    if (wants_bos && prompt_write_id(writer, bos, err) < 0)
        return -1;
    writer->prompt->n_head = writer->prompt->ids.n;
    if (!writer->template->system_in_user && write_system(writer, script, err) < 0)
        return -1;
    return write_remaining_turns(writer, script, script->first, err);
}

static int build_prompt_of(const struct prompt_template *template,
                           const struct tokenizer *tokenizer, const struct script *script,
                           struct prompt *out, struct error *err)
{
    struct prompt_writer writer;
    int rc = prompt_writer_init(&writer, template, tokenizer, out, err);

    if (rc == 0 && script->uses_tools)
        out->reason =
            prompt_tools_reason(&writer, script->dialogue, script->first, script->response);
    if (rc == 0 && !out->reason) {
        if (script->uses_tools)
            prompt_writer_use_tools(&writer);
        rc = write_script(&writer, script, err);
    }
    prompt_writer_release(&writer);
    return rc;
}

int prompt_build(const struct prompt_template *template, const struct tokenizer *tokenizer,
                 const struct observed_text *text, struct prompt *out, struct error *err)
{
    struct script script;

    script_init(&script, text);
    return build_prompt_of(template, tokenizer, &script, out, err);
}

/* Copy a prompt. prompt_release() frees *out also after a failure. */
static int copy_prompt(const struct prompt *before, struct prompt *out, struct error *err)
{
    const struct token_buf *ids = &before->ids;

    *out = *before;
    out->ids = (struct token_buf){ 0 };
    out->turns = calloc(before->n_turns + 1, sizeof *out->turns);
    out->ids.ids = calloc(ids->n + 1, sizeof *ids->ids);
    if (!out->turns || !out->ids.ids)
        return error_nomem(err);
    if (before->n_turns > 0)
        memcpy(out->turns, before->turns, before->n_turns * sizeof *out->turns);
    if (ids->n > 0)
        memcpy(out->ids.ids, ids->ids, ids->n * sizeof *ids->ids);
    out->ids.n = ids->n;
    out->ids.cap = ids->n + 1;
    return 0;
}

int prompt_build_next(const struct prompt_template *template, const struct tokenizer *tokenizer,
                      const struct prompt *before, const struct observed_text *text,
                      struct prompt *out, struct error *err)
{
    struct prompt_writer writer;
    struct script script;

    script_init(&script, text);
    /* The ids of `before` cannot be reused in three cases: its response has the format of a
     * final turn; tools have moved; a part of a response has other tokens than the whole. */
    if (template->response_open || script.uses_tools || script.part != RESPONSE_ALL)
        return build_prompt_of(template, tokenizer, &script, out, err);
    if (copy_prompt(before, out, err) < 0)
        return -1;
    int rc = prompt_writer_init(&writer, template, tokenizer, out, err);
    if (rc == 0)
        rc = write_remaining_turns(&writer, &script,
                                   (size_t)before->turns[before->n_turns - 1].turn + 1, err);
    prompt_writer_release(&writer);
    return rc;
}

/* True if the prompt fits without its context, which can be shortened. */
static bool prompt_fits(const struct prompt *prompt, size_t max_tokens)
{
    return prompt->n_head + prompt->n_tail + prompt->n_response <= max_tokens;
}

/* The next user turn between `at` and the response; the response if there is none. */
static size_t next_start(const struct script *script, size_t at)
{
    for (size_t i = at + 1; i < script->response; i++)
        if (script->turns[i].role == ROLE_USER)
            return i;
    return script->response;
}

/* The n-th possible first turn: 0 is the dialogue's start, the others are its user turns. */
static size_t nth_start(const struct script *script, size_t n)
{
    size_t at = 0;

    while (n-- > 0)
        at = next_start(script, at);
    return at;
}

/* The number of possible first turns. */
static size_t count_starts(const struct script *script)
{
    size_t n = 0;

    for (size_t at = 0; at < script->response; at = next_start(script, at))
        n++;
    return n;
}

int prompt_build_short(const struct prompt_template *template,
                       const struct tokenizer *tokenizer, const struct observed_text *text,
                       size_t max_tokens, struct prompt *out, struct error *err)
{
    struct script script;
    size_t low = 0, high;

    script_init(&script, text);
    high = count_starts(&script);
    if (build_prompt_of(template, tokenizer, &script, out, err) < 0)
        return -1;
    if (prompt_fits(out, max_tokens) || high < 2)
        return 0;
    /* The first start that fits is above low and at most high. If none fits, the result is the
     * last start. */
    for (high--; high - low > 1;) {
        const size_t middle = low + (high - low) / 2;

        script.first = nth_start(&script, middle);
        prompt_release(out);
        if (build_prompt_of(template, tokenizer, &script, out, err) < 0)
            return -1;
        if (prompt_fits(out, max_tokens))
            high = middle;
        else
            low = middle;
    }
    script.first = nth_start(&script, high);
    prompt_release(out);
    if (build_prompt_of(template, tokenizer, &script, out, err) < 0)
        return -1;
    out->shortened = true;
    return 0;
}

void prompt_release(struct prompt *prompt)
{
    token_buf_release(&prompt->ids);
    free(prompt->turns);
    *prompt = (struct prompt){ 0 };
}
